import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { startExchange } from "./exchange.ts";
import type { LogQuestion } from "./port.ts";
import { questionsInMemory } from "./testing/questions.ts";

const SEARCH: LogQuestion = { kind: "search", query: { limit: 10, text: "rare" } };
const READ: LogQuestion = { kind: "read", seqs: [1, 2] };
const DIGEST = `sha256:${"0a".repeat(32)}`;

type Answer = (question: LogQuestion, signal: AbortSignal) => Promise<unknown>;

/** Two gateways: `here` asks, `there` has the log `b`. */
function two(answer: Answer) {
  const clock = fakeClock();
  const { questions, rows } = questionsInMemory(clock);
  const problems: unknown[] = [];
  const onProblem = (error: unknown): void => void problems.push(error);
  const here = startExchange({ clock, questions, own: "a", answer: async () => "of a", onProblem });
  const there = startExchange({ clock, questions, own: "b", answer, onProblem });
  /** Lets time and everything that is under way go on. */
  const go = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await new Promise(setImmediate);
    }
  };
  return { clock, questions, rows, problems, here, there, go };
}

it("has what another log says, and leaves nothing behind", async () => {
  const { here, go, rows } = two(async ({ kind }) => `${kind} of b`);
  const asked = here.ask(new Map([["b", READ]]));
  await go(2000);
  expect(await asked).toEqual({ said: new Map([["b", "read of b"]]), heard: ["b"], silent: [] });
  await go(50);
  expect(rows()).toEqual([]);
});

it("reads by number and digest while a search goes on", async () => {
  const { here, go } = two((question, signal) =>
    question.kind === "search"
      ? new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("stopped")));
        })
      : Promise.resolve(question.kind),
  );
  const searched = here.ask(new Map([["b", SEARCH]]));
  await go(100);
  const read = here.ask(new Map([["b", READ]]));
  await go(1500);
  expect((await read)?.said.get("b")).toBe("read");
  const payload = here.ask(new Map([["b", { kind: "payload", digest: DIGEST }]]));
  await go(1100);
  expect((await payload)?.said.get("b")).toBe("payload");
  await go(2000);
  await searched;
});

it("stops a search for which nobody waits any more, and says before that it lives", async () => {
  let stoppedAt: number | undefined;
  const { clock, here, go, problems } = two(
    (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          stoppedAt = clock.monotonic();
          reject(new Error("stopped"));
        });
      }),
  );
  const asked = here.ask(new Map([["b", SEARCH]]));
  await go(3000);
  expect(await asked).toEqual({ said: new Map(), heard: ["b"], silent: [] });
  expect(stoppedAt).toBeLessThan(3000);
  // That it took too long is no fault.
  expect(problems).toEqual([]);
});

it("begins nothing for those who have gone meanwhile", async () => {
  const begun: string[] = [];
  const first = Promise.withResolvers<string>();
  const { here, go } = two((question) => {
    const words = question.kind === "search" ? (question.query.text ?? "") : "";
    begun.push(words);
    // A read of the disk that hangs stops for nobody.
    return words === "first" ? first.promise : Promise.resolve("");
  });
  const search = (text: string) => here.ask(new Map([["b", { kind: "search", query: { limit: 1, text } }]]));
  const asked = [search("first"), search("second")];
  await go(3500);
  await Promise.all(asked);
  first.resolve("");
  await go(100);
  const third = search("third");
  await go(2000);
  expect((await third)?.said.get("b")).toBe("");
  expect(begun).toEqual(["first", "third"]);
});

it("names those that say nothing at all", async () => {
  const { here, there, go } = two(() => Promise.resolve(""));
  await there.close();
  const asked = here.ask(
    new Map([
      ["b", SEARCH],
      ["c", SEARCH],
    ]),
  );
  await go(3100);
  expect(await asked).toEqual({ said: new Map(), heard: [], silent: ["b", "c"] });
});

it.each([
  ["no JSON", "{"],
  ["a kind that there is none of", JSON.stringify({ kind: "everything" })],
  ["a path in the place of a digest", JSON.stringify({ kind: "payload", digest: "sha256:../../keys" })],
  ["a digest of capitals", JSON.stringify({ kind: "payload", digest: DIGEST.toUpperCase() })],
  ["too many records", JSON.stringify({ kind: "search", query: { limit: 1001 } })],
  ["too many numbers", JSON.stringify({ kind: "read", seqs: Array.from({ length: 1001 }, (_, at) => at) })],
  ["a number below all", JSON.stringify({ kind: "read", seqs: [-1] })],
  ["a filter that is not known here", JSON.stringify({ kind: "search", query: { limit: 1, tenant: "x" } })],
])("does not answer %s, and goes on to the next", async (_name, body) => {
  const given: LogQuestion[] = [];
  const { here, go, questions, rows, problems } = two((question) => {
    given.push(question);
    return Promise.resolve("next");
  });
  await questions.ask([
    { id: "bad search", log: "b", lane: "search", body },
    { id: "bad read", log: "b", lane: "read", body },
  ]);
  const asked = [here.ask(new Map([["b", SEARCH]])), here.ask(new Map([["b", READ]]))];
  await go(2000);
  for (const one of asked) expect((await one)?.said.get("b")).toBe("next");
  expect(given).toEqual([SEARCH, READ]);
  expect(rows().map(({ id, answer }) => [id, answer])).toEqual([
    ["bad search", "{}"],
    ["bad read", "{}"],
  ]);
  expect(problems).toHaveLength(2);
});

it("takes what is no answer for none", async () => {
  const { here, there, go, questions, rows } = two(() => Promise.resolve(""));
  await there.close();
  const asked = here.ask(new Map([["b", READ]]));
  await go(50);
  await questions.answer(rows()[0]?.id ?? "", "{");
  await go(500);
  expect(await asked).toEqual({ said: new Map(), heard: ["b"], silent: [] });
});

it("reads an answer once, however long another is waited for", async () => {
  const { here, there, go, questions } = two(() => Promise.resolve("of b"));
  const { answers } = questions;
  const lookedFor: number[] = [];
  questions.answers = (ids) => {
    lookedFor.push(ids.length);
    return answers(ids);
  };
  const asked = here.ask(
    new Map([
      ["b", READ],
      ["c", READ],
    ]),
  );
  await go(3100);
  expect(await asked).toEqual({ said: new Map([["b", "of b"]]), heard: ["b"], silent: ["c"] });
  expect(lookedFor.at(-1)).toBe(1);
  const first = lookedFor.indexOf(1);
  expect(lookedFor.slice(first).every((count) => count === 1)).toBe(true);
  await there.close();
});

it("waits for eight at once, and for further ones no longer than for an answer", async () => {
  const { here, there, go, rows } = two(() => Promise.resolve(""));
  await there.close();
  const asked = Array.from({ length: 12 }, () => here.ask(new Map([["b", READ]])));
  await go(100);
  expect(rows()).toHaveLength(8);
  await go(3000);
  await go(3100);
  const answers = await Promise.all(asked);
  expect(answers.map((one) => one?.silent)).toEqual([
    ...Array.from({ length: 8 }, () => ["b"]),
    ...Array.from({ length: 4 }, () => undefined),
  ]);
  expect(rows()).toEqual([]);
});

it("removes what askers that were killed have left", async () => {
  const { go, questions, rows, there, here } = two(() => Promise.resolve(""));
  await questions.ask([{ id: "1", log: "gone", lane: "search", body: JSON.stringify(SEARCH) }]);
  await go(29_000);
  expect(rows()).toHaveLength(1);
  await go(32_000);
  expect(rows()).toEqual([]);
  await Promise.all([there.close(), here.close()]);
});
