// Texts of statements of so many bytes: values behind IN.
import { cpuOf, withFolder } from "./measure.ts";
import { relayed } from "./relayed.ts";
import { done, query, row, rowDescription } from "./wire.ts";
import { printRows, rowsAt, us } from "./table.ts";

const answer = [Buffer.concat([rowDescription, row, ...done])];

/** A text of its own each time. */
function textOf(bytes: number, at: number): string {
  const head = `select status as s${at} from orders_0 where id in (`;
  const values = Math.max(1, Math.floor((bytes - head.length - 1) / 7));
  return `${head}${Array.from({ length: values }, (_, value) => 100_000 + value).join(",")})`;
}

const sizes = [100, 10_000, 100_000, 1_000_000];
const rows = await rowsAt(sizes, (size) =>
  withFolder(async (folder) => {
    const relay = await relayed(folder);
    const fresh = await cpuOf({
      whose: "process",
      run: (at) => relay.exchange(query(textOf(size, at)), answer),
    });
    const made = await cpuOf({ run: (at) => query(textOf(size, at)) });
    const same = query(textOf(size, 0));
    const again = await cpuOf({ whose: "process", run: () => relay.exchange(same, answer) });
    await relay.close();
    return { "a new text": us(fresh - made), "the same text again": us(again) };
  }),
);
printRows("bytes of a statement", rows);
process.exit();
