import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createAsking } from "./asking.ts";
import type { Answers } from "./exchange.ts";

const LOGS = [
  { number: 1, name: "b", id: "b+1" },
  { number: 2, name: "c", id: "c+1" },
];

function asking(answer: (logs: readonly string[]) => Answers | undefined | Promise<Answers>) {
  const clock = fakeClock();
  const asked: string[][] = [];
  const signs = new Map([
    ["b", "life 1"],
    ["c", "life 1"],
  ]);
  const made = createAsking({
    clock,
    signs: () => new Map(signs),
    exchange: {
      async ask(bodies) {
        asked.push([...bodies.keys()]);
        return answer([...bodies.keys()]);
      },
    },
  });
  const ask = () => made.ask(LOGS, () => ({ kind: "read", seqs: [1] }));
  return { clock, asked, signs, ask, made };
}

const withoutC = (logs: readonly string[]): Answers => ({
  said: new Map([["b+1", "of b"]]),
  heard: ["b+1"],
  silent: logs.filter((log) => log === "c+1"),
});

it("asks one that let a question wait no more until it gives a sign", async () => {
  const { asked, signs, ask } = asking(withoutC);
  expect(await ask()).toEqual({ said: new Map([["b+1", "of b"]]), unasked: new Set() });
  await ask();
  await ask();
  signs.set("c", "life 2");
  await ask();
  await ask();
  expect(asked).toEqual([["b+1", "c+1"], ["b+1"], ["b+1"], ["b+1", "c+1"], ["b+1"]]);
});

it("asks nobody that is gone", async () => {
  const { asked, signs, ask, made } = asking(withoutC);
  signs.delete("c");
  await ask();
  expect(asked).toEqual([["b+1"]]);
  expect(LOGS.map((log) => made.lives(log))).toEqual([true, false]);
});

it("goes on asking one that answered others meanwhile", async () => {
  const first = Promise.withResolvers<Answers>();
  let calls = 0;
  const { clock, asked, ask } = asking(() => {
    calls += 1;
    return calls === 1 ? first.promise : { said: new Map(), heard: ["b+1", "c+1"], silent: [] };
  });
  const slow = ask();
  clock.advance(100);
  await ask();
  first.resolve({ said: new Map(), heard: ["b+1"], silent: ["c+1"] });
  await slow;
  await ask();
  expect(asked).toEqual([
    ["b+1", "c+1"],
    ["b+1", "c+1"],
    ["b+1", "c+1"],
  ]);
});

it("takes a call that found no place for word of nobody", async () => {
  let calls = 0;
  const first = Promise.withResolvers<Answers>();
  const { clock, asked, ask } = asking(() => {
    calls += 1;
    return calls === 1 ? first.promise : undefined;
  });
  const slow = ask();
  clock.advance(100);
  expect(await ask()).toEqual({ said: new Map(), unasked: new Set(["b+1", "c+1"]) });
  // That call has not heard of c: it lets questions wait all the same.
  first.resolve({ said: new Map(), heard: ["b+1"], silent: ["c+1"] });
  await slow;
  await ask();
  expect(asked.at(-1)).toEqual(["b+1"]);
});
