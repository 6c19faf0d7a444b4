// tier: full
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { fakeWall, type FakeWall } from "@mayfly/testing/faketime.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;
let wall: FakeWall;
let startSecond: () => Promise<GatewayProcess>;
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-apart-"));

beforeAll(async () => {
  world = await startWorld({ store: "postgres", configure: namedFirst });
  wall = fakeWall(path.join(folder, "offset"));
  startSecond = await secondGateway(world, wall.environment);
});
afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (gateway: GatewayProcess): Promise<number> =>
  (
    await call(gateway, await world.agentToken(), "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-1",
    })
  ).status;

test("a gateway whose clock is an hour off does not start; one whose clock goes off serves nothing new", async () => {
  wall.set("-1h");
  await expect(startSecond()).rejects.toThrow(/clock is 1h behind the store's/);
  wall.set("+0");
  const second = await startSecond();
  try {
    expect(await ask(second)).toBe(201);
    // Little enough for its tokens, which have times of their own.
    wall.set("+20s");
    await second.line("serves nothing new");
    expect(await ask(second)).toBe(503);
    expect(await ask(world.gateway)).toBe(201);
    wall.set("+0");
    await expect.poll(() => ask(second), { timeout: 20_000 }).toBe(201);
  } finally {
    await second.stop("SIGKILL");
  }
});

test("a gateway with the name of another, in a folder of its own, does not start", async () => {
  rmSync(path.join(world.folder, "second"), { recursive: true });
  const namesake = await secondGateway(world, {}, "first");
  await expect(namesake()).rejects.toThrow(/another gateway .* serves with this store under the name first/);
  expect(await ask(world.gateway)).toBe(201);
});
