// tier: full
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { fakeWall, type FakeWall } from "@mayfly/testing/faketime.ts";
import { root, startGateway } from "@mayfly/testing/gateway.ts";
import { savedPorts, type SavedAccess, type SavedState } from "@mayfly/testing/saved-state.ts";
import { psql, startWorld, verifyLog, type Ran, type World } from "@mayfly/testing/world.ts";

// What the last release left behind when it stopped, with a live grant in it, is taken up by this version: first a few
// seconds later by the clock, as an upgrade would, then today.

let world: World;
let wall: FakeWall;
let state: SavedState;
const folder = mkdtempSync(path.join(tmpdir(), "mayfly-upgrade-"));

beforeAll(async () => {
  world = await startWorld({ store: "sqlite", ports: savedPorts });
  await world.gateway.stop();
  rmSync(path.join(world.folder, "data"), { recursive: true });
  const yaml = readFileSync(world.file, "utf8");
  execFileSync("tar", [
    "-xzf",
    path.join(root, "tests/upgrade/states/0.1.0.tar.gz"),
    "-C",
    world.folder,
    "--no-same-owner",
  ]);
  state = JSON.parse(readFileSync(path.join(world.folder, "state.json"), "utf8")) as SavedState;
  // Its configuration as it was, but for the ports of this run.
  const [old, now] = [readFileSync(world.file, "utf8"), yaml].map(placesOf);
  let text = readFileSync(world.file, "utf8");
  for (const [at, place] of (old ?? []).entries()) text = text.replaceAll(place, now?.[at] ?? place);
  // As the changelog tells operators who want the catalogue as it was: the new default would be another operation.
  writeFileSync(
    world.file,
    text.replace("        timeout: 30s\n", "        timeout: 30s\n        catalog: false\n"),
  );
  // The journal knows how long this boot of the machine has lasted, and would not believe the clock below.
  rmSync(path.join(world.folder, "data/localhost.ends"));
  wall = fakeWall(path.join(folder, "offset"));
});
afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The ports of a configuration that differ from run to run. */
function placesOf(text: string): readonly string[] {
  const found = /https: "127\.0\.0\.1:(\d+)", postgres: "127\.0\.0\.1:(\d+)"/.exec(text);
  const receiver = /url: http:\/\/127\.0\.0\.1:(\d+)/.exec(text);
  if (found === null || receiver === null) throw new Error("the configuration names no ports");
  return [found[1] ?? "", found[2] ?? "", receiver[1] ?? ""];
}

/** psql with a saved grant, by the clock that the gateway has. */
const read = (access: SavedAccess, clock: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  psql(world, { ...access.env, PGPORT: String(world.gateway.postgresPort), ...clock }, [
    "-Atc",
    "select count(*) > 0 from orders",
  ]);

test("a live grant lives on until its deadline, and an ended one stays ended", async () => {
  wall.set(`-${Math.round((Date.now() - state.at) / 1000) - 20}`);
  world.gateway = await startGateway(world.file, { ...world.environment, ...wall.environment });
  expect(await read(state.live, wall.environment)).toEqual({ code: 0, stdout: "t\n", stderr: "" });
  const ended = await read(state.released, wall.environment);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/grant gr_\w+ was released/);
  expect(await world.gateway.stop()).toBe(0);
});

test("after its deadline it has ended, and what was recorded before is found and verifies", async () => {
  await world.restart();
  const late = await read(state.live);
  expect(late.code).toBe(2);
  expect(late.stderr).toMatch(/grant gr_\w+ (?:has )?expired/);

  const auditor = await world.personToken("ada@example.com");
  const get = async (at: string): Promise<unknown> => (await call(world.gateway, auditor, "GET", at)).body;
  const types = async (grant: string): Promise<readonly string[]> => {
    const found = await get(`/v1/audit/records?grant=${grant}&limit=200`);
    return (found as { records: { type: string }[] }).records.map(({ type }) => type);
  };
  const count = (all: readonly string[], type: string): number => all.filter((each) => each === type).length;
  // Thirty reads before the upgrade, each with one that was denied, and one read after it.
  const live = await types(state.live.grant);
  expect([
    count(live, "act.outcome"),
    count(live, "act.denied"),
    count(live, "session.opened"),
    count(live, "grant.expired"),
  ]).toEqual([31, 30, 31, 1]);
  const released = await types(state.released.grant);
  expect([count(released, "act.outcome"), count(released, "grant.released")]).toEqual([30, 1]);

  const token = await world.agentToken();
  const states = (): Promise<readonly string[]> =>
    Promise.all(
      [state.waiting, state.refused].map(
        async (id) =>
          ((await call(world.gateway, token, "GET", `/v1/requests/${id}`)).body as { state: string }).state,
      ),
    );
  await expect.poll(states).toEqual(["timed_out", "refused"]);
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});

test("it grants anew", async () => {
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  expect(await read(access)).toEqual({ code: 0, stdout: "t\n", stderr: "" });
});
