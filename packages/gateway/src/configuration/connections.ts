import * as z from "zod";
import { digestOf, type Json } from "../kernel/canonical.ts";
import { namePattern } from "./fields.ts";
import { addAll, check, finding, unknownMember } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { plain } from "./freeze.ts";
import { isMapping, without } from "./mappings.ts";
import { OBSERVE, readObserve } from "./observe.ts";
import type { Path } from "./positions.ts";
import { plannedProtocols, risk } from "./schema.ts";
import { loadSecrets } from "./secrets.ts";
import type { Sources } from "./secrets.ts";
import type { ConnectionConfiguration, OperationConfiguration, ProtocolSchema } from "./types.ts";

/** The result of reading `connections:`. */
export interface ReadConnections {
  readonly connections: Map<string, ConnectionConfiguration>;
  /** Every named connection, valid or not, with its operations' names, for checking policies. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly findings: Finding[];
}

const nameRule =
  "a name is lower-case letters, digits and hyphens, starts with a letter and has at most 63 characters";
const about = z.strictObject({ description: z.string().default(""), risk });

/**
 * Checks and completes `connections:`: targets and scopes by their protocols' own schemas, and loads the secrets.
 * @param sourcesOf what loading a connection needs: relative paths start at the folder of the file that holds it
 */
export async function readConnections(
  written: unknown,
  protocols: readonly ProtocolSchema[],
  sourcesOf: (connection: string) => Sources,
): Promise<ReadConnections> {
  const connections = new Map<string, ConnectionConfiguration>();
  const names = new Map<string, readonly string[]>();
  const findings: Finding[] = [];
  if (written === undefined) return { connections, names, findings };
  if (!isMapping(written)) {
    return {
      connections,
      names,
      findings: [finding("value", ["connections"], "this must be a mapping of names to connections")],
    };
  }
  for (const [name, connection] of Object.entries(written)) {
    const path = ["connections", name];
    if (!namePattern.test(name))
      findings.push(finding("key", path, "this is not a connection's name", nameRule));
    if (!isMapping(connection)) {
      names.set(name, []);
      findings.push(finding("value", path, "this must be a mapping with a protocol and operations"));
      continue;
    }
    names.set(name, [
      ...(isMapping(connection["operations"]) ? Object.keys(connection["operations"]) : []),
      ...("observe" in connection ? [OBSERVE] : []),
    ]);
    const one = await readConnection(name, connection, protocols, sourcesOf(name));
    addAll(findings, one.findings);
    if (one.connection !== undefined) connections.set(name, one.connection);
  }
  return { connections, names, findings };
}

async function readConnection(
  name: string,
  written: Record<string, unknown>,
  protocols: readonly ProtocolSchema[],
  sources: Sources,
): Promise<{ connection?: ConnectionConfiguration; findings: Finding[] }> {
  const path = ["connections", name];
  const { protocol, findings } = protocolOf(path, written, protocols);
  const operationsPath = [...path, "operations"];
  const { operations } = written;
  if (!("operations" in written)) {
    // Which ones are needed is what observing is for.
    if (!("observe" in written))
      findings.push(
        finding("missing", operationsPath, "operations is missing", "name at least one operation"),
      );
  } else if (!isMapping(operations) || Object.keys(operations).length === 0) {
    findings.push(
      finding(
        "value",
        operationsPath,
        "this must be a mapping with at least one operation",
        "observe" in written ? "leave it out until there is one" : undefined,
      ),
    );
  }
  if (protocol === undefined) return { findings };
  const target = check(protocol.target, written[protocol.kind], [...path, protocol.kind]);
  const wrong = target.ok
    ? await loadSecrets(target.output, [...path, protocol.kind], sources)
    : target.findings;
  addAll(findings, wrong);
  // What is requested and approved includes the target, but not its credential.
  const leadsTo = target.ok && wrong.length === 0 ? { [protocol.kind]: plain(target.output, "none") } : null;
  const read = new Map<string, OperationConfiguration>();
  const add = (operation: Omit<OperationConfiguration, "digest">): void => {
    const digested = {
      connection: name,
      target: leadsTo,
      name: operation.name,
      description: operation.description,
      risk: operation.risk,
      scope: digestedScope(operation.scope, protocol),
    };
    read.set(operation.name, { ...operation, digest: digestOf(digested) });
  };
  for (const [operation, scope] of Object.entries(isMapping(operations) ? operations : {})) {
    const one = await readOperation([...operationsPath, operation], scope, protocol, sources);
    addAll(findings, one.findings);
    if (one.operation !== undefined) add({ name: operation, ...one.operation });
  }
  const observed = readObserve(written, protocol, path);
  addAll(findings, observed.findings);
  if (observed.operation !== undefined) add(observed.operation);
  if (!target.ok || findings.length > 0) return { findings };
  return { connection: { name, kind: protocol.kind, target: target.output, operations: read }, findings };
}

/** What an operation's digest covers of its scope. */
function digestedScope(scope: unknown, { laterMembers = [] }: ProtocolSchema): Json {
  const value = plain(scope);
  if (!isMapping(value)) return value;
  const isSilent = ([member, said]: [string, unknown]): boolean =>
    laterMembers.includes(member) && (said === false || isEmpty(said));
  return Object.fromEntries(Object.entries(value).filter((entry) => !isSilent(entry))) as Json;
}

/** Whether it is a list or a mapping without members. */
function isEmpty(said: unknown): boolean {
  return typeof said === "object" && said !== null && Object.keys(said).length === 0;
}

/** Checks that a connection has one protocol key, and `operations`. */
function protocolOf(
  path: Path,
  written: Record<string, unknown>,
  protocols: readonly ProtocolSchema[],
): { protocol: ProtocolSchema | undefined; findings: Finding[] } {
  const findings: Finding[] = [];
  const kinds = protocols.map(({ kind }) => kind);
  const known = [...kinds, "operations", "observe"];
  let protocol: ProtocolSchema | undefined;
  let named = false;
  for (const key of Object.keys(written)) {
    if (key === "operations" || key === "observe") continue;
    const found = protocols.find(({ kind }) => kind === key);
    if (found !== undefined && protocol === undefined) protocol = found;
    else if (found !== undefined) {
      findings.push(
        finding(
          "key",
          [...path, key],
          "a connection has one protocol, and this is the second",
          "write two connections",
        ),
      );
    } else if (plannedProtocols.includes(key)) {
      findings.push(
        finding("key", [...path, key], `${key} connections cannot be enforced yet`, "remove the connection"),
      );
    } else findings.push(unknownMember([...path, key], known));
    named = true;
  }
  if (!named) {
    findings.push(
      finding(
        "missing",
        [...path, "protocol"],
        "this connection names no protocol",
        `add one of: ${kinds.join(", ")}`,
      ),
    );
  }
  return { protocol, findings };
}

async function readOperation(
  path: Path,
  written: unknown,
  protocol: ProtocolSchema,
  sources: Sources,
): Promise<{ operation?: Omit<OperationConfiguration, "name" | "digest">; findings: Finding[] }> {
  const findings: Finding[] = [];
  if (!namePattern.test(String(path.at(-1))))
    findings.push(finding("key", path, "this is not an operation's name", nameRule));
  if (!isMapping(written)) {
    return {
      findings: [
        ...findings,
        finding("value", path, "this must be a mapping that says what the operation covers"),
      ],
    };
  }
  for (const member of protocol.notEnforceable) {
    if (!(member in written)) continue;
    const hint = "remove it: a configuration is not started with what it cannot keep";
    findings.push(finding("key", [...path, member], `${member} cannot be enforced yet`, hint));
  }
  const own: Record<string, unknown> = {};
  for (const member of ["description", "risk"]) if (member in written) own[member] = written[member];
  const general = check(about, own, path);
  if (!general.ok) addAll(findings, general.findings);
  const scope = check(
    protocol.scope,
    without(written, ["description", "risk", ...protocol.notEnforceable]),
    path,
  );
  if (!scope.ok) return { findings: [...findings, ...withOwnMembers(scope.findings)] };
  addAll(findings, await loadSecrets(scope.output, path, sources));
  try {
    for (const problem of protocol.check?.(scope.output) ?? []) {
      findings.push(finding("value", [...path, ...problem.path], problem.message, problem.hint));
    }
  } catch {
    // A check that throws proves nothing, so the scope is refused.
    findings.push(
      finding("value", path, "this scope could not be checked", "simplify it, and report this as a bug"),
    );
  }
  if (!general.ok || findings.length > 0) return { findings };
  return { operation: { ...general.output, scope: scope.output }, findings };

  /** Also suggests `description` and `risk`: a scope's schema knows only its own members. */
  function withOwnMembers(found: Finding[]): Finding[] {
    return found.map((one) => {
      if (one.at !== "key" || one.path.length !== path.length + 1) return one;
      if (one.suggestion !== undefined) return one;
      const better = unknownMember(one.path, ["description", "risk"]);
      return better.suggestion === undefined ? one : better;
    });
  }
}
