import type {
  Configuration,
  ConnectionConfiguration,
  OperationConfiguration,
} from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { compareReach } from "../../gate/reach.ts";
import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import { changedMembers, differ, type Differ } from "./differ.ts";
import { finding, type Finding } from "./finding.ts";
import { compareIdentity } from "./identity.ts";
import { comparePolicies } from "./policies.ts";
import { compareSettings, decidedInSlack } from "./settings.ts";
import { waysOf, whoOf } from "./ways.ts";

/** Two configurations, and how their values are compared. */
interface Pair {
  readonly before: Configuration;
  readonly after: Configuration;
  readonly differs: Differ;
}

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
  const pair = { before, after, differs };
  const findings: Finding[] = [...compareIdentity(before, after, differs)];
  for (const connection of both(before.connections, after.connections)) {
    const [was, is] = [before.connections.get(connection), after.connections.get(connection)];
    if (was !== undefined && is !== undefined) findings.push(...compareTargets(was, is, differs));
    for (const operation of both(was?.operations, is?.operations)) {
      const [were, are] = [before, after].map((each) => policiesAbout(each, connection, operation));
      findings.push(...comparePolicies(`${connection}/${operation}`, were ?? [], are ?? []));
      const [one, other] = [was?.operations.get(operation), is?.operations.get(operation)];
      if (was !== undefined && is !== undefined && one !== undefined && other !== undefined)
        findings.push(...compareOperations(pair, [was, one], [is, other], protocols));
    }
  }
  const shadows = [fileBefore, fileAfter].map(({ policies }) => policies.filter(isInShadow));
  if (differs(shadows[0], shadows[1]))
    findings.push(finding("other", "policies in shadow", "changed, and decide nothing"));
  return [...findings, ...compareSettings(before, after, differs)];
}

const isInShadow = ({ shadow }: PolicyEntry): boolean => shadow === true;

/** Policies in shadow let nothing through. */
function withoutShadows(configuration: Configuration): Configuration {
  return { ...configuration, policies: configuration.policies.filter((each) => !isInShadow(each)) };
}

function both<Value>(
  before: ReadonlyMap<string, Value> = new Map(),
  after: ReadonlyMap<string, Value> = new Map(),
): ReadonlySet<string> {
  return new Set([...before.keys(), ...after.keys()]);
}

/** The policies about an operation, where it is configured. */
function policiesAbout(
  { connections, policies }: Configuration,
  connection: string,
  operation: string,
): readonly PolicyEntry[] {
  if (connections.get(connection)?.operations.has(operation) !== true) return [];
  return policies.filter((each) => each.connection === connection && each.operations.includes(operation));
}

function compareTargets(
  was: ConnectionConfiguration,
  is: ConnectionConfiguration,
  differs: Differ,
): readonly Finding[] {
  if (was.kind !== is.kind)
    return [finding("unclear", was.name, `is another kind of target: ${is.kind}, where it was ${was.kind}`)];
  const members = changedMembers(Object(was.target), Object(is.target), differs);
  if (members.length === 0) return [];
  return [finding("unclear", was.name, `leads elsewhere or otherwise: ${members.join(", ")} changed`)];
}

const endOf = ({ until = Number.POSITIVE_INFINITY }: OperationConfiguration): number => until;

/** `at 2026-12-31T00:00Z`, `never` */
const endWords = ({ until }: OperationConfiguration): string =>
  until === undefined ? "never" : `at ${new Date(until).toISOString().replace(/:00\.000Z$/, "Z")}`;

type Configured = readonly [ConnectionConfiguration, OperationConfiguration];

/** One operation of both files: its risk and its scope. */
function compareOperations(
  { before, after, differs }: Pair,
  [was, one]: Configured,
  [is, other]: Configured,
  protocols: readonly AnyProtocol[],
): readonly Finding[] {
  if (one.digest === other.digest) return [];
  const on = `${is.name}/${other.name}`;
  const who = [...new Set(waysOf(policiesAbout(after, is.name, other.name)).map(whoOf))];
  const asked = who.length === 0 ? ["nobody may request it"] : who;
  const findings: Finding[] = [];
  if (one.risk !== other.risk) {
    const inSlack = decidedInSlack(after).includes(other.risk) && !decidedInSlack(before).includes(one.risk);
    const isEasier = riskOf(other.risk) < riskOf(one.risk) || inSlack;
    const words = `its risk is ${other.risk}, where it was ${one.risk}${inSlack ? ": it may be decided inside Slack now" : ""}`;
    findings.push(finding(isEasier ? "wider" : "narrower", on, words));
  }
  const protocol = protocols.find(({ kind }) => kind === is.kind);
  if (was.kind !== is.kind || protocol?.reach === undefined) {
    if (differs(one.scope, other.scope)) findings.push(finding("unclear", on, "its scope changed", ...asked));
  } else {
    const { more, less } = compareReach(protocol.reach(one.scope), protocol.reach(other.scope));
    if (more.length > 0) findings.push(finding("wider", on, `its scope grew: ${more.join("; ")}`, ...asked));
    if (less.length > 0)
      findings.push(finding("narrower", on, `its scope shrank: ${less.join("; ")}`, ...asked));
  }
  if (one.until !== other.until)
    findings.push(
      finding(
        endOf(other) > endOf(one) ? "wider" : "narrower",
        on,
        `it ends ${endWords(other)}; before: ${endWords(one)}`,
        ...asked,
      ),
    );
  else if (one.description !== other.description)
    findings.push(finding("other", on, `is described as: ${other.description}; before: ${one.description}`));
  if (findings.length === 0 && differs(one.scope, other.scope))
    findings.push(finding("other", on, "is written otherwise, and lets the same through"));
  return findings;
}

const riskOf = (risk: "low" | "medium" | "high"): number => ["low", "medium", "high"].indexOf(risk);
