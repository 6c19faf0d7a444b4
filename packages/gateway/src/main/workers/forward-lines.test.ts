import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { forwardLines } from "./forward-lines.ts";

async function forwarded(...chunks: readonly string[]): Promise<readonly string[]> {
  const from = new PassThrough();
  const lines: string[] = [];
  forwardLines(from, { write: (line) => void lines.push(line) });
  for (const chunk of chunks) from.write(chunk);
  from.end();
  await new Promise((resolve) => from.once("close", resolve));
  return lines;
}

test("whole lines go on, however they come, and what a process died over", async () => {
  expect(await forwarded('{"a', '":1}\n{"b":2}\n', "Error: ", "at")).toEqual([
    '{"a":1}\n',
    '{"b":2}\n',
    "Error: at\n",
  ]);
});

test("a line without an end does not fill the memory", async () => {
  const lines = await forwarded(...Array.from({ length: 40 }, () => "x".repeat(65_536)));
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(1_048_576 + 65_537);
  expect(lines.join("").replaceAll("\n", "")).toHaveLength(40 * 65_536);
});
