import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { client, makeWorld, type World } from "../testing/fakes.ts";
import type { Decision, Session, WebSession } from "../gate.ts";
import {
  BURST_SECONDS,
  createPaces,
  MAX_WAIT_MS,
  MAX_WAITING,
  type Pace,
  type PaceLimits,
  type PaceParts,
  PRINCIPAL_TIMES,
} from "./pace.ts";

const limits = { actsPerSecond: 10, recordBytesPerSecond: 1_000_000 };
const burst = limits.actsPerSecond * BURST_SECONDS;
/** Acts are added up before they count, those of some milliseconds. */
const SLACK = 2;

function make(of: () => PaceLimits = () => limits) {
  const counted: Parameters<PaceParts["count"]>[0][] = [];
  const clock = fakeClock();
  return { clock, counted, paceOf: createPaces({ clock, limits: of, count: (what) => counted.push(what) }) };
}

/** How many acts come before one has to wait. */
function actsBefore(pace: Pace, bytes: number): number {
  let acts = 0;
  for (; pace.pause() === 0 && pace.refusal() === undefined; acts += 1) pace.spend(bytes, false);
  return acts;
}

test("a grant has a minute's acts at once, and then so many a second", () => {
  const { clock, counted, paceOf } = make();
  const pace = paceOf("gr_1", "bot");
  const first = actsBefore(pace, 1);
  expect([first >= burst, first < burst + SLACK]).toEqual([true, true]);
  const wait = pace.pause();
  clock.advance(wait - 1);
  expect(pace.pause()).toBe(1);
  clock.advance(1);
  expect(pace.pause()).toBe(0);
  pace.spend(1, false);
  // The next one stands a tenth of a second behind it.
  expect(pace.pause()).toBe(100);
  expect(counted).toEqual(["waited", "waited"]);
});

test("the bytes of records are bounded by themselves, and so are those beside them", () => {
  const { paceOf } = make();
  expect(actsBefore(paceOf("gr_1", "bot"), 6_000_000)).toBe(10);
  const pace = paceOf("gr_2", "other");
  for (let parts = 0; parts < 10; parts += 1) pace.wrote(6_000_000);
  expect(actsBefore(pace, 1)).toBe(0);
});

test("a place is for the acts of some milliseconds, and not for many that are large", () => {
  const fast = { actsPerSecond: 5000, recordBytesPerSecond: 1_000_000_000 };
  const { clock, paceOf } = make(() => fast);
  const pace = paceOf("gr_1", "bot");
  actsBefore(pace, 1);
  clock.advance(pace.pause());
  expect(actsBefore(pace, 1)).toBe(60);
  expect(pace.pause()).toBeGreaterThan(5);
  clock.advance(pace.pause());
  expect(actsBefore(pace, 100_000)).toBe(1);
});

test("of two sessions of a grant none goes on while the other waits", () => {
  const { clock, paceOf } = make();
  const [greedy, calm] = [paceOf("gr_1", "bot"), paceOf("gr_1", "bot")];
  actsBefore(greedy, 1);
  const acts = { greedy: 0, calm: 0 };
  for (let ms = 0; ms < 10_000; ms += 1) {
    // The one that begins is always the same.
    for (; greedy.pause() === 0; acts.greedy += 1) greedy.spend(1, false);
    for (; calm.pause() === 0; acts.calm += 1) calm.spend(1, false);
    clock.advance(1);
  }
  expect(Math.abs(acts.greedy - acts.calm)).toBeLessThanOrEqual(1);
  expect(acts.greedy + acts.calm).toBeGreaterThan(90);
});

test("a grant's other sessions go on where the first one was, and so do a principal's other grants, at twice its pace", () => {
  const { paceOf } = make();
  actsBefore(paceOf("gr_1", "bot"), 1);
  expect(paceOf("gr_1", "bot").pause()).toBeGreaterThan(0);
  const second = actsBefore(paceOf("gr_2", "bot"), 1);
  expect(second).toBeGreaterThanOrEqual(burst - SLACK);
  // Both have had what the principal may.
  expect(PRINCIPAL_TIMES).toBe(2);
  expect(actsBefore(paceOf("gr_3", "bot"), 1)).toBe(0);
  expect(actsBefore(paceOf("gr_4", "other"), 1)).toBeGreaterThanOrEqual(burst);
});

test("sessions that open after a reload have its limits", () => {
  let now = limits;
  const { paceOf } = make(() => now);
  actsBefore(paceOf("gr_1", "bot"), 1);
  now = { ...limits, actsPerSecond: 20 };
  expect(actsBefore(paceOf("gr_1", "bot"), 1)).toBeGreaterThanOrEqual(2 * burst);
});

async function opened(world: World): Promise<Session<string, string>> {
  const session = await world.gate.open({ kind: "token", token: "good:0oabot", grant: "gr_1" }, "db", client);
  if (session.kind === "refused") throw new Error(session.denial.message);
  session.attach({ leave: () => undefined, refuse: () => undefined });
  return session;
}

async function entered(world: World, socket = new EventEmitter()): Promise<WebSession<string, string>> {
  const session = await world.gate.enter({ bearer: "good:0oabot", connection: "db", client, socket });
  if (session.kind === "refused") throw new Error(session.denial.message);
  return session;
}

/** A world with a grant that has had its burst. */
async function spent(
  bounds: Partial<PaceLimits>,
): Promise<{ world: World; session: Session<string, string> }> {
  const world = makeWorld(undefined, bounds);
  world.activate("gr_1", 600_000);
  const session = await opened(world);
  while (session.pause() === 0) session.judge("ok", act);
  world.log.flush();
  return { world, session };
}

const act = '{"kind":"word"}';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("acts side by side that come too soon wait once each, in order, and leave no record in between", async () => {
  const { world } = await spent({ actsPerSecond: 10 });
  const session = await entered(world);
  const records = world.log.written.length;
  const timers = world.clock.pending;
  const done: number[] = [];
  const waits = Array.from({ length: 50 }, async (_, at) => {
    const decision = await session.judge("ok", act);
    if (decision.kind === "permit") done.push(at);
  });
  world.log.flush();
  expect([world.log.written.length - records, world.clock.pending - timers]).toEqual([0, 50]);
  for (let tenths = 1; tenths <= 60; tenths += 1) {
    world.clock.advance(100);
    await turn();
    await turn();
    // A tenth of a second each: who waits has no need to look again.
    expect(world.clock.pending - timers).toBe(50 - done.length);
  }
  await Promise.all(waits);
  expect(done).toEqual(Array.from({ length: 50 }, (_, at) => at));
});

test("who would have to wait for more than ten seconds is refused at once, with a record", async () => {
  const { world } = await spent({ actsPerSecond: 10 });
  const session = await entered(world);
  const decided: Decision<string>[] = [];
  for (let acts = 0; acts < 120; acts += 1)
    void session.judge("ok", act).then((decision) => decided.push(decision));
  await turn();
  const [refused] = decided;
  expect(refused).toMatchObject({
    kind: "deny",
    denial: { rule: "pace", remedy: "retry", message: expect.stringContaining("would wait 11 s") as string },
  });
  expect(world.log.written.at(-1)).toMatchObject({ type: "act.denied", detail: { rule: "pace" } });
  world.clock.advance(MAX_WAIT_MS);
  await turn();
  await turn();
  expect(decided.map(({ kind }) => kind).filter((kind) => kind === "permit").length).toBeGreaterThan(90);
  expect(decided).toHaveLength(120);
});

test("a principal's acts that wait are bounded, whoever resets the requests that they came in", async () => {
  const { world } = await spent({ actsPerSecond: 100 });
  const session = await entered(world);
  const decided: Decision<string>[] = [];
  for (let acts = 0; acts < MAX_WAITING + 5; acts += 1)
    void session.judge("ok", act).then((decision) => decided.push(decision));
  await turn();
  expect(decided.map((one) => one.kind === "deny" && one.denial.rule)).toEqual(
    Array.from({ length: 5 }, () => "pace"),
  );
  world.clock.advance(MAX_WAIT_MS);
  await turn();
  await turn();
  expect(decided).toHaveLength(MAX_WAITING + 5);
});

test("acts that wait end with the client's connection, and their grant", async () => {
  const { world } = await spent({ actsPerSecond: 1 });
  const socket = new EventEmitter();
  const [left, revoked] = [await entered(world, socket), await entered(world)];
  const waits = [left.judge("ok", act), revoked.judge("ok", act)];
  socket.emit("close");
  world.end("gr_1", { state: "revoked", words: "revoked by olga" });
  const rules = (await Promise.all(waits)).map((each) => each.kind === "deny" && each.denial.rule);
  expect(rules).toEqual(["deadline", "deadline"]);
});

test("what counts is what the log takes: bytes, not characters, and outcomes", async () => {
  const world = makeWorld(undefined, { recordBytesPerSecond: 10_000 });
  world.activate("gr_1", 600_000);
  world.activate("gr_2", 600_000);
  const session = await opened(world);
  const wide = JSON.stringify({ text: "水".repeat(20_000) });
  let acts = 0;
  for (; session.pause() === 0; acts += 1) session.judge("ok", wide);
  expect(acts).toBe(10);
  const other = await world.gate.open({ kind: "token", token: "good:0oabot", grant: "gr_2" }, "db", client);
  if (other.kind === "refused") throw new Error(other.denial.message);
  other.attach({ leave: () => undefined, refuse: () => undefined });
  acts = 0;
  for (; other.pause() === 0; acts += 1) {
    const decision = other.judge("ok", act);
    if (decision.kind === "permit") other.complete(decision.permit, { tag: "x".repeat(60_000) });
  }
  expect(acts).toBe(10);
});

test("sessions count too: who opens them without an end is refused", async () => {
  const world = makeWorld(undefined, { recordBytesPerSecond: 10_000, connections: 1000 });
  world.activate("gr_1", 600_000);
  const proof = { kind: "token", token: "good:0oabot", grant: "gr_1" } as const;
  let sessions = 0;
  let refused: string | undefined;
  for (; refused === undefined && sessions < 1000; sessions += 1) {
    const session = await world.gate.open(proof, "db", client);
    if (session.kind === "refused") refused = `${session.code} ${session.denial.rule}`;
    else session.close({ cause: "client_gone", words: "gone" });
  }
  expect(refused).toBe("too_many pace");
  expect([sessions > 100, sessions < 700]).toEqual([true, true]);
  world.clock.advance(60_000);
  expect((await world.gate.open(proof, "db", client)).kind).toBe("session");
});

test("what is recorded while it runs stops at the pace, and where the log has no more room", async () => {
  const world = makeWorld(undefined, { recordBytesPerSecond: 10_000 });
  world.activate("gr_1", 600_000);
  const session = await entered(world);
  expect(session.goesOn()).toBe(true);
  for (let parts = 0; parts < 3; parts += 1) session.payload(Buffer.alloc(262_144));
  expect(session.goesOn()).toBe(false);
  world.clock.advance(60_000);
  expect(session.goesOn()).toBe(true);
  world.log.broken = { why: "disk full", late: false };
  expect(session.goesOn()).toBe(false);
});
