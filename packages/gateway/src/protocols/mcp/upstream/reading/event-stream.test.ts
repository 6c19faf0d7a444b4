import { createParser } from "eventsource-parser";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, it } from "vitest";
import { EventStream } from "./event-stream.ts";
import { AnswerTooLarge } from "./share.ts";

/** Text in pieces that end at the given places, of bytes. */
function split(text: string, ends: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const places = [...ends.map((end) => end % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.map((to, at) => Buffer.from(bytes.subarray(at === 0 ? 0 : places[at - 1], to)));
}

/** What a stream tells. */
function told(pieces: readonly Buffer[]): unknown[] {
  const all: unknown[] = [];
  const stream = new EventStream(undefined, {
    message: (value) => all.push(value),
    failed: () => all.push("no JSON"),
  });
  for (const piece of pieces) stream.push(piece);
  stream.end(() => all.push(stream.lastId, stream.retryMs));
  return all;
}

/** What the SDK's parser makes of it, whole. */
function expected(text: string): unknown[] {
  const all: unknown[] = [];
  let [lastId, retryMs]: [string | undefined, number | undefined] = [undefined, undefined];
  const parser = createParser({
    onEvent({ data, event }) {
      if (data === "" || (event ?? "message") !== "message") return;
      try {
        all.push(JSON.parse(data));
      } catch {
        all.push("no JSON");
      }
    },
    onRetry: (ms) => (retryMs = ms),
  });
  parser.feed(text);
  // It tells the place of an event with data alone.
  for (const event of text.split("\n\n").slice(0, -1)) {
    const id = event
      .split("\n")
      .findLast((line) => /^id(?::|$)/.test(line))
      ?.replace(/^id:? ?/, "");
    if (id !== undefined && /^[\x20-\x7e]{1,1024}$/.test(id)) lastId = id;
  }
  return [...all, lastId, retryMs];
}

const line = fc.oneof(
  fc.json().map((value) => `data: ${value}`),
  fc.json().map((value) => `data:${value}`),
  fc.constantFrom(
    "",
    "",
    "data",
    "data:",
    ":",
    ": note",
    "event: message",
    "event: other",
    "event",
    "id: e1",
    "id:é",
    "id",
    "retry: 7",
    "retry: x",
    "unknown: 1",
    " data: 1",
  ),
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.map((each) => `${each}\n`).join(""));

it("reads what the SDK reads, wherever the bytes are split and whatever lines end in", () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat(), { maxLength: 20 }),
      (written, end, ends) => {
        expect(told(split(written.replaceAll("\n", end), ends))).toEqual(expected(written));
      },
    ),
  );
});

it("has a bound for the events of an answer, and the lines of an event", () => {
  expect(() => told([Buffer.from("data: 1\n\n".repeat(10_000))])).not.toThrow();
  expect(() => told([Buffer.from("data: 1\n\n".repeat(10_001))])).toThrow(AnswerTooLarge);
  expect(() => told([Buffer.from(`${"data: 1\n".repeat(100_001)}\n`)])).toThrow(AnswerTooLarge);
});
