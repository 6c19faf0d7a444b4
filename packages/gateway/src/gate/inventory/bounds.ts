import type { SetApart } from "./inventory.ts";

/** The most operations that are proposed, and the most entries of what is set apart: nobody reads more. */
export const MAX_OPERATIONS = 500;
const MAX_APART = 200;

/** Why what is beyond them is set apart. */
export const TOO_MANY = "there are too many operations for anybody to read";

/** What is set apart, the most frequent first, with what is beyond the bound counted together. */
export function boundedApart(apart: readonly SetApart[]): readonly SetApart[] {
  const sorted = apart.toSorted((one, other) => other.evidence.times - one.evidence.times);
  const further = sorted.slice(MAX_APART).reduce((sum, { evidence }) => sum + evidence.times, 0);
  const rest = { kinds: sorted.length - MAX_APART, times: further, by: new Map<string, number>() };
  return [
    ...sorted.slice(0, MAX_APART),
    ...(further === 0
      ? []
      : [{ reason: "further reasons, of which there are too many", evidence: rest, examples: [] }]),
  ];
}
