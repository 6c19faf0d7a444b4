import { settingNames } from "../../configuration/changes.ts";
import type { Configuration } from "../../configuration/types.ts";
import { changedMembers, type Differ } from "./differ.ts";
import { finding, type Finding, type FindingKind } from "./finding.ts";

/** What is compared elsewhere, or is no setting. */
type Elsewhere = "file" | "files" | "digest" | "identity" | "connections" | "policies";

/** All other members by their names in the file: they change how the gateway runs, and not who may request what. */
const names = {
  ...settingNames,
  limits: "limits",
  shutdown: "shutdown",
  telemetry: "telemetry",
  notifications: "notifications",
  export: "export",
} as const satisfies Record<Exclude<keyof Configuration, Elsewhere>, string>;

/** Where grants, approvals and lock-downs are kept: what another one holds, no file tells. */
const kept: ReadonlySet<string> = new Set(["store", "data"]);

/** Which risks may be decided inside Slack. */
export const decidedInSlack = ({ notifications }: Configuration): readonly string[] =>
  notifications.slack?.decide?.risks ?? [];

/** All that is neither identity, connection nor policy. */
export function compareSettings(
  before: Configuration,
  after: Configuration,
  differs: Differ,
): readonly Finding[] {
  const findings = changedMembers(before, after, differs).flatMap((member): readonly Finding[] => {
    const name = names[member as keyof typeof names] as string | undefined;
    if (name === undefined) return [];
    const kind: FindingKind = kept.has(name) ? "unclear" : "other";
    return [finding(kind, name, "changed")];
  });
  return [...findings, ...compareSlack(before, after, differs)];
}

/** Whoever Slack says pressed a button has decided. */
function compareSlack(before: Configuration, after: Configuration, differs: Differ): readonly Finding[] {
  const [was, is] = [decidedInSlack(before), decidedInSlack(after)];
  const on = "notifications.slack";
  const more = is.filter((risk) => !was.includes(risk));
  if (more.length > 0)
    return [finding("wider", on, `requests of ${more.join(" and ")} risk may be decided inside Slack now`)];
  if (is.length === 0) return [];
  const members = changedMembers(before.notifications.slack ?? {}, after.notifications.slack ?? {}, differs);
  const others = members.filter((member) => member !== "decide");
  return others.length === 0
    ? []
    : [finding("unclear", on, `who decides inside Slack: ${others.join(", ")} changed`)];
}
