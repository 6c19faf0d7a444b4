// tier: full
import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;
const started: ChildProcess[] = [];

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) => text.replace("        timeout: 30s\n", "        functions: [pg_catalog.pg_sleep]\n"),
  });
});
afterAll(() => world.stop());
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

interface Task {
  readonly child: ChildProcess;
  readonly grant: string;
  readonly printed: () => string;
  readonly gone: Promise<number | NodeJS.Signals | null>;
}

/** `mayfly run … -- psql -c 'select pg_sleep(…)'`, once the query runs; its grant would live for ten minutes. */
async function startTask(seconds: number): Promise<Task> {
  const command = ["run", "orders-db/read-orders", "--reason", "TICKET-1", "--ttl", "10m", "--"];
  const child = spawn(
    process.execPath,
    [
      path.join(root, "packages/cli/bin/mayfly.js"),
      ...command,
      "psql",
      "-X",
      "-c",
      `select pg_sleep(${seconds})`,
    ],
    {
      env: {
        ...process.env,
        MAYFLY_URL: world.gateway.url,
        MAYFLY_CA: world.gateway.caFile,
        MAYFLY_TOKEN: await world.agentToken(),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  started.push(child);
  let all = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (all += text));
  const gone = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  await until(
    async () => backends(seconds),
    () => all,
  );
  const grant = /grant (gr_[0-9a-z]{16})/.exec(all)?.[1] ?? "";
  return { child, grant, printed: () => all, gone };
}

/** Whether the database runs the query. */
async function backends(seconds: number): Promise<boolean> {
  const sql = `do $$ begin
    if not exists (select from pg_stat_activity where query = 'select pg_sleep(${seconds})' and state = 'active')
    then raise 'none'; end if; end $$`;
  return world.postgres.run(sql).then(
    () => true,
    () => false,
  );
}

async function until(holds: () => Promise<boolean>, printed = () => ""): Promise<void> {
  const end = Date.now() + 50_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it did not happen within a minute: ${printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Shown {
  readonly state: string;
  readonly ends_at: string;
  readonly ended_at?: string;
  readonly ended_by?: string;
  readonly end_reason?: string;
}

const shown = async (grant: string): Promise<Shown> =>
  (await call(world.gateway, await world.agentToken(), "GET", `/v1/grants/${grant}`)).body as Shown;

/** Waits for the end of a lost lease: grant and backend. */
async function expectLost(grant: string, seconds: number): Promise<void> {
  await until(async () => (await shown(grant)).state !== "active");
  const now = await shown(grant);
  expect(now).toMatchObject({ state: "expired", ended_by: "lease" });
  expect(now.end_reason).toContain("lease lost");
  // Long before its deadline, ten minutes after it began.
  expect(Date.parse(now.ends_at) - Date.parse(now.ended_at ?? "")).toBeGreaterThan(8 * 60_000);
  await until(async () => !(await backends(seconds)));
}

test("a task that is killed with -9 loses its grant, and its query is cancelled", async () => {
  const task = await startTask(601);
  // Its command lives on: nobody was there to end it.
  task.child.kill("SIGKILL");
  await expectLost(task.grant, 601);
  const auditor = await world.personToken("ada@example.com");
  const found = await call(world.gateway, auditor, "GET", `/v1/audit/records?grant=${task.grant}&limit=100`);
  const { records } = found.body as { records: { type: string; detail: Record<string, unknown> }[] };
  expect(records.find(({ type }) => type === "grant.activated")?.detail).toMatchObject({ lease_ms: 4000 });
  expect(records.filter(({ type }) => type === "grant.expired").map(({ detail }) => detail)).toMatchObject([
    { event: "lose_lease", by: "lease" },
  ]);
});

test("a task whose host is not heard of loses its grant, and is told when it comes back", async () => {
  const task = await startTask(602);
  task.child.kill("SIGSTOP");
  await expectLost(task.grant, 602);
  task.child.kill("SIGCONT");
  expect(await task.gone).not.toBe(0);
  expect(task.printed()).toMatch(/lease/);
});

test("a task that lives keeps its grant well beyond the lease's time, and releases it", async () => {
  const task = await startTask(15);
  expect([await task.gone, task.printed()]).toEqual([0, expect.stringContaining("released")]);
  expect(await shown(task.grant)).toMatchObject({ state: "released" });
});

test("a command is ended when its lease cannot be renewed", async () => {
  const task = await startTask(603);
  world.gateway.signal("SIGSTOP");
  try {
    expect(await task.gone).toBe(143);
    expect(task.printed()).toContain("could not be renewed in time");
  } finally {
    world.gateway.signal("SIGCONT");
  }
  await until(async () => !(await backends(603)));
});

test("whoever proves the grant's secret renews its lease; a wrong secret, or another grant's, does not", async () => {
  const token = await world.agentToken();
  const asked = async (): Promise<{ id: string; secret: string }> => {
    const { body } = await call(world.gateway, token, "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-1",
      lease: "60s",
    });
    const { grant } = body as { grant: { id: string; access: { secret: string } } };
    return { id: grant.id, secret: grant.access.secret };
  };
  const [mine, other] = [await asked(), await asked()];
  const renew = async (bearer: string, id: string): Promise<unknown> => {
    const { status, body } = await call(world.gateway, bearer, "POST", `/v1/grants/${id}/lease`);
    return status === 200 ? body : status;
  };
  expect(await renew(`${mine.id}.${mine.secret}`, mine.id)).toEqual({ seconds_left: 60 });
  expect(await renew(token, mine.id)).toEqual({ seconds_left: 60 });
  expect(await renew(`${mine.id}.${other.secret}`, mine.id)).toBe(401);
  expect(await renew(`${other.id}.${other.secret}`, mine.id)).toBe(401);
  expect(await renew(await world.personToken("olga@example.com"), mine.id)).toBe(404);
  // The secret renews, and does nothing else.
  const { status } = await call(
    world.gateway,
    `${mine.id}.${mine.secret}`,
    "DELETE",
    `/v1/grants/${mine.id}`,
  );
  expect(status).toBe(401);
  await call(world.gateway, token, "DELETE", `/v1/grants/${mine.id}`);
  expect(await renew(`${mine.id}.${mine.secret}`, mine.id)).toBe(409);
});

test("a policy that demands a lease lets nobody in without one, and says how to ask", async () => {
  await world.edit((text) =>
    text.replace("ttl: { default: 5m, max: 15m }", "ttl: { default: 5m, max: 15m }\n    lease: 5s"),
  );
  world.gateway.signal("SIGHUP");
  await world.gateway.line("configuration adopted");
  const ask = async (more: object): Promise<unknown> => {
    const { status, body } = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-1",
      ...more,
    });
    return [status, (body as { reasons?: string[] }).reasons?.join(" ") ?? ""];
  };
  const demanded = expect.stringMatching(/demands a lease of 5s or less.*mayfly run/) as string;
  expect(await ask({})).toEqual([403, demanded]);
  expect(await ask({ lease: "10s" })).toEqual([403, demanded]);
  expect(await ask({ lease: true })).toEqual([201, expect.any(String)]);
});
