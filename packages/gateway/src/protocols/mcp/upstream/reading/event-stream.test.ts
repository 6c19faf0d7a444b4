import fc from "@mayfly/testing/fast-check.ts";
import { expect, it } from "vitest";
import { EventStream } from "./event-stream.ts";

/** What a stream tells, taken in pieces that end at the given places. */
function told(bytes: Buffer, ends: readonly number[]): unknown[] {
  const all: unknown[] = [];
  const stream = new EventStream(undefined, {
    message: (value) => all.push(value),
    failed: (error) => all.push(error),
  });
  const places = [...ends.map((end) => end % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    stream.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
  }
  stream.end(() => all.push("end", stream.lastId, stream.retryMs));
  return all;
}

it("tells the same events wherever their bytes are split, in lines that end in LF or CRLF", () => {
  const event = fc.record({
    id: fc.constantFrom(undefined, "e1", "é"),
    value: fc.json(),
    name: fc.constantFrom(undefined, "message", "other"),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 5 }),
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.nat(), { maxLength: 20 }),
      (events, end, ends) => {
        const lines = events.flatMap(({ id, value, name }) => [
          ":",
          ...(id === undefined ? [] : [`id: ${id}`]),
          ...(name === undefined ? [] : [`event: ${name}`]),
          `data: ${value}`,
          "",
        ]);
        const bytes = Buffer.from(["retry: 7", "", ...lines, ""].join(end));
        const last = events.findLast(({ id }) => id !== undefined)?.id;
        const heard = events
          .filter(({ name }) => name !== "other")
          .map(({ value }) => JSON.parse(value) as unknown);
        expect(told(bytes, ends)).toEqual([...heard, "end", last, 7]);
      },
    ),
  );
});
