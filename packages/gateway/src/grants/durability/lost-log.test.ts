import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { openStore, type Store } from "../../storage/store.ts";
import type { Ask, Grants } from "../grants.ts";
import { grantModel } from "../states.ts";
import * as asks from "../testing/asks.ts";
import { trailOf, fakeLog, harness, minute, settle, type FakeLog, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mayfly-lost-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read: Ask = { ...asks.read, ttl: 10 * minute };

/** A gateway that has its store for itself, and whose log the store remembers. */
interface Scene {
  readonly h: Harness;
  readonly store: Store;
  /** Starts the next one on a log. */
  readonly start: (log: FakeLog, id: string) => Promise<Grants>;
  readonly close: () => Promise<void>;
}

let made = 0;

async function scene(): Promise<Scene> {
  made += 1;
  const store = await openStore({ kind: "sqlite", file: path.join(folder, `${made}.db`) }, grantModel);
  const h = await harness({ poll: false, on: store });
  await store.logs.remember({ name: "here", key: "the log", records: 1, at: 0 });
  return {
    h,
    store,
    async start(log, id) {
      await store.logs.remember({ name: "here", key: id, records: 1, at: 0 });
      return h.another({ log, trail: { ...trailOf(log), id } });
    },
    async close() {
      await h.close();
      await store.close();
    },
  };
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code ?? "not ours",
  );

/** What a start finds once an operator has accepted that records are lost. */
function after(h: Harness, left: number): FakeLog {
  const log = fakeLog(() => h.clock.wall());
  log.disk.push(...h.log.disk.slice(0, left), { type: "log.replaced", detail: {} });
  log.times.push(...h.log.times.slice(0, left), h.clock.wall());
  return log;
}

it.each(["all", "the end"])(
  "what was revoked while the store was away does not live on when the log loses %s of it",
  async (lost) => {
    const { h, store, start, close } = await scene();
    const grant = (await h.grants.request(agent, read)).grant ?? "";
    h.clock.advance(6000);
    await settle();
    const left = lost === "all" ? 0 : h.log.disk.length;
    h.store.fault = () => "lost";
    expect(await code(h.grants.revoke(operator, grant, "suspicious"))).toBe("store_unavailable");
    h.crash();
    h.store.fault = undefined;
    await store.logs.accept("here", { by: "root", reason: "INC-12", at: 0 });
    const log = after(h, left);
    const id = lost === "all" ? "another log" : "the log";
    // A start that dies before log and store agree changes nothing.
    h.store.fault = (method) => (method === "progress" ? "lost" : undefined);
    await expect(start(log, id)).rejects.toThrow("store away");
    h.store.fault = undefined;
    log.disk.push({ type: "log.opened", detail: {} });
    log.times.push(h.clock.wall());
    const next = await start(log, id);
    expect(next.live(grant)).toBeUndefined();
    expect(log.disk.filter((one) => one.type === "grant.revoked").map((one) => one.detail["reason"])).toEqual(
      [expect.stringContaining("records of the audit log were lost")],
    );
    // What is given afterwards is nobody's doubt.
    const later = (await next.request(agent, read)).grant ?? "";
    h.crash();
    expect((await start(log, id)).live(later)).toBeDefined();
    await close();
  },
);

it("what the lost log had yet to record is recorded in the one in its place, once", async () => {
  const { h, store, start, close } = await scene();
  const grant = (await h.grants.request(agent, read)).grant ?? "";
  h.log.failing = "append";
  expect(await code(h.grants.revoke(operator, grant, "suspicious"))).toBe("log_unavailable");
  expect(await code(h.grants.lockdown(operator, "incident"))).toBe("log_unavailable");
  h.crash();
  await store.logs.accept("here", { by: "root", reason: "INC-12", at: 0 });
  const log = after(h, 0);
  for (let starts = 0; starts < 2; starts++) {
    const next = await start(log, "another log");
    expect(next.locked?.reason).toBe("incident");
    h.crash();
  }
  expect(log.types().filter((type) => /revoked|lockdown/.test(type))).toEqual([
    "grant.revoked",
    "lockdown.started",
  ]);
  expect(log.disk.find(({ type }) => type === "grant.revoked")?.detail["reason"]).toMatch(/suspicious$/);
  await close();
});

it("a log of another name takes the old one's place, and an acceptance is over then", async () => {
  const { store, close } = await scene();
  await store.logs.accept("here", { by: "root", reason: "INC-12", at: 0 });
  await store.logs.remember({ name: "there", key: "another log", records: 1, at: 0 }, "here");
  expect((await store.logs.all()).map(({ name, accepted }) => [name, accepted])).toEqual([
    ["there", undefined],
  ]);
  await close();
});
