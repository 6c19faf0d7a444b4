/**
 * The units that PostgreSQL's time settings take, from the largest down, each with its milliseconds (manual, "Parameter
 * Names and Values").
 */
const units: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
  ["ms", 1],
  ["us", 1 / 1000],
];
/** PostgreSQL's settings are 32-bit numbers. */
const MAX_SETTING = 2_147_483_647;

/** C's `rint`: halves go to the even neighbour. */
function halfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** As the server converts it (guc.c, `convert_to_base_unit`): what has a unit is whole in the next smaller one first. */
function inMilliseconds(count: number, unit: string): number | undefined {
  const at = units.findIndex(([name]) => name === unit);
  const [, ms] = units[at] ?? [];
  if (ms === undefined) return undefined;
  const [, smaller] = units[at + 1] ?? [];
  return smaller === undefined ? count * ms : halfEven((count * ms) / smaller) * smaller;
}

/**
 * How long a time setting's value is: `5000`, `5s`, `1.5 min`. It is rounded as the server rounds (guc.c, `parse_int`): a
 * time that is rounded to nothing switches a time-out off, and one that is rounded up lasts longer than it says.
 * @returns milliseconds; undefined for what is no such time, negative, more than a setting holds, or begins with a zero:
 * the server would read it as octal
 */
export function durationMs(text: string): number | undefined {
  const form = /^[ \t\n\r\f]*((?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)[ \t\n\r\f]*(us|ms|s|min|h|d)?[ \t\n\r\f]*$/u;
  const [, count, unit] = form.exec(text) ?? [];
  if (count === undefined) return undefined;
  const exact = unit === undefined ? Number(count) : inMilliseconds(Number(count), unit);
  if (exact === undefined) return undefined;
  const ms = halfEven(exact);
  return ms > MAX_SETTING ? undefined : ms;
}
