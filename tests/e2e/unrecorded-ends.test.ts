// tier: full
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import { call, getAccess, type Access, type ApiAnswer } from "@mayfly/testing/api.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const select = ["-c", "select id from orders order by id limit 1"];

/** Whether a grant lets its holder in. */
async function lets(at: World, { env }: Access): Promise<boolean> {
  return (await psql(at, env, select)).code === 0;
}

async function accessNow(at: World): Promise<Access> {
  return getAccess(at.gateway, await at.agentToken(), "orders-db", ["read-orders"], "10m");
}

/**
 * Lets no file of the gateway grow past a few kilobytes: neither the log nor SQLite takes anything more, as on a full
 * disk, and what was taken before can still be written over.
 */
function fillDisk(at: World): void {
  const ran = spawnSync("prlimit", ["--pid", String(at.gateway.pid), "--fsize=4096:"], { encoding: "utf8" });
  expect([ran.status, ran.stderr]).toEqual([0, ""]);
}

/** As an operator. */
async function operate(at: World, method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  return call(at.gateway, await at.personToken("olga@example.com"), method, path, body);
}

async function killAndStart(at: World): Promise<void> {
  await at.gateway.stop("SIGKILL");
  await at.restart();
}

/** The state of a grant, the records of its end, and what the log's verification says. */
async function told(at: World, { grant }: Access): Promise<unknown> {
  const { body } = await operate(at, "GET", `/v1/grants/${grant}`);
  const auditor = await at.personToken("ada@example.com");
  const found = await call(at.gateway, auditor, "GET", `/v1/audit/records?grant=${grant}&limit=100`);
  const { records } = found.body as { records: { type: string }[] };
  const ends = records
    .map(({ type }) => type)
    .filter((type) => /^grant\.(?:expired|released|revoked)$/.test(type));
  return { state: (body as { state: string }).state, ends, verified: verifyLog(at).code };
}

const revoked = { state: "revoked", ends: ["grant.revoked"], verified: 0 };

describe.each(["sqlite", "postgres"] as const)("an end that was answered 503, on a %s store", (store) => {
  /** Takes the store away, and where asked the log's disk too. */
  const breakAll = async (at: World, log: boolean): Promise<void> => {
    if (store === "postgres") await at.postgres.crash();
    if (log || store === "sqlite") fillDisk(at);
  };
  const mend = async (at: World): Promise<void> => {
    if (store === "postgres") await at.postgres.start();
  };

  test("a revocation is not undone by a restart, and nobody else's grant is", async () => {
    world = await startWorld({ store });
    const [mine, other] = [await accessNow(world), await accessNow(world)];
    expect([await lets(world, mine), await lets(world, other)]).toEqual([true, true]);
    await breakAll(world, true);
    const answer = await operate(world, "POST", `/v1/grants/${mine.grant}/revoke`, { reason: "suspicious" });
    expect(answer.status).toBe(503);
    expect(JSON.stringify(answer.body)).toContain("has ended, and this will be recorded later");
    await world.gateway.stop("SIGKILL");
    await mend(world);
    await world.restart();
    expect([await lets(world, mine), await lets(world, other)]).toEqual([false, true]);
    expect(await told(world, mine)).toEqual(revoked);
    // The next start has nothing left to do.
    await killAndStart(world);
    expect([await lets(world, mine), await lets(world, other)]).toEqual([false, true]);
    expect(await told(world, mine)).toEqual(revoked);
  });

  test("a lock-down is in force after a restart, and what was pending is refused", async () => {
    world = await startWorld({ store });
    const mine = await accessNow(world);
    const pending = await askRefund(world);
    await breakAll(world, false);
    const answer = await operate(world, "PUT", "/v1/lockdown", { reason: "incident" });
    expect(answer.status).toBe(503);
    await world.gateway.stop("SIGKILL");
    await mend(world);
    await world.restart();
    expect(await lets(world, mine)).toBe(false);
    expect(await told(world, mine)).toEqual(revoked);
    const again = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-2",
    });
    expect(again).toMatchObject({ status: 503, body: { code: "locked_down" } });
    const { body } = await operate(world, "GET", `/v1/requests/${pending.id}`);
    expect(body).toMatchObject({ state: "refused" });
    expect((await operate(world, "DELETE", "/v1/lockdown")).status).toBeLessThan(300);
    await killAndStart(world);
    expect(await lets(world, await accessNow(world))).toBe(true);
  });
});

test("a full disk is told at /readyz, and recovers by itself", async () => {
  world = await startWorld({ store: "sqlite" });
  const at = world;
  await accessNow(at);
  /** Waits until it answers with a status. */
  const readyz = async (status: number): Promise<number> => {
    const end = Date.now() + 40_000;
    for (;;) {
      const answer = await call(at.gateway, undefined, "GET", "/readyz");
      if (answer.status === status || Date.now() > end) return answer.status;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  expect(await readyz(200)).toBe(200);
  fillDisk(at);
  expect(await readyz(503)).toBe(503);
  spawnSync("prlimit", ["--pid", String(at.gateway.pid), "--fsize=unlimited:"]);
  expect(await readyz(200)).toBe(200);
});
