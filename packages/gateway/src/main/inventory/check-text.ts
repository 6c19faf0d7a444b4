import type { RefusedActs } from "./refusals.ts";
import { counted, countOf, evidenceWords } from "./words.ts";

/** How many kinds of acts are shown of one reason. */
const MAX_SHOWN = 5;

/** What a configuration would make of acts, for people. */
export function checkText(
  connection: string,
  act: string,
  shown: (act: string) => string,
  {
    covered,
    refused,
    unread,
    all,
  }: {
    readonly covered: number;
    readonly refused: number;
    readonly unread: number;
    readonly all: readonly RefusedActs[];
  },
): string {
  const total = covered + refused;
  const share = total === 0 ? 0 : (100 * refused) / total;
  return [
    `${connection}: ${countOf(total, act)}, ${counted(covered)} covered, ${counted(refused)} refused (${share.toFixed(2)} %)`,
    ...(unread === 0
      ? []
      : [`${counted(unread)} more could not be read: nobody knows what they would come to`]),
    ...all.flatMap(({ rule, message, evidence, acts }) => [
      "",
      rule,
      `  ${message}`,
      `  ${evidenceWords(evidence)}`,
      ...[...new Set(acts.slice(0, MAX_SHOWN).map((each) => shown(each.act)))].map((each) => `    ${each}`),
    ]),
  ].join("\n");
}
