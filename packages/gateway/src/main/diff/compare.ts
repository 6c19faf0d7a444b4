import { settingNames } from "../../configuration/changes.ts";
import type { Configuration, ConnectionConfiguration } from "../../configuration/types.ts";
import { compareReach } from "../../gate/reach.ts";
import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { changedMembers, differ, type Differ } from "./differ.ts";
import type { Finding } from "./finding.ts";
import { compareIdentity } from "./identity.ts";
import { isStillForbidden, openedBy, termsInWords, waysTo, whoOf, type Way } from "./ways.ts";

/**
 * What a change of the configuration comes to: who can reach what they could not before, for whom it became easier, and the
 * same the other way round. What cannot be told from the files is `unclear`, and never left out.
 */
export function compareConfigurations(
  fileBefore: Configuration,
  fileAfter: Configuration,
  protocols: readonly AnyProtocol[],
): readonly Finding[] {
  const differs = differ(fileBefore, fileAfter);
  const [before, after] = [withoutShadows(fileBefore), withoutShadows(fileAfter)];
  const findings: Finding[] = [...compareIdentity(before.identity, after.identity, differs)];
  for (const connection of both(before.connections, after.connections)) {
    const [was, is] = [before.connections.get(connection), after.connections.get(connection)];
    if (was !== undefined && is !== undefined) findings.push(...compareTargets(was, is, differs));
    for (const operation of both(was?.operations ?? new Map(), is?.operations ?? new Map())) {
      const ways = [before, after].map(({ connections, policies }) =>
        connections.get(connection)?.operations.has(operation) === true
          ? waysTo(policies, connection, operation)
          : [],
      ) as [readonly Way[], readonly Way[]];
      const on = `${connection}/${operation}`;
      findings.push(...compareWays(on, ...ways));
      findings.push(...compareForbids(before, after, connection, operation, ways));
      if (was !== undefined && is !== undefined)
        findings.push(...compareScopes(was, is, operation, ways[1], protocols, differs));
    }
  }
  const shadows = [fileBefore, fileAfter].map(({ policies }) => policies.filter(isInShadow));
  if (differs(shadows[0], shadows[1]))
    findings.push({ kind: "other", on: "policies in shadow", what: "changed, and decide nothing" });
  return [...findings, ...otherChanges(before, after, differs)];
}

const isInShadow = ({ shadow }: PolicyEntry): boolean => shadow === true;

/** Policies in shadow let nothing through. */
function withoutShadows(configuration: Configuration): Configuration {
  return { ...configuration, policies: configuration.policies.filter((each) => !isInShadow(each)) };
}

function both<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): ReadonlySet<string> {
  return new Set([...before.keys(), ...after.keys()]);
}

function compareWays(on: string, before: readonly Way[], after: readonly Way[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const way of after) {
    const opened = openedBy(way, before);
    if (opened === "anew")
      findings.push({
        kind: "wider",
        who: whoOf(way),
        on,
        what: `can request it now: ${termsInWords(way.entry)}`,
      });
    else if (opened.length > 0)
      findings.push({ kind: "wider", who: whoOf(way), on, what: `can request it ${opened.join(", ")}` });
  }
  for (const way of before) {
    const lost = openedBy(way, after);
    if (lost === "anew")
      findings.push({ kind: "narrower", who: whoOf(way), on, what: "can no longer request it" });
    else if (lost.length > 0)
      findings.push({
        kind: "narrower",
        who: whoOf(way),
        on,
        what: `can no longer request it ${lost.join(", ")}`,
      });
  }
  return findings;
}

function compareForbids(
  before: Configuration,
  after: Configuration,
  connection: string,
  operation: string,
  [was, is]: readonly [readonly Way[], readonly Way[]],
): readonly Finding[] {
  const gone = (
    kind: "wider" | "narrower",
    one: Configuration,
    other: Configuration,
    what: string,
  ): readonly Finding[] =>
    one.policies
      .filter((each) => each.forbid && each.connection === connection && each.operations.includes(operation))
      .filter((each) => !isStillForbidden(each, connection, operation, other.policies))
      .map(({ name, groups, when }) => ({
        kind,
        who: groups.join(", "),
        on: `${connection}/${operation}`,
        what: `${what} by policy ${name}${when === undefined ? "" : ` while ${when.trim()}`}`,
      }));
  return [
    ...(is.length === 0 ? [] : gone("wider", before, after, "no longer forbidden")),
    ...(was.length === 0 ? [] : gone("narrower", after, before, "forbidden")),
  ];
}

function compareTargets(
  was: ConnectionConfiguration,
  is: ConnectionConfiguration,
  differs: Differ,
): readonly Finding[] {
  const on = was.name;
  if (was.kind !== is.kind)
    return [{ kind: "unclear", on, what: `is another kind of target: ${is.kind}, where it was ${was.kind}` }];
  const members = changedMembers(Object(was.target), Object(is.target), differs);
  if (members.length === 0) return [];
  return [{ kind: "unclear", on, what: `leads elsewhere or otherwise: ${members.join(", ")} changed` }];
}

function compareScopes(
  was: ConnectionConfiguration,
  is: ConnectionConfiguration,
  name: string,
  ways: readonly Way[],
  protocols: readonly AnyProtocol[],
  differs: Differ,
): readonly Finding[] {
  const [before, after] = [was.operations.get(name), is.operations.get(name)];
  if (before === undefined || after === undefined || before.digest === after.digest) return [];
  const on = `${is.name}/${name}`;
  const who = ways.length === 0 ? "nobody may request it" : [...new Set(ways.map(whoOf))].join(", ");
  const findings: Finding[] = [];
  if (before.risk !== after.risk)
    findings.push({
      kind: riskOf(after.risk) < riskOf(before.risk) ? "wider" : "narrower",
      on,
      what: `its risk is ${after.risk}, where it was ${before.risk}`,
    });
  const protocol = protocols.find(({ kind }) => kind === is.kind);
  if (was.kind !== is.kind || protocol?.reach === undefined) {
    if (differs(before.scope, after.scope))
      findings.push({ kind: "unclear", who, on, what: "its scope changed" });
    return findings;
  }
  const { more, less } = compareReach(protocol.reach(before.scope), protocol.reach(after.scope));
  if (more.length > 0) findings.push({ kind: "wider", who, on, what: `its scope grew: ${more.join("; ")}` });
  if (less.length > 0)
    findings.push({ kind: "narrower", who, on, what: `its scope shrank: ${less.join("; ")}` });
  return findings;
}

const riskOf = (risk: "low" | "medium" | "high"): number => ["low", "medium", "high"].indexOf(risk);

/** Settings that change how the gateway runs, not who may request what; by their names in the file. */
const settings = {
  ...settingNames,
  limits: "limits",
  shutdown: "shutdown",
  telemetry: "telemetry",
  notifications: "notifications",
  export: "export",
} as const satisfies Partial<Record<keyof Configuration, string>>;

function otherChanges(before: Configuration, after: Configuration, differs: Differ): readonly Finding[] {
  return changedMembers(before, after, differs).flatMap((member): readonly Finding[] => {
    const name = settings[member as keyof typeof settings] as string | undefined;
    return name === undefined ? [] : [{ kind: "other", on: name, what: "changed" }];
  });
}
