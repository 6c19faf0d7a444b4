import type { Finding, FindingKind } from "./finding.ts";

/** The parts of a report, in the order in which they are read. */
const headings: readonly (readonly [FindingKind, string])[] = [
  ["wider", "Wider: more may be done, or less is asked for it"],
  ["unclear", "Unclear: whether this lets more through, the files do not tell"],
  ["narrower", "Narrower: less may be done, or more is asked for it"],
  ["other", "Other settings"],
];

/** Findings that say the same of several operations, or of several requesters, as one. */
export function joined(findings: readonly Finding[]): readonly Finding[] {
  const join = (all: readonly Finding[], member: "who" | "on"): readonly Finding[] => {
    const key = (each: Finding): string => JSON.stringify({ ...each, [member]: [] });
    return Array.from(Map.groupBy(all, key).values(), (same) => {
      const [first] = same as [Finding, ...Finding[]];
      return { ...first, [member]: [...new Set(same.flatMap((each) => each[member]))] };
    });
  };
  return join(join(findings, "who"), "on");
}

function count(findings: readonly Finding[], kind: FindingKind): number {
  return findings.filter((each) => each.kind === kind).length;
}

/** `2 wider, 1 unclear, 0 narrower` */
export function countsOf(findings: readonly Finding[]): string {
  return (["wider", "unclear", "narrower"] as const)
    .map((kind) => `${count(findings, kind)} ${kind}`)
    .join(", ");
}

/** On one line, so that a text of the file's author forges none. */
function flat(text: string): string {
  return text.replace(/\s+/gu, " ").trim() || "(blank)";
}

/** Names, each seen as one. */
function list(names: readonly string[]): string {
  return names.map(flat).join(", ");
}

/** For a terminal. */
export function formatText(findings: readonly Finding[]): string {
  const lines: string[] = [];
  for (const [kind, heading] of headings) {
    const mine = findings.filter((each) => each.kind === kind);
    if (mine.length === 0) continue;
    lines.push(heading);
    for (const { who, on, what } of mine) {
      lines.push(who.length === 0 ? `  ${list(on)}` : `  ${list(on)}: ${list(who)}`);
      lines.push(`    ${flat(what)}`);
    }
    lines.push("");
  }
  lines.push(findings.length === 0 ? "nothing changed" : countsOf(findings));
  return `${lines.join("\n")}\n`;
}

/** Text of a file's author as code, so that nothing in it is read as Markdown (CommonMark, section 6.1). */
function code(text: string): string {
  const line = flat(text);
  const longest = Math.max(0, ...Array.from(line.matchAll(/`+/gu), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = /^`|`$/u.test(line) ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}

/** For a comment at a pull request. */
export function formatMarkdown(findings: readonly Finding[]): string {
  const lines = [`### Reach: ${findings.length === 0 ? "nothing changed" : countsOf(findings)}`, ""];
  for (const [kind, heading] of headings) {
    const mine = findings.filter((each) => each.kind === kind);
    if (mine.length === 0) continue;
    lines.push(`**${heading}**`, "");
    for (const { who, on, what } of mine)
      lines.push(`- ${code(list(on))}${who.length === 0 ? "" : ` ${code(list(who))}`}: ${code(what)}`);
    lines.push("");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
