// tier: full
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect } from "node:net";
import path from "node:path";
import { newSigningKey } from "@mayfly/okta-stand-in";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { root, startGateway } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import {
  openAtBoth,
  openSession,
  workerLogFolder,
  workerPid,
  workerRecords,
  type WorkerSession,
} from "@mayfly/testing/workers.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { proofKey, proofText, signProof } from "../../packages/gateway/src/identity/dpop/testing/proofs.ts";
import { askToken } from "../../packages/okta-stand-in/src/testing/client.ts";

// `mayflyd serve --workers 2`: the kernel gives every connection to either process.

let world: World;
let database: pg.Client;
const opened: WorkerSession[] = [];
/** What the agent's bound tokens are bound to. */
const proving = proofKey();
let clientKey: Awaited<ReturnType<typeof newSigningKey>>;

beforeAll(async () => {
  clientKey = await newSigningKey("RS256");
  const { kty, n, e, kid } = clientKey;
  world = await startWorld({
    store: "postgres",
    agent: { agentKeys: [{ kty, n, e, kid } as never], agentDpop: true },
    serve: ["--workers", "2"],
    configure: (text) => text.replace("        timeout: 30s\n", "        functions: [pg_catalog.pg_sleep]\n"),
  });
  database = new pg.Client({ connectionString: world.postgres.url("shop") });
  await database.connect();
});
afterEach(async () => {
  for (const { client } of opened.splice(0)) await client.end().catch(() => undefined);
});
afterAll(async () => {
  await database?.end();
  await world?.stop();
});

/** A token that is bound to a key, as the agent's app gets it. */
async function boundToken(): Promise<string> {
  const url = world.okta.tokenEndpoint;
  const { claims, header } = proofText(proving, { method: "POST", url, token: "" }, Date.now());
  const { ath: _, ...rest } = claims;
  const { body } = await askToken(
    url,
    { clientId: agentId, key: clientKey },
    { grant_type: "client_credentials", scope: "mayfly" },
    { dpop: signProof({ header, claims: rest }, proving) },
  );
  return body.access_token;
}

/** Starts the same gateway once more, from a changed copy of its configuration. */
async function startAgain(change: (text: string) => string): Promise<void> {
  const file = path.join(world.folder, "again.yaml");
  writeFileSync(file, change(readFileSync(world.file, "utf8")));
  const started = await startGateway(file, world.environment, undefined, ["--workers", "2"]);
  await started.stop();
}

/** Asks who the holder of a bound token is. */
function showProof(
  agent: Agent,
  token: string,
  proof: string,
): Promise<{ readonly status: number; readonly why: string; readonly nonce: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL("/v1/me", world.gateway.url),
      {
        agent,
        ca: readFileSync(world.gateway.caFile),
        headers: { authorization: `DPoP ${token}`, dpop: proof },
      },
      (answer) => {
        const { "dpop-nonce": nonce, "www-authenticate": why } = answer.headers;
        answer
          .resume()
          .once("end", () =>
            resolve({ status: answer.statusCode ?? 0, why: String(why), nonce: String(nonce) }),
          );
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

async function readOrders(): Promise<Access> {
  return getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
}

async function atBoth(access: Access, each = 1): Promise<readonly WorkerSession[]> {
  const sessions = await openAtBoth(world, access, each);
  opened.push(...sessions);
  return sessions;
}

const workersOf = (sessions: readonly WorkerSession[]): readonly number[] =>
  [...new Set(sessions.map(({ worker }) => worker))].toSorted((a, b) => a - b);

async function operator(method: string, what: string, body?: unknown): Promise<unknown> {
  const olga = await world.personToken("olga@example.com");
  const answer = await call(world.gateway, olga, method, what, body);
  expect(answer.status).toBeLessThan(300);
  return answer.body;
}

/** The statements of these that run in the database now. */
async function running(statements: readonly string[]): Promise<number> {
  const { rowCount } = await database.query(
    "select from pg_stat_activity where state = 'active' and query = any($1)",
    [statements],
  );
  return rowCount ?? 0;
}

/** The number of a session's server process, as BackendKeyData says it. */
const processOf = (session: WorkerSession | undefined): number | undefined =>
  (session?.client as { processID?: number } | undefined)?.processID;

let sleeps = 0;
/** Has each session run a statement that ends only when something ends it. */
async function sleepIn(sessions: readonly WorkerSession[]): Promise<readonly Promise<unknown>[]> {
  const statements = sessions.map(() => `select pg_sleep(${300_000 + (sleeps += 1)})`);
  const runs = sessions.map(({ client }, index) =>
    client.query(statements[index] ?? "").then(
      () => "done",
      (error: unknown) => error,
    ),
  );
  await expect.poll(() => running(statements)).toBe(sessions.length);
  return runs;
}

test("it is ready once, and says so with what both workers share", async () => {
  expect(world.gateway.lines.filter(({ msg }) => msg === "ready")).toHaveLength(1);
  expect(await world.gateway.line("ready")).toMatchObject({ workers: 2, pid: world.gateway.pid });
  expect(new Set([workerPid(world, 1), workerPid(world, 2), world.gateway.pid]).size).toBe(3);
  expect(workerRecords(world, 1)[0]).not.toEqual(workerRecords(world, 2)[0]);
});

test("clients land on both, and a grant of one serves at the other", async () => {
  const sessions = await atBoth(await readOrders());
  expect(workersOf(sessions)).toEqual([1, 2]);
  for (const { client } of sessions)
    expect((await client.query("select count(*) from orders")).rowCount).toBe(1);
});

test("a cancel request finds its session wherever it comes to, and cancels no other", async () => {
  const sessions = await atBoth(await readOrders(), 2);
  const runs = await sleepIn(sessions);
  const [spared, ...others] = sessions;
  for (const { client } of others) {
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80_877_102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    await new Promise<void>((resolve) => {
      const socket = connect(world.gateway.postgresPort, "127.0.0.1", () => socket.write(request));
      socket.on("error", () => undefined).on("data", () => undefined);
      socket.once("close", () => resolve());
    });
  }
  for (const run of runs.slice(1)) expect(await run).toMatchObject({ code: "57014" });
  // The sessions go on.
  for (const { client } of others) expect((await client.query("select 1")).rowCount).toBe(1);
  const { rows } = await database.query(
    "select pid from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
  );
  expect(rows).toEqual([{ pid: processOf(spared) }]);
});

test("a revocation cuts at both", async () => {
  const access = await readOrders();
  const sessions = await atBoth(access);
  const runs = await sleepIn(sessions);
  await operator("POST", `/v1/grants/${access.grant}/revoke`, { reason: "INC-7" });
  for (const run of runs) expect(String(await run)).toMatch(/revoked by .*INC-7/);
  await Promise.all(sessions.map(({ closed }) => closed));
});

test("SIGHUP is adopted by both, or refused by the first and by nobody", async () => {
  const access = await readOrders();
  const sessions = await atBoth(access);
  await world.edit((text) => text.replace("tables: { public.orders: all,", "tables: { public.orders: [id],"));
  world.gateway.signal("SIGHUP");
  // The operation is another one now: its grants end, and with them the sessions at both.
  await Promise.all(sessions.map(({ closed }) => closed));
  const said = (message: string): readonly unknown[] =>
    world.gateway.lines.filter(({ msg }) => msg === message).map(({ worker }) => worker);
  await expect.poll(() => said("configuration adopted")).toEqual([1, 2]);
  let good = "";
  await world.edit((text) => {
    good = text;
    return `${text}\nnonsense: true\n`;
  });
  world.gateway.signal("SIGHUP");
  await expect.poll(() => said("configuration refused; the running one is untouched")).toEqual([1]);
  await world.edit(() => good.replace("public.orders: [id],", "public.orders: all,"));
  world.gateway.signal("SIGHUP");
  await expect.poll(() => said("configuration adopted")).toEqual([1, 2, 1, 2]);
  expect(said("configuration refused; the running one is untouched")).toEqual([1]);
});

test("a worker that is killed comes back: its sessions end, those of the other and the grant go on", async () => {
  const access = await readOrders();
  const sessions = await atBoth(access);
  const killed = workerPid(world, 2);
  process.kill(killed, "SIGKILL");
  const at = (worker: number): readonly WorkerSession[] => sessions.filter((each) => each.worker === worker);
  for (const { closed } of at(2)) await closed;
  for (const { client } of at(1)) expect((await client.query("select 1")).rowCount).toBe(1);
  await expect.poll(() => workerPid(world, 2), { timeout: 150_000 }).not.toBe(killed);
  expect(workersOf(await atBoth(access))).toEqual([1, 2]);
  expect(world.gateway.lines).toContainEqual(
    expect.objectContaining({ msg: "worker ended", worker: 2, signal: "SIGKILL" }),
  );
});

test("a worker that comes back takes no file that nobody adopted, and waits for the one that the other runs", async () => {
  const killed = workerPid(world, 2);
  const before = world.gateway.lines.length;
  const ends = (): readonly unknown[] =>
    world.gateway.lines
      .slice(before)
      .flatMap(({ msg, worker, pid }) => (msg === "worker ended" && worker === 2 ? [pid] : []));
  let adopted = "";
  await world.edit((text) => {
    adopted = text;
    return text.replace("public.orders: all,", "public.orders: [id],");
  });
  process.kill(killed, "SIGKILL");
  // The process that was killed, and one that found the other file.
  await expect.poll(() => ends().length, { timeout: 150_000 }).toBeGreaterThan(1);
  expect(workerPid(world, 2)).toBe(killed);
  await world.edit(() => adopted);
  await expect.poll(() => workerPid(world, 2), { timeout: 150_000 }).not.toBe(killed);
});

test("whoever is asked for metrics gives the sum of all", async () => {
  const sessions = await atBoth(await readOrders());
  const seen = async (): Promise<string> => String(await operator("GET", "/metrics"));
  await expect.poll(seen).toMatch(/^mayfly_workers_answering 2$/m);
  await expect.poll(seen).toMatch(new RegExp(`^mayfly_sessions ${sessions.length}$`, "m"));
  expect(await seen()).toMatch(/^mayfly_workers 2$/m);
});

test("a proof of possession that one worker took is refused by both, and its nonce is good at both", async () => {
  const token = await boundToken();
  const target = { method: "GET", url: `${world.gateway.url}/v1/me`, token };
  const prove = (nonce: string): string => {
    const { header, claims } = proofText(proving, target, Date.now());
    return signProof({ header, claims: { ...claims, nonce } }, proving);
  };
  const first = await showProof(new Agent(), token, prove("1.made-up"));
  expect(first).toMatchObject({ status: 401, why: expect.stringContaining("use_dpop_nonce") });
  const used = prove(first.nonce);
  expect(await showProof(new Agent(), token, used)).toMatchObject({ status: 200 });
  const answered = new Set<string | undefined>();
  for (let tries = 0; answered.size < 2; tries += 1) {
    expect(tries).toBeLessThan(64);
    // One connection, and so one worker: whoever answers says so with its own nonce.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const fresh = await showProof(agent, token, prove(first.nonce));
    expect(fresh).toMatchObject({ status: 200, nonce: expect.stringMatching(/^[12]\./) });
    answered.add(fresh.nonce.split(".")[0]);
    const again = await showProof(agent, token, used);
    expect(again).toMatchObject({
      status: 401,
      why: expect.stringMatching(/invalid_dpop_proof.*used before/),
    });
    agent.destroy();
  }
});

test("what cannot be shared is refused, with what to do", async () => {
  const start = (change: (text: string) => string): Promise<string> =>
    startAgain(change).then(
      () => "it started",
      (error: unknown) => String(error),
    );
  const taken = await start((text) => text);
  expect(taken).toMatch(/127\.0\.0\.1:\d+ is taken by another program \(listen\.https\)/);
  const single = await start((text) => text.replace(/store: .*\n/, "store: sqlite:data/other.db\n"));
  expect(single).toMatch(/store is SQLite, which belongs to one process[^]*hint: .*leave out --workers/);
});

test("both logs verify, before and after fewer workers run", async () => {
  const verify = (worker: number): number =>
    spawnSync(
      process.execPath,
      [
        path.join(root, "packages/cli/bin/mayfly.js"),
        "audit",
        "verify",
        workerLogFolder(world, worker),
        "--key",
        path.join(workerLogFolder(world, worker), "log.vkey"),
      ],
      { encoding: "utf8" },
    ).status ?? -1;
  const access = await readOrders();
  expect(await world.gateway.stop()).toBe(0);
  expect([verify(1), verify(2)]).toEqual([0, 0]);
  world.gateway = await startGateway(world.file, world.environment, undefined, ["--workers", "1"]);
  expect(
    await world.gateway.line("this log has no worker: it can be verified, and is not written to"),
  ).toMatchObject({
    folder: workerLogFolder(world, 2),
  });
  // The grant of a worker that is gone goes on.
  const session = await openSession(world, access);
  expect((await session.client.query("select 1")).rowCount).toBe(1);
  await session.client.end();
  expect(await world.gateway.stop()).toBe(0);
  expect([verify(1), verify(2)]).toEqual([0, 0]);
});
