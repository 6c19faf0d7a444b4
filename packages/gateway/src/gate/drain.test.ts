import { describe, expect, test } from "vitest";
import type { Limits } from "../configuration/types.ts";
import { client, makeWorld, wordProtocol, type World } from "./testing/fakes.ts";
import type { Gate, Session, SessionEnd, SessionRefused } from "./gate.ts";

const open = (world: World): Promise<Session<string, string> | SessionRefused> =>
  world.gate.open({ kind: "token", token: "good:0oabot", grant: "gr_1" }, "db", client);

async function opened(world: World): Promise<Session<string, string>> {
  const session = await open(world);
  if (session.kind === "refused") throw new Error(session.denial.message);
  return session;
}

const sender = (told: SessionEnd[]): Parameters<Session<string, string>["attach"]>[0] => ({
  leave: () => undefined,
  refuse: () => undefined,
  endAtRest: (why) => void told.push(why),
});

test("a gateway that drains opens no session, and those that are open go on", async () => {
  const world = makeWorld();
  world.activate("gr_1", 60_000);
  const session = await opened(world);
  const told: SessionEnd[] = [];
  session.attach(sender(told));
  world.gates.drain(false);
  expect(await open(world)).toMatchObject({
    code: "unavailable",
    denial: { rule: "gateway", remedy: "retry", message: expect.stringContaining("draining") as string },
  });
  expect(session.judge("ok", "{}")).toMatchObject({ kind: "permit" });
  expect([told, session.ended.aborted]).toEqual([[], false]);
});

test("sessions are told to end at rest where that is asked for, also one that is set up meanwhile", async () => {
  const world = makeWorld();
  world.activate("gr_1", 60_000);
  const [early, late] = [await opened(world), await opened(world)];
  const [toldEarly, toldLate]: SessionEnd[][] = [[], []];
  early.attach(sender(toldEarly ?? []));
  world.gates.drain(true);
  late.attach(sender(toldLate ?? []));
  const end = { cause: "stopping", words: expect.stringContaining("connect again") as string };
  expect([toldEarly, toldLate]).toEqual([[end], [end]]);
  // It is for the protocol to say when nothing is under way.
  expect(early.ended.aborted).toBe(false);
});

test("a drain is over with the last session, or when it is given up", async () => {
  const world = makeWorld();
  world.activate("gr_1", 60_000);
  const [one, other] = [await opened(world), await opened(world)];
  const never = new AbortController().signal;
  let over = 0;
  const givenUp = new AbortController();
  const both = [never, givenUp.signal].map((signal) => world.gates.emptied(signal).then(() => (over += 1)));
  one.close({ cause: "client_gone", words: "the client went away" });
  givenUp.abort();
  await both[1];
  expect([over, world.gates.sessions]).toEqual([1, 1]);
  other.close({ cause: "client_gone", words: "the client went away" });
  await Promise.all(both);
  expect([over, world.gates.sessions]).toEqual([2, 0]);
  await world.gates.emptied(never);
});

describe("a session that is being opened while the store counts its places", () => {
  /** A gateway whose store answers when it is told to, with two sessions that wait for it. */
  function waiting(bounds: Partial<Limits> = {}) {
    const answer = Promise.withResolvers<undefined>();
    const settled: string[] = [];
    const world = makeWorld(undefined, bounds, {
      claim: () => answer.promise,
      settle: (_, { of }) => Promise.resolve(void settled.push(of)),
    });
    world.activate("gr_1", 60_000);
    const gate: Gate<string, string> = world.gates.forProtocol({
      ...wordProtocol,
      serve() {
        throw new Error("serves nobody");
      },
    });
    const opening = [0, 1].map(() =>
      gate.open({ kind: "token", token: "good:0oabot", grant: "gr_1" }, "db", client),
    );
    return { world, answer, opening, settled };
  }
  const microtasks = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };

  test.each<[string, (world: World) => unknown, object]>([
    ["that drains", ({ gates }) => gates.drain(false), { message: expect.stringContaining("draining") }],
    ["that stops", ({ gates }) => gates.stop("the gateway stops", 0), { message: "the gateway stops" }],
    ["that is locked down", ({ state }) => (state.locked = true), { rule: "lockdown" }],
    [
      "whose grant ends",
      (world) => world.end("gr_1", { state: "revoked", words: "x" } as never),
      { remedy: "ask" },
    ],
  ])("is refused by a gateway %s", async (_what, happens, denial) => {
    const { world, answer, opening, settled } = waiting();
    await microtasks();
    happens(world);
    answer.resolve(undefined);
    for (const each of await Promise.all(opening)) expect(each).toMatchObject({ kind: "refused", denial });
    expect(world.gates.sessions).toBe(0);
    // Its places are given back.
    world.clock.advance(60_000);
    await expect.poll(() => settled.toSorted((a, b) => a.localeCompare(b))).toEqual(["grant", "principal"]);
  });

  test("is refused where the last place has gone to another", async () => {
    const { world, answer, opening } = waiting({ connections: 1 });
    await microtasks();
    answer.resolve(undefined);
    const kinds = (await Promise.all(opening)).map((each) =>
      each.kind === "refused" ? each.code : each.kind,
    );
    expect(kinds).toEqual(["session", "too_many"]);
    expect(world.gates.sessions).toBe(1);
  });
});

describe("a session whose opening is being recorded", () => {
  /** @param happens while the record is on its way */
  async function openedWhile(happens: (world: World) => void): Promise<Session<string, string>> {
    const world = makeWorld();
    world.activate("gr_1", 60_000);
    const { append } = world.log;
    world.log.append = (record) => {
      const number = append(record);
      if (record.type === "session.opened") happens(world);
      return number;
    };
    return opened(world);
  }

  test("ends at rest when the gateway has begun to drain", async () => {
    const session = await openedWhile(({ gates }) => gates.drain(true));
    const told: SessionEnd[] = [];
    session.attach(sender(told));
    expect(told).toMatchObject([{ cause: "stopping" }]);
    expect(session.ended.aborted).toBe(false);
  });

  test("has ended when the gateway stops", async () => {
    const session = await openedWhile(({ gates }) => void gates.stop("the gateway stops", 0));
    expect(session.ended.reason).toEqual({ cause: "stopping", words: "the gateway stops" });
  });
});
