import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import type { RefusedActs } from "./refusals.ts";
import { counted, countOf, evidenceWords } from "./words.ts";

/** How many kinds of acts are shown of one reason. */
const MAX_SHOWN = 10;

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
      escapeInvisible(rule),
      `  ${escapeInvisible(message)}`,
      `  ${evidenceWords(evidence)}`,
      ...shownActs(acts, evidence.times, shown),
    ]),
  ].join("\n");
}

/** Acts of one reason, the most frequent first, with how often where there are several. @param times of all that were refused for it */
function shownActs(
  acts: RefusedActs["acts"],
  times: number,
  shown: (act: string) => string,
): readonly string[] {
  const lines = [...Map.groupBy(acts, (each) => escapeInvisible(shown(each.act)))]
    .map(([text, all]) => ({ text, times: all.reduce((sum, each) => sum + each.times, 0) }))
    .toSorted((one, other) => other.times - one.times);
  const named = lines.slice(0, MAX_SHOWN);
  const rest = times - named.reduce((sum, each) => sum + each.times, 0);
  if (lines.length === 1 && rest === 0) return [`    ${lines[0]?.text}`];
  return [
    ...named.map((each) => `    ${each.text} (${countOf(each.times, "time")})`),
    ...(rest === 0 ? [] : [`    and others (${countOf(rest, "time")})`]),
  ];
}
