import { finding, unknownMember } from "../findings.ts";
import type { Finding } from "../findings.ts";
import { isMapping, without } from "../mappings.ts";
import type { Path } from "../positions.ts";
import type { WrittenFile } from "./written.ts";

/** What an included file may hold. */
export const includedMembers: readonly string[] = ["connections", "policies"];

/** A main file and those that it includes, as if they were one. */
export interface MergedFiles {
  /** The main file's value, without `include`, with the connections and policies of all. */
  readonly value: unknown;
  /** The file of a path of `value`, and the path in that file. */
  readonly sourceOf: (path: Path) => { readonly file: WrittenFile; readonly path: Path };
  /** The file that names a connection. */
  readonly fileOf: (connection: string) => WrittenFile;
  /** What is wrong with the included files beside one another: each with its file, and a path in that file. */
  readonly findings: readonly { readonly file: WrittenFile; readonly finding: Finding }[];
}

/**
 * Puts a main file and its included files together. An included file holds connections and policies about these, and
 * nothing else: whoever owns it decides about its own connections, and about nobody else's.
 */
export function mergeFiles(main: WrittenFile, included: readonly WrittenFile[]): MergedFiles {
  if (!isMapping(main.value))
    return {
      value: main.value,
      sourceOf: (path) => ({ file: main, path }),
      fileOf: () => main,
      findings: [],
    };
  const findings: { file: WrittenFile; finding: Finding }[] = [];
  const value = Object.assign(
    Object.create(null) as Record<string, unknown>,
    without(main.value, ["include"]),
  );
  const owners = new Map<string, WrittenFile>();
  const connections = Object.create(null) as Record<string, unknown>;
  const policies: unknown[] = [];
  const policySources: { file: WrittenFile; index: number }[] = [];
  for (const file of [main, ...included]) {
    if (file !== main)
      for (const each of findingsOf(file, main.value)) findings.push({ file, finding: each });
    const held = isMapping(file.value) ? file.value : {};
    const { connections: own, policies: ownPolicies } = held;
    for (const [name, connection] of Object.entries(isMapping(own) ? own : {})) {
      const other = owners.get(name);
      if (other === undefined) {
        owners.set(name, file);
        connections[name] = connection;
      } else findings.push({ file, finding: doubled(name, other) });
    }
    for (const [index, policy] of Array.isArray(ownPolicies) ? (ownPolicies as unknown[]).entries() : []) {
      policies.push(policy);
      policySources.push({ file, index });
    }
  }
  for (const [index, { file, index: own }] of policySources.entries()) {
    if (file === main) continue;
    const stranger = connectionOfAnother(policies[index], file, owners, own);
    if (stranger !== undefined) findings.push({ file, finding: stranger });
  }
  // What is wrong with the main file's own members is for the checks of these members to say.
  const { connections: ofMain, policies: policiesOfMain } = main.value;
  if (included.length > 0 && (ofMain === undefined || isMapping(ofMain))) value["connections"] = connections;
  if (included.length > 0 && (policiesOfMain === undefined || Array.isArray(policiesOfMain)))
    value["policies"] = policies;
  return {
    value,
    findings,
    fileOf: (connection) => owners.get(connection) ?? main,
    sourceOf(path) {
      const [part, step, ...rest] = path;
      if (part === "connections" && typeof step === "string") return { file: owners.get(step) ?? main, path };
      const source = part === "policies" && typeof step === "number" ? policySources[step] : undefined;
      if (source !== undefined) return { file: source.file, path: ["policies", source.index, ...rest] };
      return { file: main, path };
    },
  };
}

function findingsOf(file: WrittenFile, main: Record<string, unknown>): readonly Finding[] {
  if (!isMapping(file.value))
    return [finding("value", [], "an included file is a mapping with connections or policies")];
  const findings = Object.keys(file.value)
    .filter((key) => !includedMembers.includes(key))
    .map((key) => {
      if (key === "include")
        return finding("key", [key], "an included file includes no others", "name them all in the main file");
      const unknown = unknownMember([key], includedMembers);
      if (unknown.suggestion !== undefined || !(mainMembers.has(key) || key in main)) return unknown;
      return finding("key", [key], `${key} stands in the main file alone`, "move it there");
    });
  const { connections, policies } = file.value;
  if (connections !== undefined && !isMapping(connections))
    findings.push(finding("value", ["connections"], "this must be a mapping of names to connections"));
  if (policies !== undefined && !Array.isArray(policies))
    findings.push(finding("value", ["policies"], "this must be a list of policies"));
  return findings;
}

const mainMembers: ReadonlySet<string> = new Set([
  "url",
  "listen",
  "tls",
  "store",
  "data",
  "identity",
  "audit",
  "limits",
  "shutdown",
  "notifications",
]);

function doubled(name: string, other: WrittenFile): Finding {
  return finding(
    "key",
    ["connections", name],
    `${other.file} has a connection of this name`,
    "give each connection a name of its own, in whatever file it stands",
  );
}

/** The finding for an included file's policy about a connection that stands in another file. */
function connectionOfAnother(
  policy: unknown,
  file: WrittenFile,
  owners: ReadonlyMap<string, WrittenFile>,
  index: number,
): Finding | undefined {
  const connection = isMapping(policy) ? policy["connection"] : undefined;
  const owner = typeof connection === "string" ? owners.get(connection) : undefined;
  if (owner === undefined || owner === file) return undefined;
  return finding(
    "value",
    ["policies", index, "connection"],
    `this connection stands in ${owner.file}`,
    "an included file's policies are about its own connections: put this one there, or into the main file",
  );
}
