// `npm run fuzz -- NAME [--count N] [--seconds N] [--seed N]`: one fuzzer, or all of them in turn.
import { parseArgs } from "node:util";
import { columns } from "./columns.ts";
import type { Fuzzer } from "./fuzzer.ts";

const fuzzers: Readonly<Record<string, Fuzzer>> = { columns };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string" }, seconds: { type: "string" }, seed: { type: "string" } },
});

function whole(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} needs a whole number`);
  return value;
}

const names = positionals.length === 0 ? Object.keys(fuzzers) : positionals;
let held = true;
for (const name of names) {
  const fuzzer = fuzzers[name];
  if (fuzzer === undefined)
    throw new Error(`there is no fuzzer ${name}: there is ${Object.keys(fuzzers).join(", ")}`);
  const seconds = whole(values.seconds, "seconds");
  const count =
    whole(values.count, "count") ?? (seconds === undefined ? fuzzer.count : Number.POSITIVE_INFINITY);
  const seed = whole(values.seed, "seed") ?? Math.floor(Math.random() * 2 ** 31);
  const started = performance.now();
  const passed = (): number => (performance.now() - started) / 1000;
  const until = seconds === undefined ? `${count} ${fuzzer.counted}` : `${seconds} s`;
  console.log(`${name}: seed ${seed}, until ${until}`);
  const good = await fuzzer.run({
    seed,
    isEnough: (tries) => tries >= count || (seconds !== undefined && passed() >= seconds),
    print: (line) => console.log(line),
  });
  console.log(`${good ? "ok  " : "FAIL"} ${name} (seed ${seed}, ${passed().toFixed(1)} s)`);
  held &&= good;
}
process.exitCode = held ? 0 : 1;
