import { dirname, relative, resolve } from "node:path";
import { digestOf } from "../kernel/canonical.ts";
import type { Json } from "../kernel/canonical.ts";
import type { Secret } from "../kernel/secret.ts";
import { readConnections } from "./connections.ts";
import { readDocument } from "./document.ts";
import { addAll, check, finding, unknownMember } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { deepFreeze, plain } from "./freeze.ts";
import { readIdentity } from "./identity.ts";
import { isMapping } from "./mappings.ts";
import { offsetInside, placedAt, placer } from "./places.ts";
import type { Path, Place, Placed } from "./places.ts";
import { readNotifications } from "./notifications.ts";
import { readPolicies } from "./policies.ts";
import { sortProblems } from "./problems.ts";
import { readText } from "./read.ts";
import { parts } from "./schema.ts";
import { readServer } from "./server.ts";
import type { Sources } from "./secrets.ts";
import type { Configuration, ConfigurationProblem, ProtocolSchema } from "./types.ts";

/** The largest configuration file, bytes. */
const largest = 524_288;

/** A place in the configuration file. */
export interface FilePlace extends Place {
  readonly file: string;
}

/** A configuration that can be enforced as written, or every reason why it cannot. */
export type LoadedConfiguration =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      /**
       * Where the value at a path stands, for problems that others find: `["policies", 0, "when"]`. With `offset`,
       * where that character of the value stands. A path that leads nowhere gives the last value on its way.
       */
      readonly locate: (path: Path, offset?: number) => FilePlace;
      /** Secrets that are not set here, with their places; empty where they are required. */
      readonly unset: readonly ConfigurationProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

/**
 * Loads a configuration file (YAML 1.2, UTF-8, at most 512 KiB), the files it names and its secrets. Relative paths
 * start at the file's folder.
 * @param protocols those that can be enforced; each checks its own targets and scopes
 * @param environment where `{ env: NAME }` secrets are looked up
 * @param secrets `named`: those that are not set here are no errors, for whoever only checks a file
 * @returns the complete, frozen configuration, or all problems in the order of their places. Never rejects for
 * anything that the file holds; no message holds a secret
 */
export async function loadConfiguration(
  file: string,
  protocols: readonly ProtocolSchema[],
  environment: NodeJS.ProcessEnv,
  secrets: "required" | "named" = "required",
): Promise<LoadedConfiguration> {
  const reading = await readText(file, largest);
  if (!reading.ok) {
    const before = reading.before ?? "";
    const place = { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
    const { message, hint } = reading;
    return { ok: false, problems: [{ file, ...place, message, ...(hint === undefined ? {} : { hint }) }] };
  }
  const { text } = reading;
  const place = placer(text);
  const { value, root, problems } = readDocument(text);
  if (value === undefined)
    return failed(problems.map(({ offset, ...said }) => ({ file, ...place(offset), ...said })));

  const unset = secrets === "named" ? [] : undefined;
  const sources: Sources = { folder: dirname(resolve(file)), environment, unset };
  const { configuration, findings } = await readRoot(file, value, protocols, sources);
  if (configuration === undefined || findings.length > 0 || problems.length > 0) {
    return failed([
      ...problems.map(({ offset, ...said }) => ({ file, ...place(offset), ...said })),
      ...findings.flatMap(({ path, at, ...said }) => {
        const offset = offsetOf(root, path, at);
        // What is not even YAML says nothing about what it should have been.
        if (at === "value" && problems.some((problem) => problem.offset === offset)) return [];
        return [{ file, ...place(offset), ...said }];
      }),
    ]);
  }
  // Half a file is often valid: a policy fewer, a shorter condition. What is cut at a line's end shows in no file.
  if (!text.endsWith("\n")) {
    const message = "the last line has no end: the file may be cut short";
    return failed([{ file, ...place(text.length), message, hint: "end it with a line feed" }]);
  }
  const locate = (path: Path, offset?: number): FilePlace => {
    const { placed } = placedAt(root, path);
    return { file, ...place(offset === undefined ? placed.start : offsetInside(text, placed, offset)) };
  };
  const placed = (unset ?? []).map(({ path, at, ...said }: Finding) => ({
    file,
    ...place(offsetOf(root, path, at)),
    ...said,
  }));
  return { ok: true, configuration: deepFreeze(configuration), locate, unset: placed };
}

function failed(problems: ConfigurationProblem[]): LoadedConfiguration {
  return { ok: false, problems: sortProblems(problems) };
}

function offsetOf(root: Placed, path: Path, at: Finding["at"]): number {
  const { placed, complete } = placedAt(root, path);
  return at === "key" || (at === "missing" && !complete) ? (placed.key ?? placed.start) : placed.start;
}

async function readRoot(
  file: string,
  written: unknown,
  protocols: readonly ProtocolSchema[],
  sources: Sources,
): Promise<{ configuration?: Configuration; findings: Finding[] }> {
  if (!isMapping(written))
    return { findings: [finding("value", [], "a configuration is a mapping: name: value")] };
  const known = [...Object.keys(parts), "connections", "policies"];
  const findings = Object.keys(written)
    .filter((key) => !known.includes(key))
    .map((key) => unknownMember([key], known));

  const server = await readServer(written, sources);
  const { identity, findings: ofIdentity } = await readIdentity(written["identity"], sources, written["url"]);
  const {
    connections,
    names,
    findings: ofConnections,
  } = await readConnections(written["connections"], protocols, sources);
  const { policies, findings: ofPolicies } = readPolicies(written["policies"], names);
  const limits = check(parts.limits, written["limits"] === undefined ? {} : written["limits"], ["limits"]);
  const { notifications, findings: ofNotifications } = await readNotifications(
    written["notifications"],
    sources,
  );
  for (const more of [server.findings, ofIdentity, ofConnections, ofPolicies, ofNotifications])
    addAll(findings, more);
  addAll(findings, unreachable(written, names));
  if (!limits.ok) return { findings: [...findings, ...limits.findings] };
  if (
    server.server === undefined ||
    identity === undefined ||
    notifications === undefined ||
    findings.length > 0
  )
    return { findings };

  const decided = {
    ...server.server,
    identity,
    connections,
    policies,
    limits: {
      connections: limits.output.connections,
      connectionsPerAddress: limits.output.connections_per_address,
      sessionsPerGrant: limits.output.sessions_per_grant,
      sessionsPerPrincipal: limits.output.sessions_per_principal,
      handshake: limits.output.handshake,
      messageBytes: limits.output.message_bytes,
      pendingPerPrincipal: limits.output.pending_per_principal,
    },
    notifications,
  };
  return {
    configuration: { file, digest: digestOf(digested(decided, sources.folder)), ...decided },
    findings,
  };
}

/** A PostgreSQL connection without a PostgreSQL port could be granted, and never used. */
function unreachable(written: Record<string, unknown>, names: ReadonlyMap<string, unknown>): Finding[] {
  const { listen, connections } = written;
  if ((isMapping(listen) && "postgres" in listen) || !isMapping(connections)) return [];
  return [...names.keys()].flatMap((name) => {
    const connection = connections[name];
    if (!isMapping(connection) || !("postgres" in connection)) return [];
    const message = "no client could reach this connection: listen.postgres is missing";
    return [
      finding("key", ["connections", name, "postgres"], message, "add postgres: 0.0.0.0:6432 to listen"),
    ];
  });
}

/** What the digest covers: folders relative to the file's, so that the same files have the same digest anywhere. */
function digested(decided: Omit<Configuration, "file" | "digest">, folder: string): Json {
  const { store, tls, dataFolder, audit } = decided;
  const storedAt: Json =
    store.kind === "sqlite"
      ? { kind: "sqlite", file: relative(folder, store.file) }
      : { kind: "postgres", url: plainUrl(store.url) };
  return {
    ...(plain(decided) as { [name: string]: Json }),
    store: storedAt,
    ...(tls === undefined ? {} : { tls: { certificate: digestOf(tls.certificate), key: plain(tls.key) } }),
    dataFolder: relative(folder, dataFolder),
    audit: { ...audit, folder: relative(folder, audit.folder) },
  };
}

/** A URL that was written out holds no password; one from elsewhere counts by its source. */
function plainUrl(url: Secret): Json {
  return url.source === undefined ? url.reveal() : plain(url);
}
