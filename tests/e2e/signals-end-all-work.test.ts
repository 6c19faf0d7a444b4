// tier: full
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startUpstreams, waitTool, type Upstreams } from "@mayfly/testing/endless-upstreams.ts";
import { begin, type Work } from "@mayfly/testing/endless-work.ts";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { hookSecret, openStream, withEventHooks } from "@mayfly/testing/signals.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// What an event of Okta's ends: every kind of work that can be under way, by token and by the grant's secret, when the
// person for whom a registered agent acts is deactivated, and when the agent is. What is like it, of somebody else, goes on.

const [nils, sana] = ["nils@example.com", "sana@example.com"] as const;
/** Registered agents: one acts for both people, the other is deactivated. */
const [shared, doomed] = ["wlpsharedbot", "wlpdoomedbot"] as const;

const works = ["psql", "http", "websocket", "kubernetes", "logs", "mcp"] as const;
const credentials = ["token", "secret"] as const;
type Kind = (typeof works)[number];
type Credential = (typeof credentials)[number];

/** By which connection and operation each kind of work is done. */
const ways: Readonly<Record<Kind, readonly [connection: string, operation: string]>> = {
  psql: ["orders-db", "read-orders"],
  http: ["http", "work"],
  websocket: ["http", "talk"],
  kubernetes: ["kubernetes", "work"],
  logs: ["kubernetes", "work"],
  mcp: ["mcp", "work"],
};

let world: World;
let upstreams: Upstreams;
let database: pg.Client;

beforeAll(async () => {
  upstreams = await startUpstreams();
  const caFile = path.join(tmpdir(), `mayfly-ends-matrix-${process.pid}.pem`);
  await writeFile(caFile, upstreams.cluster.ca);
  world = await startWorld({
    store: "sqlite",
    registeredAgents: [shared, doomed].map((clientId) => ({ clientId, keys: [] })),
    environment: { HOOK_SECRET: hookSecret, CLUSTER_TOKEN: "only-the-gateway-knows" },
    configure: (text) =>
      withEventHooks(text)
        .replace("        timeout: 30s\n", "        functions: [pg_catalog.pg_sleep]\n")
        .replace(
          "    directory:\n",
          `    directory:
${[shared, doomed].map((id) => `      ${id}: { name: ${id}, groups: [support-agents] }`).join("\n")}
`,
        )
        .replace(
          "connections:\n",
          `connections:
  http:
    http: { url: "${upstreams.httpUrl}" }
    operations:
      work: { description: Follow a stream, requests: ["GET /stream/{id}"] }
      talk: { description: Talk, requests: ["GET /live/{id}"], websocket: true }
  kubernetes:
    kubernetes: { server: "${upstreams.cluster.url}", ca: ${caFile}, token: { env: CLUSTER_TOKEN } }
    operations:
      work:
        description: Run a command in the shop's pods, and follow their logs
        resources: [pods, pods/log]
        verbs: [get]
        namespaces: [shop]
        exec: { namespaces: [shop], names: [web-1], commands: [[sleep, "*"]] }
  mcp:
    mcp: { url: "${upstreams.mcpUrl}", pins: { wait: "${pinOf(waitTool)}" } }
    operations:
      work:
        description: Wait
        tools: { wait: { type: object, properties: { id: { type: integer } }, required: [id], additionalProperties: false } }
`,
        )
        .replace(
          "policies:\n",
          `policies:
  - { name: streams, groups: [support-agents], connection: http, operations: [work, talk], ttl: 10m }
  - { name: pods, groups: [support-agents], connection: kubernetes, operations: [work], ttl: 10m }
  - { name: tools, groups: [support-agents], connection: mcp, operations: [work], ttl: 10m }
`,
        ),
  });
  database = new pg.Client({ connectionString: world.postgres.url("shop") });
  await database.connect();
  await world.okta.eventHooks.add({
    url: `${world.gateway.url}/v1/signals/event-hook`,
    secret: hookSecret,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    delivery: "doubled",
  });
});
afterAll(async () => {
  await database.end();
  await world.stop();
  upstreams.close();
});

/** Work under way, as a test follows it. */
interface UnderWay {
  readonly access: Access;
  readonly token: string;
  /** What the client saw when it was cut. */
  readonly dead: Promise<unknown>;
  /** Resolves when the upstream does not work on it any more. */
  readonly cancelled: () => Promise<void>;
  /** Shows that it is still alive, by what its client hears of the upstream. */
  readonly alive: () => Promise<void>;
}

let numbers = 0;

/** The same way in, with the access token in the place of the secret. */
const entryOf = ({ env, ...access }: Access, token: string, credential: Credential): Access => ({
  ...access,
  env: credential === "secret" ? env : { ...env, PGUSER: `${access.grant}.token`, PGPASSWORD: token },
});

async function backends(seconds: number): Promise<readonly number[]> {
  const { rows } = await database.query<{ pid: number }>(
    "select pid from pg_stat_activity where usename = 'mayfly' and state = 'active' and query = $1",
    [`select pg_sleep(${seconds})`],
  );
  return rows.map(({ pid }) => pid);
}

async function query(access: Access, token: string, credential: Credential): Promise<UnderWay> {
  const seconds = 100_000 + (numbers += 1);
  const run = psql(world, entryOf(access, token, credential).env, ["-c", `select pg_sleep(${seconds})`]);
  const runs = (count: number): Promise<void> =>
    vi.waitFor(async () => expect(await backends(seconds)).toHaveLength(count), {
      timeout: 30_000,
      interval: 50,
    });
  await runs(1);
  return {
    access,
    token,
    dead: run.then(({ code, stderr }) => {
      expect(code).not.toBe(0);
      return stderr;
    }),
    cancelled: () => runs(0),
    async alive() {
      const [pid] = await backends(seconds);
      await database.query("select pg_cancel_backend($1)", [pid]);
      // What the database says comes through: the session was there to the last.
      expect((await run).stderr).toContain("canceling statement due to user request");
    },
  };
}

async function work(
  kind: Exclude<Kind, "psql">,
  access: Access,
  token: string,
  credential: Credential,
): Promise<UnderWay> {
  const number = (numbers += 1);
  const entry = {
    gateway: world.gateway,
    upstreams,
    access,
    token,
    backendIs: () => Promise.reject(new Error("no database")),
    ...(credential === "secret" ? { secret: access.secret } : {}),
  };
  const task = await begin[kind satisfies Work](entry, number);
  return {
    access,
    token,
    dead: task.dead,
    cancelled: () => task.cancelled().then(() => undefined),
    async alive() {
      upstreams.say(number);
      await task.heard;
    },
  };
}

/** Begins work of a kind on a grant of its own. */
async function start(kind: Kind, credential: Credential, token: string): Promise<UnderWay> {
  const [connection, operation] = ways[kind];
  const access = await getAccess(world.gateway, token, connection, [operation], "10m");
  return kind === "psql" ? query(access, token, credential) : work(kind, access, token, credential);
}

/** What answers somebody who comes again. */
async function comeAgain(kind: Kind, { access, token }: UnderWay, credential: Credential): Promise<string> {
  if (kind === "psql") {
    const { code } = await psql(world, entryOf(access, token, credential).env, ["-c", "select 1"]);
    return code === 0 ? "let in" : "refused";
  }
  const bearer = credential === "secret" ? access.secret : token;
  const paths = {
    http: "/http/http/stream/1",
    websocket: "/http/http/stream/1",
    kubernetes: "/kubernetes/kubernetes/api/v1/namespaces/shop/pods/web-1",
    logs: "/kubernetes/kubernetes/api/v1/namespaces/shop/pods/web-1",
    mcp: "/mcp/mcp",
  };
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  const accept = { accept: "application/json, text/event-stream" };
  const { status, body } = await (kind === "mcp"
    ? call(world.gateway, bearer, "POST", paths.mcp, ping, accept)
    : call(world.gateway, bearer, "GET", paths[kind]));
  // A token is nobody's any more; a secret's grant has ended, which each protocol says in its words.
  const isRefused = credential === "token" ? status === 401 : status === 403;
  return isRefused && /identity withdrawn|identity provider/.test(JSON.stringify(body))
    ? "refused"
    : `${status} ${JSON.stringify(body)}`;
}

interface Told {
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
async function recordsOf(grant: string): Promise<readonly Told[]> {
  const auditor = await world.personToken("ada@example.com");
  const { body } = await call(world.gateway, auditor, "GET", `/v1/audit/records?grant=${grant}&limit=100`);
  return (body as { records: readonly Told[] }).records;
}

const causes = [
  {
    name: "the person for whom a registered agent acts is deactivated",
    victim: { agent: shared, person: nils },
    // The same agent, for somebody else.
    innocent: { agent: shared, person: sana },
    subject: nils,
    event: /user\.lifecycle\.deactivate/,
  },
  {
    name: "a registered agent is deactivated",
    victim: { agent: doomed, person: sana },
    // Another agent, for the same person.
    innocent: { agent: shared, person: sana },
    subject: doomed,
    event: /workload_principal\.(?:ai_agent\.)?deactivate/,
  },
] as const;

describe.each(causes)("$name", ({ victim, innocent, subject, event }) => {
  type Row = `${Kind} by ${Credential}`;
  const cut = new Map<Row, UnderWay>();
  const beside = new Map<Row, UnderWay>();
  let stream: Awaited<ReturnType<typeof openStream>>;
  let calm: Awaited<ReturnType<typeof openStream>>;
  let token: string;
  let other: string;

  beforeAll(async () => {
    token = await world.okta.tokenFor(victim);
    other = await world.okta.tokenFor(innocent);
    for (const kind of works) {
      for (const credential of credentials) {
        cut.set(`${kind} by ${credential}`, await start(kind, credential, token));
        beside.set(`${kind} by ${credential}`, await start(kind, credential, other));
      }
    }
    stream = await openStream(world.gateway, token);
    calm = await openStream(world.gateway, other);
    world.okta.deactivate(subject);
    await world.okta.eventHooks.settled();
  });

  const rows = works.flatMap((kind) => credentials.map((credential) => ({ kind, credential })));
  test.each(rows)("ends $kind by $credential", async ({ kind, credential }) => {
    const row: Row = `${kind} by ${credential}`;
    const [mine, theirs] = [cut.get(row), beside.get(row)];
    if (mine === undefined || theirs === undefined) throw new Error(`${row} never began`);
    // psql is told why; of the others the connection is dead, at a time.
    expect(String(await mine.dead)).toMatch(kind === "psql" ? event : /^\d+(?:\.\d+)?$/);
    await mine.cancelled();
    expect(await comeAgain(kind, mine, "token")).toBe("refused");
    expect(await comeAgain(kind, mine, "secret")).toBe("refused");

    const records = await recordsOf(mine.access.grant);
    const ends = records.filter(({ type }) => /^grant\.(?:expired|released|revoked)$/.test(type));
    expect(ends).toMatchObject([{ type: "grant.revoked", detail: { by: "identity" } }]);
    expect(String(ends[0]?.detail["reason"])).toMatch(event);

    await theirs.alive();
    const untouched = await recordsOf(theirs.access.grant);
    expect(untouched.map(({ type }) => type)).not.toContain("grant.revoked");
  });

  test("ends the stream of events, which no secret opens", async () => {
    expect(await stream.ended).toMatch(/event: end\ndata: .*token_inactive/);
    const held = cut.get("http by secret")?.access.secret;
    expect((await call(world.gateway, token, "GET", "/v1/events")).status).toBe(401);
    expect((await call(world.gateway, held, "GET", "/v1/events")).status).toBe(401);
    const still = beside.get("http by secret")?.access.secret;
    expect((await call(world.gateway, still, "GET", "/v1/events")).status).toBe(401);
    // The other one goes on, and tells what happens now.
    const { grant } = await getAccess(world.gateway, other, "http", ["work"]);
    await vi.waitFor(() => expect(calm.soFar()).toContain(grant), { timeout: 30_000, interval: 50 });
  });
});

test("what was recorded of it all verifies", async () => {
  await world.gateway.stop();
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});
