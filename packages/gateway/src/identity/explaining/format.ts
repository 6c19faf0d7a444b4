import type { Principal } from "../principal.ts";
import { kindWords } from "./kind.ts";
import type { CheckFinding, TokenExplanation } from "./explain-token.ts";
import { displayValue } from "./display-value.ts";

const states: Readonly<Record<CheckFinding["state"], string>> = {
  passes: "passes",
  fails: "FAILS",
  not_checked: "not checked",
};

const sources: Readonly<Record<NonNullable<Principal["groupsFrom"]>, string>> = {
  token: "from the token's claim",
  directory: "from the directory",
  okta: "from Okta's API",
};

/** Writes an explanation for a terminal, without colours; each section begins with its name. */
export function formatTokenExplanation(explanation: TokenExplanation): readonly string[] {
  const { checks, header, claims, who, hints, notes } = explanation;
  const isSigned = checks.some((check) => check.name === "signature" && check.state === "passes");
  const name = widest(checks.map((each) => each.name));
  const lines = [headline(explanation), kindLine(explanation)];
  if (hints.length > 0) lines.push("", "To change", ...hints.map((hint) => `  - ${hint}`));
  lines.push("", "Checks");
  for (const { state, expected, found, why, ...check } of checks) {
    const start = `  ${states[state].padEnd(11)}  ${check.name.padEnd(name)}  `;
    if (state === "passes") lines.push(`${start}${found}`);
    else if (state === "not_checked") lines.push(`${start}${why ?? found}`);
    else {
      const below = " ".repeat(start.length);
      lines.push(`${start}${why ?? ""}`, `${below}expected ${expected}`, `${below}found    ${found}`);
    }
  }
  const members = [...header, ...claims];
  if (members.length > 0) {
    const names = widest(members.map((each) => each.name));
    const values = Math.min(widest(members.map((each) => each.value)), 56);
    const row = (each: (typeof members)[number]): string =>
      `  ${each.name.padEnd(names)}  ${each.value.padEnd(values)}  ${each.about}`;
    lines.push("", "Header", ...header.map(row), "", "Claims", ...claims.map(row));
  }
  if (who !== undefined)
    lines.push("", isSigned ? "Who" : "Who, as the claims say: no signature proves it", ...whoLines(who));
  if (notes.length > 0) lines.push("", "Worth knowing", ...notes.map((note) => `  - ${note}`));
  return lines;
}

function headline({ verdict, why }: TokenExplanation): string {
  if (verdict === "accepted") return "Accepted: this token passes every check.";
  if (verdict === "unless_forged")
    return "Would be accepted if its signature is good: that was not checked, and anybody can write such claims.";
  return `Refused: ${why ?? "it does not pass"}.`;
}

function kindLine({ kind, heldAgainst }: TokenExplanation): string {
  if (kind === "unreadable") return "It cannot be read, so nothing else is known of it.";
  const against =
    heldAgainst === undefined
      ? "; no configured issuer is like its own, so what depends on one is not checked"
      : `, held against the provider ${heldAgainst}`;
  return `It is ${kindWords[kind]}${against}.`;
}

function whoLines(who: Principal): readonly string[] {
  const { kind, name, client, subject, uid, person, owner, groups, groupsFrom, actors, roles } = who;
  const rows: [string, string][] = [[kind, name === client ? client : `${name}, client ${client}`]];
  if (uid !== undefined) rows.push(["id", uid]);
  if (person !== undefined)
    rows.push(["acts for", `${person.subject} (person${person.uid === undefined ? "" : `, ${person.uid}`})`]);
  else if (kind === "agent" && subject !== client) rows.push(["acts for", `${subject} (machine)`]);
  if (actors.length > 1) rows.push(["called by", actors.slice(1).join(", then ")]);
  if (owner !== undefined) rows.push(["owner", owner]);
  rows.push([
    "groups",
    groups.length === 0 ? "none" : `${groups.join(", ")} (${sources[groupsFrom ?? "directory"]})`,
  ]);
  if (person?.groups !== undefined)
    rows.push([
      "person's groups",
      person.groups.length === 0 ? "none" : `${person.groups.join(", ")} (from the token's claim)`,
    ]);
  if (roles.length > 0) rows.push(["roles", roles.join(", ")]);
  const width = widest(rows.map(([what]) => what));
  return rows.map(([what, value]) => `  ${what.padEnd(width)}  ${displayValue(value)}`);
}

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
