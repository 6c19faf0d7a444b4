import { afterAll, expect, it } from "vitest";
import { createWorkers } from "./workers.ts";

const module = new URL("./testing/pieces.ts", import.meta.url).href;
const workers = createWorkers(2, 1500);
afterAll(() => workers.close());
const work = (name: string, input?: unknown): { module: string; name: string; input: unknown } => ({
  module,
  name,
  input,
});

it("does work elsewhere, and tells nothing of what was thrown there", async () => {
  expect(await workers.run("a", work("twice", 21))).toEqual({ kind: "done", output: 42 });
  expect(await workers.run("a", work("fail"))).toEqual({ kind: "failed" });
  expect(await workers.run("a", work("nothing of that name"))).toEqual({ kind: "failed" });
});

it("ends a piece that takes too long, and one that takes too much memory, and works on", async () => {
  const slow = workers.run("a", work("forever"));
  // Another principal does not wait for it.
  expect(await workers.run("b", work("twice", 1))).toEqual({ kind: "done", output: 2 });
  expect(await slow).toEqual({ kind: "too slow" });
  expect(["too large", "too slow"]).toContain((await workers.run("a", work("hoard"))).kind);
  expect(await workers.run("a", work("twice", 2))).toEqual({ kind: "done", output: 4 });
  expect(workers.pieces).toBe(0);
});

it("does one piece of a principal at a time, lets so many wait, and forgets whoever has left", async () => {
  const gone = new AbortController();
  const slow = workers.run("a", work("forever"));
  const left = workers.run("a", work("twice", 1), gone.signal);
  const many = Array.from({ length: 80 }, (_, at) => workers.run("a", work("twice", at)));
  gone.abort();
  expect(await left).toEqual({ kind: "left" });
  const kinds = (await Promise.all(many)).map(({ kind }) => kind);
  expect(await slow).toEqual({ kind: "too slow" });
  expect(kinds.filter((kind) => kind === "done").length).toBeGreaterThan(60);
  expect(kinds.filter((kind) => kind === "busy").length).toBeGreaterThan(10);
});
