// tier: full
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { fakeWall, type FakeWall } from "@mayfly/testing/faketime.ts";
import { livePsql, until } from "@mayfly/testing/live-psql.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

let world: World;
let wall: FakeWall;
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-clock-"));

beforeAll(async () => {
  wall = fakeWall(path.join(folder, "offset"));
  world = await startWorld({ store: "sqlite", environment: wall.environment });
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const count = "select count(*) > 0 from orders";
const access = async (ttl: string): Promise<Access> =>
  getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"], ttl);

/** The records of a grant, as an auditor reads them. */
async function recordsOf({ grant }: Access): Promise<{ type: string; detail: Record<string, unknown> }[]> {
  const auditor = await world.personToken("ada@example.com");
  const found = await call(world.gateway, auditor, "GET", `/v1/audit/records?grant=${grant}&limit=100`);
  expect(found.status).toBe(200);
  return (found.body as { records: { type: string; detail: Record<string, unknown> }[] }).records;
}

/** Why a grant ended, once its record is there, and that of the session that it ended: both say so. */
async function endOf(at: Access): Promise<string> {
  return until(`the record of the end of ${at.grant}`, async () => {
    const records = await recordsOf(at);
    const ends = records.filter(({ type }) => /^grant\.(?:expired|released|revoked)$/.test(type));
    const closed = records.filter(({ type }) => type === "session.closed");
    if (ends.length === 0 || closed.length === 0) return undefined;
    expect(ends).toHaveLength(1);
    const reason = String(ends[0]?.detail["reason"]);
    expect(closed.map(({ detail }) => detail["reason"])).toContain(reason);
    return reason;
  });
}

/** Whether a grant's secret opens a session. */
const lets = async ({ env }: Access): Promise<boolean> =>
  (await psql(world, env, ["-c", "select id from orders order by id limit 1"])).code === 0;

describe.each(["1h", "1d"])("the wall clock of a gateway with live sessions, stepped by %s", (step) => {
  test("back: no grant gets longer, and none ends for it", async () => {
    const [short, long] = [await access("10s"), await access("5m")];
    const [ends, stays] = [livePsql(world, short), livePsql(world, long)];
    expect([await ends.ask(count), await stays.ask(count)]).toEqual(["t", "t"]);
    wall.set(`-${step}`);
    expect(await stays.ask(count)).toBe("t");
    // Ten seconds are over on the clock that nobody steps: an hour more would be longer than this test may take.
    expect(await ends.ended()).toMatch(/grant gr_\w+ expired after 10s/);
    expect(await stays.ask(count)).toBe("t");
    expect(await lets(short)).toBe(false);
    expect(await lets(long)).toBe(true);
    // Ahead again, to the true time: a step ahead counts as time, and is recorded as what ended it.
    wall.set("+0");
    expect(await stays.ended()).toContain("expired after 5m by the wall clock, which was set ahead");
    expect(await endOf(short)).toMatch(/^grant gr_\w+ expired after 10s$/);
    expect(await endOf(long)).toMatch(
      /^grant gr_\w+ expired after 5m by the wall clock, .* were left of it$/,
    );
    expect(await lets(long)).toBe(false);
  });

  test("ahead: what it ends has a record that says why, and going back revives nothing", async () => {
    const granted = await access("5m");
    const session = livePsql(world, granted);
    expect(await session.ask(count)).toBe("t");
    wall.set(`+${step}`);
    expect(await session.ended()).toContain("expired after 5m by the wall clock, which was set ahead");
    wall.set("+0");
    expect(await lets(granted)).toBe(false);
    expect(await endOf(granted)).toMatch(
      /^grant gr_\w+ expired after 5m by the wall clock, which was set ahead, or the machine suspended: (?:5m|4m \d+s) were left of it$/,
    );
    // And what is granted then lives as long as it says.
    const after = await access("10s");
    const next = livePsql(world, after);
    expect(await next.ask(count)).toBe("t");
    expect(await next.ended()).toMatch(/grant gr_\w+ expired after 10s/);
    expect(await endOf(after)).toMatch(/^grant gr_\w+ expired after 10s$/);
  });
});

test("the operator is told of each step, and the log verifies", async () => {
  const told = world.gateway.lines.filter(({ problem }) => /clock/.test(String(problem)));
  expect(told.length).toBeGreaterThanOrEqual(4);
  expect(verifyLog(world).code).toBe(0);
});
