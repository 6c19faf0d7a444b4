// Rows of one result, which arrive in reads of 64 KiB.
import { cpuOf, withFolder } from "./measure.ts";
import { relayed } from "./relayed.ts";
import { done, query, row, rowDescription } from "./wire.ts";
import { printRows, rowsAt, us } from "./table.ts";

const READ_BYTES = 65_536;
const asked = query("select status from orders_0");

/** A result as it is read off the socket: messages are split anywhere. */
function answerOf(rows: number): readonly Buffer[] {
  const whole = Buffer.concat([rowDescription, ...Array.from({ length: rows }, () => row), ...done]);
  const reads: Buffer[] = [];
  for (let at = 0; at < whole.length; at += READ_BYTES) reads.push(whole.subarray(at, at + READ_BYTES));
  return reads;
}

const rows = await rowsAt([1, 1000, 100_000, 1_000_000], (size) =>
  withFolder(async (folder) => {
    const relay = await relayed(folder);
    const answer = answerOf(size);
    const result = await cpuOf({ run: () => relay.exchange(asked, answer) });
    await relay.close();
    return { "a statement and its result": us(result) };
  }),
);
printRows("rows of a result", rows);
process.exit();
