import type { Holder } from "../../kernel/requester.ts";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { MembershipChange } from "../memberships/memberships.ts";
import type { CutOff } from "./cut-offs.ts";
import type { Signal } from "./signal.ts";
import { createSignalSink, type Receipt, type SinkPorts } from "./sink.ts";

const issuer = "https://okta.example/oauth2/aus1";
const bot: Holder = { kind: "agent", issuer, subject: "0oabot", client: "0oabot", actors: [] };
const forRosa: Holder = {
  kind: "agent",
  issuer,
  subject: "rosa@example.com",
  client: "wlpbot",
  person: { issuer, subject: "rosa@example.com", uid: "00uROSA" },
  actors: ["wlpbot"],
};

/** A sink over ports in memory; `order` is what happened, in its order. */
function scene(change: Partial<SinkPorts> = {}) {
  const clock = fakeClock();
  const order: string[] = [];
  const receipts: Receipt[] = [];
  const cuts: CutOff[] = [];
  const changes: (MembershipChange & { isMember: boolean })[] = [];
  const seen = new Map<string, number>();
  const faults: unknown[] = [];
  const started = clock.wall();
  const grants = new Map<string, { holder: Holder; issuedAt: number }>([
    ["gr_bot", { holder: bot, issuedAt: started - 60_000 }],
    ["gr_rosa", { holder: forRosa, issuedAt: started - 60_000 }],
  ]);
  const reached = (matches: (holder: Holder, issuedAt: number | undefined) => boolean): string[] =>
    [...grants].filter(([, { holder, issuedAt }]) => matches(holder, issuedAt)).map(([id]) => id);
  const ports: SinkPorts = {
    clock,
    cutOffs: {
      async cut(cut) {
        order.push("cut off");
        cuts.push(cut);
      },
    },
    memberships: {
      left: async (said) => void changes.push({ ...said, isMember: false }),
      joined: async (said) => void changes.push({ ...said, isMember: true }),
      foresee: (said) => {
        order.push(`foresees ${said.person?.uid ?? "everybody"} without ${said.group.id}`);
        return (_, groups) => groups.filter((group) => group !== said.group.id);
      },
    },
    seen: {
      has: async (id) => seen.has(id),
      add: async (id, until) => void seen.set(id, until),
    },
    async record(all) {
      order.push("recorded");
      receipts.push(...all);
    },
    reach: async (all) =>
      all.map(({ matches }) => ({ grants: reached(matches), requests: ["rq_1"], sessions: [] })),
    withdraw({ matches }) {
      const ended = reached(matches);
      for (const id of ended) {
        order.push(`ended ${id}`);
        grants.delete(id);
      }
      return {
        grants: ended,
        done: Promise.resolve({ grants: ended, requests: ["rq_1"], sessions: ["bs_1"] }),
      };
    },
    async judgeAgain(matches, _cause, isDryRun, foreseen) {
      const groups = foreseen?.({ issuer, subject: "x" }, ["00gSRE", "other"], 0);
      order.push(
        `${isDryRun ? "would judge" : "judged"}${groups === undefined ? "" : ` by ${groups.join()}`}`,
      );
      return { ended: reached(matches), voided: [] };
    },
    refresh: async () => void order.push("refreshed"),
    fault: (error) => faults.push(error),
    ...change,
  };
  const signal = (more: Partial<Signal> = {}): Signal => ({
    channel: "event_hook",
    id: "u-1",
    event: "application.lifecycle.deactivate",
    at: clock.wall(),
    subject: { kind: "client", client: "0oabot" },
    effect: "end",
    issuers: [issuer],
    ...more,
  });
  return {
    clock,
    order,
    receipts,
    cuts,
    changes,
    seen,
    faults,
    grants,
    ports,
    signal,
    sink: createSignalSink(ports),
  };
}

test("an end is recorded with what it reaches, and then cuts off and ends it", async () => {
  const { sink, signal, order, receipts, cuts } = scene();
  expect(await sink.receive([signal()])).toEqual([
    {
      signal: signal(),
      isRepeat: false,
      grants: ["gr_bot"],
      requests: ["rq_1"],
      sessions: ["bs_1"],
    },
  ]);
  expect(order).toEqual(["recorded", "cut off", "ended gr_bot", "refreshed"]);
  expect(receipts).toMatchObject([{ reach: { grants: ["gr_bot"], requests: ["rq_1"] } }]);
  expect(cuts).toMatchObject([{ subject: { kind: "client", client: "0oabot" }, issuers: [issuer] }]);
});

test("a person's end takes what agents hold for them; a client's what it holds for whomever", async () => {
  const rosa = { kind: "user", uid: "00uROSA" } as const;
  const person = scene();
  expect(await person.sink.receive([person.signal({ subject: rosa })])).toMatchObject([
    { grants: ["gr_rosa"] },
  ]);
  const client = scene();
  expect(
    await client.sink.receive([client.signal({ subject: { kind: "client", client: "wlpbot" } })]),
  ).toMatchObject([{ grants: ["gr_rosa"] }]);
});

test("the same event has one effect: in one call, twice at once, and later, by hook and by log", async () => {
  const { sink, signal, order } = scene();
  const [first, second] = await sink.receive([signal(), signal()]);
  expect([first?.isRepeat, second?.isRepeat]).toEqual([false, true]);
  const [again] = await sink.receive([signal({ channel: "system_log" })]);
  expect(again).toMatchObject({ isRepeat: true, grants: [] });
  const at = [sink.receive([signal({ id: "u-2" })]), sink.receive([signal({ id: "u-2" })])];
  expect((await Promise.all(at)).flat().map(({ isRepeat }) => isRepeat)).toEqual([false, true]);
  expect(order.filter((what) => what === "recorded")).toHaveLength(2);
  // Another sender's message of that id is another one.
  expect(await sink.receive([signal({ channel: "ssf", id: "u-1" })])).toMatchObject([{ isRepeat: false }]);
});

test("one that comes late ends what was issued until it happened, and nothing that was issued since", async () => {
  const { sink, signal, grants, clock } = scene();
  clock.advance(600_000);
  grants.set("gr_since", { holder: bot, issuedAt: clock.wall() - 1000 });
  expect(await sink.receive([signal({ at: clock.wall() - 30_000 })])).toMatchObject([{ grants: ["gr_bot"] }]);
  expect([...grants.keys()]).toEqual(["gr_rosa", "gr_since"]);
});

test("a time that is to come counts as now, and one that is none as well", async () => {
  for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
    const { sink, signal, cuts, clock } = scene();
    expect(await sink.receive([signal({ at })])).toMatchObject([{ grants: ["gr_bot"] }]);
    expect(cuts[0]?.at).toBeLessThanOrEqual(clock.wall() + 60_000);
  }
});

test("what was issued before this machine's clock was set back ends all the same", async () => {
  const { sink, signal, clock } = scene();
  const at = clock.wall();
  clock.stepWall(-86_400_000);
  expect(await sink.receive([signal({ at })])).toMatchObject([{ grants: ["gr_bot"] }]);
});

test("a subject of another issuer touches nobody, and is on record", async () => {
  const { sink, signal, order, receipts } = scene();
  expect(await sink.receive([signal({ issuers: ["https://other.example"] })])).toMatchObject([
    { grants: [] },
  ]);
  expect(order).not.toContain("ended gr_bot");
  expect(receipts).toMatchObject([{ reach: { grants: [] } }]);
});

test("where the receipt cannot be recorded it ends all the same, and the sender is to send it again", async () => {
  let isFull = true;
  const world = scene();
  const sink = createSignalSink({
    ...world.ports,
    async record(all) {
      if (isFull) throw new Error("disk full");
      await world.ports.record(all);
    },
  });
  const { signal, order, receipts } = world;
  await expect(sink.receive([signal()])).rejects.toMatchObject({ code: "signal_not_kept", status: 503 });
  expect(order).toEqual(["cut off", "ended gr_bot", "refreshed"]);
  expect(receipts).toEqual([]);
  isFull = false;
  expect(await sink.receive([signal()])).toMatchObject([{ isRepeat: false }]);
  expect(receipts).toHaveLength(1);
});

test("a log or a store that hangs holds no end up for long", async () => {
  const { signal, order, clock, ports } = scene({
    record: () => new Promise(() => {}),
    reach: () => new Promise(() => {}),
    seen: { has: () => new Promise(() => {}), add: async () => {} },
  });
  const received = createSignalSink(ports).receive([signal()]);
  const settled = received.catch((error: unknown) => error);
  for (let step = 0; step < 20; step++) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  expect(order).toEqual(["cut off", "ended gr_bot", "refreshed"]);
  expect(await settled).toMatchObject({ status: 503 });
});

test("a cut-off that the store does not take holds here, and the sender is to send it again", async () => {
  const { ports, signal, order, seen } = scene();
  const sink = createSignalSink({
    ...ports,
    cutOffs: { cut: () => Promise.reject(new Error("store away")) },
  });
  await expect(sink.receive([signal()])).rejects.toMatchObject({ status: 503 });
  expect(order).toContain("ended gr_bot");
  // What was not kept is not known: the next try is no repeat.
  expect(seen.size).toBe(0);
});

test("a group that somebody left is kept, asked anew, and then judged", async () => {
  const { sink, signal, order, changes } = scene();
  const subject = { kind: "user", uid: "00uROSA", login: "Rosa@example.com" } as const;
  const group = { id: "00gSRE", name: "sre" };
  const [outcome] = await sink.receive([
    signal({ subject, effect: "judge_again", membership: { group, isMember: false } }),
  ]);
  expect(changes).toMatchObject([{ person: { uid: "00uROSA" }, group, isMember: false }]);
  expect(order).toEqual(["recorded", "refreshed", "judged"]);
  expect(outcome).toMatchObject({ grants: ["gr_rosa"] });
  await sink.receive([
    signal({ id: "u-2", subject, effect: "judge_again", membership: { group, isMember: true } }),
  ]);
  expect(changes.map(({ isMember }) => isMember)).toEqual([false, true]);
});

test("a group that is gone is nobody's, and everybody of its issuers is judged", async () => {
  const { sink, signal, changes } = scene();
  const subject = { kind: "group", id: "00gSRE", name: "sre" } as const;
  const [outcome] = await sink.receive([signal({ subject, effect: "judge_again" })]);
  expect(changes).toMatchObject([{ group: { id: "00gSRE", name: "sre" }, isMember: false }]);
  expect(changes[0]).not.toHaveProperty("person");
  expect(outcome).toMatchObject({ grants: ["gr_bot", "gr_rosa"] });
});

test("a refresh ends nothing", async () => {
  const { sink, signal, order, grants } = scene();
  expect(await sink.receive([signal({ effect: "refresh" })])).toMatchObject([{ grants: [], requests: [] }]);
  expect(order).toEqual(["recorded", "refreshed"]);
  expect(grants.size).toBe(2);
});

test("a dry run says what would end, and changes nothing", async () => {
  const { sink, signal, order, grants, seen } = scene();
  const outcomes = await sink.receive([signal(), signal({ id: "u-2", effect: "judge_again" })], {
    isDryRun: true,
  });
  expect(outcomes).toMatchObject([{ grants: ["gr_bot"], requests: ["rq_1"] }, { grants: ["gr_bot"] }]);
  expect(order).toEqual(["would judge"]);
  expect([grants.size, seen.size]).toEqual([2, 0]);
});

test("a dry run judges as if the group were left, and keeps nothing of it", async () => {
  const { sink, signal, order, changes } = scene();
  const group = { id: "00gSRE", name: "sre" };
  const left = signal({
    subject: { kind: "user", uid: "00uROSA" },
    membership: { group, isMember: false },
    effect: "judge_again",
  });
  const gone = signal({ id: "u-2", subject: { kind: "group", ...group }, effect: "judge_again" });
  const joined = { ...left, id: "u-3", membership: { group, isMember: true } };
  for (const each of [left, gone, joined]) await sink.receive([each], { isDryRun: true });
  expect(order).toEqual([
    "foresees 00uROSA without 00gSRE",
    "would judge by other",
    "foresees everybody without 00gSRE",
    "would judge by other",
    "would judge",
  ]);
  expect(changes).toEqual([]);
});

test("of many signals each is carried out, whatever fails of another", async () => {
  const { signal, order, ports } = scene();
  const sink = createSignalSink({
    ...ports,
    cutOffs: {
      cut: (cut) =>
        cut.subject.kind === "user" ? Promise.reject(new Error("one failed")) : Promise.resolve(),
    },
  });
  const rosa = signal({ id: "u-0", subject: { kind: "user", uid: "00uROSA" } });
  await expect(sink.receive([rosa, signal()])).rejects.toMatchObject({ status: 503 });
  expect(order).toEqual(expect.arrayContaining(["ended gr_rosa", "ended gr_bot"]));
});
