import type { Holder } from "../../kernel/requester.ts";
import { afterEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createCutOffs, type CutOff, type CutOffs, type CutOffStore } from "./cut-offs.ts";
import { memoryCutOffs } from "./testing/memory-store.ts";

const issuer = "https://okta.example/oauth2/aus1";
const rosa: Holder = {
  kind: "person",
  issuer,
  subject: "rosa@example.com",
  uid: "00uROSA",
  client: "0oacli",
  actors: [],
};
const bot: Holder = { kind: "agent", issuer, subject: "0oabot", client: "0oabot", actors: [] };

const open: CutOffs[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.stop();
});

function scene(store: CutOffStore = memoryCutOffs(), clock = fakeClock()) {
  const faults: unknown[] = [];
  const learned: CutOff[] = [];
  const make = (isShared: boolean, maxCutOffs?: number): CutOffs => {
    const one = createCutOffs({
      store,
      clock,
      isShared,
      ...(maxCutOffs === undefined ? {} : { maxCutOffs }),
      learned: (cut) => learned.push(cut),
      fault: (error) => faults.push(error),
    });
    open.push(one);
    return one;
  };
  const of = (holder: "rosa" | "bot", more: Partial<CutOff> = {}): CutOff => ({
    subject:
      holder === "rosa"
        ? { kind: "user", uid: "00uROSA", login: "rosa@example.com" }
        : { kind: "client", client: "0oabot" },
    issuers: [issuer],
    at: clock.wall(),
    reason: "suspended",
    ...more,
  });
  return { store, clock, faults, learned, make, of };
}

test("is bounded, and what it lets go lets nobody in again", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false, 4);
  const told: string[] = [];
  const began = clock.wall();
  await cutOffs.cut(of("bot"));
  cutOffs.watch({ ...bot, subject: "0oaother", client: "0oaother" }, began, (reason) => told.push(reason));
  for (let at = 0; at < 6; at++) {
    clock.advance(1000);
    await cutOffs.cut(of("bot", { subject: { kind: "client", client: `0oa${at}` } }));
  }
  expect(cutOffs.reasonAgainst(bot, began)).toMatch(/so many have been ended/);
  expect(told).toHaveLength(1);
  expect(cutOffs.reasonAgainst(bot, clock.wall())).toBeUndefined();
  expect(cutOffs.reasonAgainst({ ...bot, issuer: "https://other.example" }, began)).toBeUndefined();
  // A gateway that starts reads the newest alone.
  const started = make(false, 4);
  await started.start();
  expect(started.reasonAgainst(bot, began)).toMatch(/so many have been ended/);
  expect(started.reasonAgainst(bot, clock.wall() + 1)).toBeUndefined();
});

test("nothing that was issued until then is taken, and what is issued after it is", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  const at = clock.wall();
  await cutOffs.cut(of("rosa"));
  expect(cutOffs.reasonAgainst(rosa, at - 60_000)).toBe("suspended");
  // A token's time is in whole seconds: one of the same moment is taken for older.
  expect(cutOffs.reasonAgainst(rosa, at)).toBe("suspended");
  expect(cutOffs.reasonAgainst(rosa, at + 1)).toBeUndefined();
  expect(cutOffs.reasonAgainst(rosa, undefined)).toBe("suspended");
  expect(cutOffs.reasonAgainst(bot, at)).toBeUndefined();
  expect(cutOffs.reasonAgainst({ ...rosa, issuer: "https://other.example" }, at)).toBeUndefined();
});

test("one that comes late never takes back a later one", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  const at = clock.wall();
  await cutOffs.cut(of("bot", { at }));
  await cutOffs.cut(of("bot", { at: at - 600_000 }));
  expect(cutOffs.reasonAgainst(bot, at - 1000)).toBe("suspended");
});

test("a time that is to come cuts off nothing that is yet to be issued, but for the clocks' difference", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  await cutOffs.cut(of("bot", { at: clock.wall() + 86_400_000 }));
  expect(cutOffs.reasonAgainst(bot, clock.wall())).toBe("suspended");
  expect(cutOffs.reasonAgainst(bot, clock.wall() + 61_000)).toBeUndefined();
  await cutOffs.cut(of("rosa", { at: Number.NaN }));
  expect(cutOffs.reasonAgainst(rosa, clock.wall())).toBe("suspended");
});

test("an ended assignment cuts off what is held through that client alone, several at once", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  const at = clock.wall();
  for (const through of ["0oaa", "0oab"]) await cutOffs.cut(of("rosa", { through }));
  for (const client of ["0oaa", "0oab"])
    expect(cutOffs.reasonAgainst({ ...rosa, client }, at)).toBe("suspended");
  expect(cutOffs.reasonAgainst(rosa, at)).toBeUndefined();
});

test("who watches is told once, also of what was cut off before", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  const told: string[] = [];
  const issued = clock.wall();
  cutOffs.watch(rosa, issued, (why) => told.push(`rosa ${why}`));
  cutOffs.watch(bot, issued, (why) => told.push(`bot ${why}`));
  cutOffs.watch(rosa, issued, () => told.push("nobody"))();
  await cutOffs.cut(of("rosa"));
  await cutOffs.cut(of("rosa", { at: clock.wall() + 1 }));
  expect(told).toEqual(["rosa suspended"]);
  cutOffs.watch(rosa, issued, (why) => told.push(`late ${why}`));
  await Promise.resolve();
  expect(told).toEqual(["rosa suspended", "late suspended"]);
});

test("it holds at once, and is known after a restart", async () => {
  const { store, clock, make, of } = scene();
  const cutOffs = make(false);
  const kept = cutOffs.cut(of("bot"));
  expect(cutOffs.reasonAgainst(bot, 0)).toBe("suspended");
  await kept;
  const after = scene(store, clock).make(false);
  await after.start();
  expect(after.reasonAgainst(bot, 0)).toBe("suspended");
});

test("it holds in memory where no disk takes it, and whoever told it hears so", async () => {
  const { make, of } = scene({ ...memoryCutOffs(), keep: () => Promise.reject(new Error("away")) });
  const cutOffs = make(false);
  await expect(cutOffs.cut(of("bot"))).rejects.toThrow("away");
  expect(cutOffs.reasonAgainst(bot, 0)).toBe("suspended");
});

test("it reaches another gateway of the store with the next look, which ends there what it ends", async () => {
  const { clock, make, of, learned } = scene();
  const [a, b] = [make(true), make(true)];
  await a.start();
  await b.start();
  const told: string[] = [];
  b.watch(bot, 0, (why) => told.push(why));
  await a.cut(of("bot"));
  expect(b.reasonAgainst(bot, 0)).toBeUndefined();
  clock.advance(1000);
  await new Promise(setImmediate);
  expect(b.reasonAgainst(bot, 0)).toBe("suspended");
  expect(told).toEqual(["suspended"]);
  // Once, by the one that did not keep it.
  for (let second = 0; second < 120; second++) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  expect(learned).toEqual([of("bot", { at: learned[0]?.at ?? 0 })]);
});

test("it is forgotten once no token or browser session can be as old", async () => {
  const { clock, make, of, store } = scene();
  const cutOffs = make(false);
  await cutOffs.start();
  await cutOffs.cut(of("bot"));
  clock.advance(7 * 86_400_000);
  expect(cutOffs.reasonAgainst(bot, 0)).toBe("suspended");
  clock.advance(86_400_000 + 3_600_000);
  expect(cutOffs.reasonAgainst(bot, 0)).toBeUndefined();
  expect(await store.since(0, 10)).toEqual([]);
});

const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

test("one that the store did not take is kept as soon as it does, although nobody sends it again", async () => {
  const under = memoryCutOffs();
  let isAway = true;
  const store: CutOffStore = {
    ...under,
    async keep(cuts) {
      if (isAway) throw new Error("away");
      await under.keep(cuts);
    },
  };
  const { make, of, clock } = scene(store);
  const one = make(false);
  await expect(one.cut(of("rosa"))).rejects.toThrow("away");
  await expect(one.cut(of("bot"))).rejects.toThrow("away");
  clock.advance(5000);
  await settled();
  expect(await under.since(0, 10)).toEqual([]);
  isAway = false;
  clock.advance(1000);
  await settled();
  const after = make(false);
  await after.start();
  expect(after.reasonAgainst(rosa, clock.wall() - 60_000)).toBe("suspended");
  expect(after.reasonAgainst(bot, clock.wall() - 60_000)).toBe("suspended");
});

test("a gateway whose clock was ahead for a moment keeps no later one from the others", async () => {
  const { make, of, clock, store } = scene();
  const other = make(true);
  await other.start();
  clock.stepWall(86_400_000);
  await store.keep([
    { issuer, name: "client 0oax", at: clock.wall(), reason: "ahead", keptAt: clock.wall() },
  ]);
  clock.advance(1000);
  await settled();
  clock.stepWall(-86_400_000);
  await make(false).cut(of("bot"));
  const late = make(true);
  await late.start();
  const rosas = of("rosa");
  await make(false).cut(rosas);
  clock.advance(1000);
  await settled();
  expect(other.reasonAgainst(bot, clock.wall() - 60_000)).toBe("suspended");
  expect(late.reasonAgainst(rosa, clock.wall() - 60_000)).toBe("suspended");
});

test("a clock that is set back makes no cut-off earlier than what it is to cut off", async () => {
  const { make, of, clock } = scene();
  const cutOffs = make(false);
  const at = clock.wall();
  clock.stepWall(-86_400_000);
  await cutOffs.cut(of("rosa", { at }));
  expect(cutOffs.reasonAgainst(rosa, at - 1000)).toBe("suspended");
});
