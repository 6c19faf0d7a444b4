import { expect, test } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { handedOn } from "./relay.ts";
import { createSiblings, type ManagedSiblings } from "./siblings.ts";

/** Workers whose messages are handed on as the supervisor does. @param gone those that hear nothing */
function workers(
  count: number,
  gone: readonly number[] = [],
): {
  all: ManagedSiblings[];
  clock: FakeClock;
  /** Ids of the questions that were sent, the newest last. */
  asks: number[];
} {
  const asks: number[] = [];
  const clock = fakeClock();
  const all: ManagedSiblings[] = [];
  for (let own = 1; own <= count; own += 1)
    all.push(
      createSiblings({
        own,
        count,
        clock,
        fault: (error) => {
          throw error;
        },
        send(message) {
          if (message.kind === "ask") asks.push(message.id);
          const on = handedOn(own, message);
          if (on !== undefined && !gone.includes(on.to)) all[on.to - 1]?.heard(on.message);
        },
      }),
    );
  return { all, clock, asks };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a question reaches the one that is meant, and all others when all are", async () => {
  const { all } = workers(3);
  const [one] = all;
  for (const each of all) each.answer("cancel", (body) => `${each.own} ${String(body)}`);
  expect(await one?.ask(3, "cancel", "key")).toBe("3 key");
  expect(await one?.askAll("cancel", "key")).toEqual(
    new Map([
      [2, "2 key"],
      [3, "3 key"],
    ]),
  );
});

test("one that is gone is waited for no longer than a second, and left out", async () => {
  const { all, clock } = workers(3, [3]);
  for (const each of all) each.answer("metrics", () => each.own);
  const asked = all[0]?.askAll("metrics", {});
  await settled();
  clock.advance(1000);
  expect(await asked).toEqual(new Map([[2, 2]]));
});

test("nobody asks themselves, or a worker that there is not", async () => {
  const { all } = workers(2);
  for (const each of all) each.answer("cancel", () => true);
  for (const to of [0, 1, 3]) expect(await all[0]?.ask(to, "cancel", "")).toBeUndefined();
});

test("nobody answers for another", async () => {
  const { all, clock, asks } = workers(3, [2]);
  const asked = all[0]?.ask(2, "proof", {});
  await settled();
  all[0]?.heard({ kind: "answered", from: 3, id: asks.at(-1) ?? 0, body: "taken" });
  await settled();
  clock.advance(1000);
  expect(await asked).toBeUndefined();
});

test("no answer to an earlier run is one to this", async () => {
  const earlier = workers(2, [2]);
  const lost = earlier.all[0]?.ask(2, "proof", {});
  const now = workers(2, [2]);
  const asked = now.all[0]?.ask(2, "proof", {});
  await settled();
  for (const id of earlier.asks) now.all[0]?.heard({ kind: "answered", from: 2, id, body: "taken" });
  for (const { clock } of [earlier, now]) clock.advance(1000);
  expect([await lost, await asked]).toEqual([undefined, undefined]);
});

test("the answer to one's own question counts", async () => {
  const { all, asks } = workers(2, [2]);
  const asked = all[0]?.ask(2, "proof", {});
  await settled();
  all[0]?.heard({ kind: "answered", from: 2, id: asks.at(-1) ?? 0, body: "taken" });
  expect(await asked).toBe("taken");
});

test.each([
  ["cancel", 32],
  ["grant", 256],
  ["proof", 1024],
  ["metrics", 8],
] as const)(
  "what waits for an answer is bounded: of %s, the rest is answered at once",
  async (subject, bound) => {
    const { all, clock } = workers(2, [2]);
    const waiting = Array.from({ length: bound }, async () => all[0]?.ask(2, subject, ""));
    expect(await all[0]?.ask(2, subject, "")).toBeUndefined();
    clock.advance(1000);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([undefined]));
  },
);

test("questions that one worker leaves unanswered take no place of another worker's", async () => {
  const { all, clock } = workers(3, [2]);
  all[2]?.answer("cancel", () => true);
  const waiting = Array.from({ length: 100 }, async () => all[0]?.ask(2, "cancel", ""));
  expect(await all[0]?.askAll("cancel", "")).toEqual(new Map([[3, true]]));
  clock.advance(1000);
  await Promise.all(waiting);
});

test("questions of one kind take no place of another's, and give theirs back", async () => {
  const { all, clock, asks } = workers(2, [2]);
  const waiting = (["cancel", "grant", "metrics"] as const).flatMap((subject) =>
    Array.from({ length: 2000 }, async () => all[0]?.ask(2, subject, "")),
  );
  const proof = all[0]?.ask(2, "proof", {});
  await settled();
  all[0]?.heard({ kind: "answered", from: 2, id: asks.at(-1) ?? 0, body: "taken" });
  expect(await proof).toBe("taken");
  clock.advance(1000);
  await Promise.all(waiting);
  const before = asks.length;
  const again = all[0]?.ask(2, "cancel", "");
  expect(asks).toHaveLength(before + 1);
  clock.advance(1000);
  await again;
});
