import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createRecorder } from "./recording.ts";

/** A recorder whose clock the test moves, and what it kept. */
function make(maxLength?: number, goesOn: () => boolean = () => true) {
  let at = 1000;
  const kept = new Map<string, string>();
  const recorder = createRecorder({
    payload(bytes) {
      const payload = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      kept.set(payload, bytes.toString("utf8"));
      return { bytes: bytes.length, payload };
    },
    goesOn,
    now: () => at,
    startedAt: 1_700_000_000_500,
    argv: ["sh", "-c", "top"],
    ...(maxLength === undefined ? {} : { maxLength }),
  });
  const end = () => {
    const told = recorder.end() as Record<string, { parts: { payload: string }[] } | undefined>;
    const cast = (which: string): unknown[] =>
      (told[which]?.parts.map(({ payload }) => kept.get(payload) ?? "").join("") ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown);
    return { told, cast };
  };
  return { recorder, end, later: (ms: number) => (at += ms) };
}

test("output and input are two asciicasts, with the terminal's size and the time of each event", () => {
  const { recorder, end, later } = make();
  recorder.size(0, 0);
  recorder.size(120, 40);
  recorder.output(Buffer.from("$ "), "stdout");
  later(1250);
  recorder.input(Buffer.from("ls\r"));
  recorder.size(100, 30);
  const { cast } = end();
  const head = { version: 2, width: 120, height: 40, timestamp: 1_700_000_000, title: "sh -c top" };
  expect(cast("output")).toEqual([head, [0, "o", "$ "], [1.25, "r", "100x30"]]);
  expect(cast("input")).toEqual([head, [1.25, "i", "ls\r"]]);
});

test("a character that comes in two pieces is one, in each stream by itself", () => {
  const { recorder, end } = make();
  const [first, rest] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
  recorder.output(first, "stdout");
  recorder.output(Buffer.from("!"), "stderr");
  recorder.output(rest, "stdout");
  expect(end().cast("output").slice(1)).toEqual([
    [0, "o", "!"],
    [0, "o", "é"],
  ]);
});

test("where no more may be recorded it stops, and what has passed is kept", () => {
  let isOpen = true;
  const { recorder, end } = make(undefined, () => isOpen);
  const chunk = "x".repeat(100_000);
  const write = (): void => recorder.output(Buffer.from(chunk), "stdout");
  for (let times = 0; times < 4; times += 1) write();
  isOpen = false;
  write();
  expect(write).toThrow("recording_stopped");
  expect(end().cast("output").slice(1)).toEqual(Array.from({ length: 6 }, () => [0, "o", chunk]));
});

test("what is long is kept in parts, and what is too long is refused: nothing passes unrecorded", () => {
  const { recorder, end } = make(1_000_000);
  let passed = 0;
  const write = (): void => {
    recorder.output(Buffer.alloc(50_000, "x"), "stdout");
    passed += 1;
  };
  expect(() => {
    for (let i = 0; i < 30; i += 1) write();
  }).toThrow("recording_full");
  expect(write).toThrow("recording_full");
  recorder.input(Buffer.from("typed"));
  const { told, cast } = end();
  expect(told["output"]?.parts.length).toBeGreaterThan(2);
  expect(passed).toBeGreaterThan(10);
  expect(cast("output")).toHaveLength(passed + 1);
  expect(cast("input")).toHaveLength(2);
});
