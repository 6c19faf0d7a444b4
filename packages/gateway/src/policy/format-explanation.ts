import { formatDuration } from "../kernel/durations.ts";
import { demandsInWords } from "./demands.ts";
import type { Described, ExplainedOffer, Explanation } from "./explain.ts";
import { list, printable } from "./printable.ts";
import type { ApprovalRule, Terms } from "./types.ts";

/** The longest line, columns. */
const LINE_COLUMNS = 100;
const indent = "    ";

/**
 * Writes an explanation for a terminal: aligned, in at most 100 columns where words allow, without colours, and
 * ending with a line break.
 */
export function formatExplanation(explanation: Explanation): string {
  const { principal, hasPerson, personGroups, shadow } = explanation;
  const theirs = personGroups.length === 0 ? "" : ` in ${list(personGroups, 20)}`;
  const acting = principal.kind === "agent" && hasPerson ? `, acting for a person${theirs}` : "";
  const groups = principal.groups.length === 0 ? "in no group" : `in ${list(principal.groups, 20)}`;
  const lines = [
    ...wrap(`${printable(principal.name)} (${principal.kind}${acting}), ${groups}`, ""),
    ...wrap(`${principal.subject} of ${principal.issuer}, through client ${principal.client}`, ""),
    "",
    ...reachInWords(explanation),
  ];
  if (shadow !== undefined)
    lines.push("", "If the policies in shadow decided, which they do not", "", ...reachInWords(shadow));
  return `${lines.join("\n")}\n`;
}

function reachInWords({ requestable, breakGlass, refused }: Explanation): readonly string[] {
  const lines = [
    requestable.length === 0 ? "May request nothing." : "May request",
    ...offersInWords(requestable),
  ];
  if (breakGlass.length > 0) {
    lines.push("", "May break glass for, in an emergency: at once, and everybody hears of it");
    lines.push(...offersInWords(breakGlass));
  }
  if (refused.length > 0) lines.push("", "May not request");
  for (const refusal of refused) {
    lines.push(`  ${nameOf(refusal)}`, ...described(refusal));
    for (const reason of refusal.reasons) lines.push(...wrap(reason, indent));
  }
  return lines;
}

/** Operations with their terms, aligned. */
function offersInWords(offers: readonly ExplainedOffer[]): readonly string[] {
  const lines: string[] = [];
  const width = Math.max(0, ...offers.map((offer) => nameOf(offer).length));
  for (const offer of offers) {
    const name = nameOf(offer).padEnd(width);
    const [first = "", ...more] = wrap(
      termsInWords(offer.terms),
      " ".repeat(Math.min(width, LINE_COLUMNS / 2) + 4),
    );
    lines.push(`  ${name}  ${first.trimStart()}`, ...more);
    lines.push(...described(offer));
    for (const condition of offer.conditions)
      lines.push(...wrap(`${condition.kind} ${condition.text}`, indent));
    for (const reason of offer.reasons) lines.push(...wrap(reason, indent));
  }
  return lines;
}

function nameOf({
  connection,
  operation,
}: {
  readonly connection: string;
  readonly operation: string;
}): string {
  return printable(`${connection}/${operation}`);
}

/** An operation may have no description, and a low risk is not worth a line. */
function described({ description, risk }: Described): readonly string[] {
  const text = `${description}${risk === "low" ? "" : ` (${risk} risk)`}`.trim();
  return text === "" ? [] : wrap(text, indent);
}

/** `for 5m, at most 15m, at once, with a lease` */
function termsInWords(terms: Terms): string {
  const { defaultTtl, maxTtl, approval } = terms;
  const bound = defaultTtl === maxTtl ? "at most" : `for ${formatDuration(defaultTtl)}, at most`;
  const how = approval === undefined ? "at once" : approvalInWords(approval);
  return `${bound} ${formatDuration(maxTtl)}, ${how}${demandsInWords(terms)}`;
}

function approvalInWords({ by, count, within, escalate, freshSignIn, refusals }: ApprovalRule): string {
  const approvals = count === 1 ? "one approval" : `${count} approvals`;
  return [
    `after ${approvals} by ${list(by)}, within ${formatDuration(within)}`,
    ...(escalate === undefined
      ? []
      : [`after ${formatDuration(escalate.after)} by ${list(escalate.to)} as well`]),
    ...(freshSignIn === undefined
      ? []
      : [`by reviewers who signed in within the last ${formatDuration(freshSignIn)}`]),
    ...(refusals === 1 ? [] : [`ended by ${refusals} refusals`]),
  ].join(", ");
}

/** Wraps a text at words; a word longer than a line is kept whole, so that it can be copied. */
function wrap(text: string, prefix: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text.trim().replace(/\s+/gu, " "), 2_000).split(" ")) {
    if (line !== "" && prefix.length + line.length + 1 + word.length > LINE_COLUMNS) {
      lines.push(prefix + line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, prefix + line];
}
