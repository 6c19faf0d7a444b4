// `npm run bench -- calm`: how much the gateway's main thread works while one request of an agent waits that does nothing
// wrong, under each attack of docs/security.md. CPU of that thread does not hang on what else the machine does, as a latency
// would: it is what one agent has to wait for because of another.
import path from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { root } from "@mayfly/testing/gateway.ts";
import {
  besiege as besiegePostgres,
  POSTGRES_ATTACKS,
  startStage as startPostgresStage,
} from "@mayfly/testing/postgres-siege.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { attacks } from "./attacks.ts";
import { besiege } from "./siege.ts";
import { startStage } from "./stage.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** How long each attack lasts at least. */
    seconds: { type: "string", default: "6" },
    /** The mayflyd.js of another checkout, to measure that one. */
    gateway: { type: "string" },
    /** A file for the raw figures, and one of an earlier run to show beside them. */
    out: { type: "string" },
    before: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const bin = values.gateway === undefined ? undefined : path.relative(root, path.resolve(values.gateway));
const isMeant = (name: string): boolean =>
  positionals.length === 0 || positionals.some((part) => name.includes(part));

/** What one attack showed. */
interface Row {
  readonly attack: string;
  /** CPU of the main thread while each request waited, milliseconds. */
  readonly cpu: readonly number[];
  readonly failed: number;
  readonly peakBytes: number;
}

/** The smallest of the values that so large a part of them does not exceed (nearest rank); NaN of none. */
function quantile(all: readonly number[], part: number): number {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** The 99th percentiles of an earlier run, by attack. */
function earlier(file: string | undefined): ReadonlyMap<string, number> {
  if (file === undefined) return new Map();
  const { rows: theirs } = JSON.parse(readFileSync(file, "utf8")) as { rows: readonly Row[] };
  return new Map(theirs.map(({ attack, cpu }) => [attack, quantile(cpu, 0.99)]));
}

const before = earlier(values.before);
const rows: Row[] = [];
const ms = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "" : `${value.toFixed(1)} ms`;

function say(row: Row): void {
  rows.push(row);
  const { attack, cpu, failed, peakBytes } = row;
  console.log(
    tableRow([
      attack,
      ms(before.get(attack)),
      ms(quantile(cpu, 0.99)),
      ms(quantile(cpu, 0.5)),
      ms(quantile(cpu, 1)),
      String(cpu.length),
      String(failed),
      `${Math.round(peakBytes / 1_048_576)} MiB`,
    ]),
  );
}

console.log(
  tableHead(["attack", "p99 before", "p99", "p50", "largest", "requests", "failed", "memory at most"]),
);
const web = Object.keys(attacks).filter(isMeant);
for (const name of web) {
  // Each against a gateway of its own: what one attack leaves is not the next one's.
  const stage = await startStage(bin);
  try {
    const { cpu, failed, peakBytes } = await besiege(stage, name, seconds);
    say({ attack: name, cpu, failed: failed.length, peakBytes });
  } catch (error) {
    console.log(tableRow([name, String(error)]));
  } finally {
    await stage.stop();
  }
}
for (const name of ["nothing", ...POSTGRES_ATTACKS].filter((each) => isMeant(`postgres: ${each}`))) {
  const stage = await startPostgresStage(bin);
  try {
    const { cpu, failed, peakBytes } = await besiegePostgres(stage, name, seconds, Number.POSITIVE_INFINITY);
    say({ attack: `postgres: ${name}`, cpu, failed: failed.length, peakBytes });
  } catch (error) {
    console.log(tableRow([`postgres: ${name}`, String(error)]));
  } finally {
    await stage.stop();
  }
}
if (values.out !== undefined)
  writeFileSync(values.out, `${JSON.stringify({ seconds, gateway: values.gateway, rows })}\n`);
