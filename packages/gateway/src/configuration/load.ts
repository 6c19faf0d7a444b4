import { dirname, resolve } from "node:path";
import { digestOf } from "../kernel/canonical.ts";
import { readConnections } from "./connections.ts";
import { digested } from "./digested.ts";
import { readExport } from "./export.ts";
import { findIncluded } from "./files/find.ts";
import { mergeFiles } from "./files/merge.ts";
import type { MergedFiles } from "./files/merge.ts";
import { readWritten } from "./files/written.ts";
import type { FilePlace, WrittenFile } from "./files/written.ts";
import { addAll, check, finding, unknownMember } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { deepFreeze } from "./freeze.ts";
import { readIdentity } from "./identity.ts";
import { isMapping } from "./mappings.ts";
import type { Path } from "./positions.ts";
import { readNotifications } from "./notifications.ts";
import { readPolicies } from "./policies.ts";
import { sortProblems } from "./problems.ts";
import { parts } from "./schema.ts";
import { readServer } from "./server.ts";
import type { Sources } from "./secrets.ts";
import { shutdownOf } from "./shutdown.ts";
import { readTelemetry } from "./telemetry.ts";
import { oncePerVariable, partUnset } from "./unset.ts";
import type { NeededSecrets, Placed } from "./unset.ts";
import type { Configuration, ConfigurationProblem, ProtocolSchema } from "./types.ts";

export type { FilePlace } from "./files/written.ts";

/** A configuration that can be enforced as written, or every reason why it cannot. */
export type LoadedConfiguration =
  | {
      readonly ok: true;
      readonly configuration: Configuration;
      /**
       * The place of the value at a path such as `["policies", 0, "when"]`, for problems that others find. With `offset`,
       * the place of that character of the value. A path that leads nowhere gives the last value on its way.
       */
      readonly locate: (path: Path, offset?: number) => FilePlace;
      /** Secrets that are not set and not needed, with their places. */
      readonly unset: readonly ConfigurationProblem[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigurationProblem[];
      /** As `Configuration.files`, as far as they are known. */
      readonly files: readonly string[];
    };

/**
 * Loads a configuration file (YAML 1.2, UTF-8, at most 512 KiB), the files it includes, the files they name and their
 * secrets. Relative paths start at the folder of the file that names them.
 * @param protocols the protocols that can be enforced; each checks its own targets and scopes
 * @param environment where `{ env: NAME }` secrets are looked up
 * @param secrets which of them are errors when they are not set
 * @returns the complete, frozen configuration, or all problems in the order of their places. Never rejects, whatever the file
 * holds; no message holds a secret
 */
export async function loadConfiguration(
  file: string,
  protocols: readonly ProtocolSchema[],
  environment: NodeJS.ProcessEnv,
  secrets: NeededSecrets = "required",
): Promise<LoadedConfiguration> {
  const reading = await readWritten(file);
  if (!reading.ok) return failed(reading.problems, [file]);
  const main = reading.written;
  const { included, files, problems } = await readIncluded(main);
  if (included === undefined) return failed([...main.problems, ...problems], files);

  const merged = mergeFiles(main, included);
  const sources: Sources = { folder: dirname(resolve(file)), environment, unset: [] };
  const { configuration, findings } = await readRoot(file, files, merged, protocols, sources);
  const { missing, unset } = partUnset(sources.unset, secrets);
  const inPlace = (found: Finding): readonly Placed[] => {
    const { file: source, path } = merged.sourceOf(found.path);
    return problemOf(source, { ...found, path }).map((problem) => [problem, found] as const);
  };
  const all = [
    ...[main, ...included].flatMap((each) => each.problems),
    ...problems,
    ...merged.findings.flatMap((each) => problemOf(each.file, each.finding)),
    ...oncePerVariable([...findings, ...missing].flatMap(inPlace)),
  ];
  if (configuration === undefined || all.length > 0) return failed(all, files);
  const cut = [main, ...included].flatMap((each) => each.cut);
  if (cut.length > 0) return failed(cut, files);
  return {
    ok: true,
    configuration: deepFreeze(configuration),
    locate(path, offset) {
      const source = merged.sourceOf(path);
      return source.file.locate(source.path, offset);
    },
    unset: sortProblems(oncePerVariable(unset.flatMap(inPlace))),
  };
}

function failed(problems: readonly ConfigurationProblem[], files: readonly string[]): LoadedConfiguration {
  return { ok: false, problems: sortProblems(problems), files };
}

function problemOf(file: WrittenFile, found: Finding): readonly ConfigurationProblem[] {
  if (file.isReported(found)) return [];
  const { message, hint } = found;
  return [{ ...file.placeOf(found), message, ...(hint === undefined ? {} : { hint }) }];
}

/** The files that a main file includes; `included` is undefined when one of them cannot be read at all. */
async function readIncluded(main: WrittenFile): Promise<{
  readonly included: readonly WrittenFile[] | undefined;
  readonly files: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
}> {
  const written = isMapping(main.value) ? main.value["include"] : undefined;
  if (written === undefined) return { included: [], files: [main.file], problems: [] };
  const found = await findIncluded(main.file, written);
  const files = [main.file, ...found.folders, ...found.files.map(({ file }) => file)];
  const problems = found.findings.flatMap((each) => problemOf(main, each));
  // What is not read could make whatever refers to it look wrong.
  if (problems.length > 0) return { included: undefined, files, problems };
  const included: WrittenFile[] = [];
  for (const { file, from } of found.files) {
    const reading = await readWritten(file, from);
    if (reading.ok) included.push(reading.written);
    else problems.push(...reading.problems);
  }
  return { included: problems.length > 0 ? undefined : included, files, problems };
}

async function readRoot(
  file: string,
  files: readonly string[],
  merged: MergedFiles,
  protocols: readonly ProtocolSchema[],
  sources: Sources,
): Promise<{ configuration?: Configuration; findings: Finding[] }> {
  const written = merged.value;
  if (!isMapping(written))
    return { findings: [finding("value", [], "a configuration is a mapping: name: value")] };
  const known = [...Object.keys(parts), "listen", "connections", "policies", "include"];
  const findings = Object.keys(written)
    .filter((key) => !known.includes(key))
    .map((key) => unknownMember([key], known));

  const server = await readServer(written, protocols, sources);
  const { identity, findings: ofIdentity } = await readIdentity(written["identity"], sources, written["url"]);
  const {
    connections,
    names,
    findings: ofConnections,
  } = await readConnections(written["connections"], protocols, (name) => ({
    ...sources,
    folder: merged.fileOf(name).folder,
  }));
  const { policies, findings: ofPolicies } = readPolicies(written["policies"], names);
  const limits = check(parts.limits, written["limits"] === undefined ? {} : written["limits"], ["limits"]);
  const shutdown = check(parts.shutdown, written["shutdown"] === undefined ? {} : written["shutdown"], [
    "shutdown",
  ]);
  const { notifications, findings: ofNotifications } = await readNotifications(
    written["notifications"],
    sources,
  );
  const exported = await readExport(written["export"], sources, {
    auditFolder: server.server?.audit.folder,
    dataFolder: server.server?.dataFolder,
    configurationFiles: files,
  });
  const told = await readTelemetry(written["telemetry"], server.server?.listen.metrics, sources);
  for (const more of [
    server.findings,
    ofIdentity,
    ofConnections,
    ofPolicies,
    ofNotifications,
    exported.findings,
    told.findings,
  ])
    addAll(findings, more);
  addAll(findings, unreachable(written, protocols));
  for (const part of [limits, shutdown]) if (!part.ok) addAll(findings, part.findings);
  if (
    !limits.ok ||
    !shutdown.ok ||
    server.server === undefined ||
    identity === undefined ||
    notifications === undefined ||
    exported.settings === undefined ||
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
      statementBytes: limits.output.statement_bytes,
      pendingPerPrincipal: limits.output.pending_per_principal,
      actsPerSecond: limits.output.acts_per_second,
      recordBytesPerSecond: limits.output.record_bytes_per_second,
    },
    shutdown: shutdownOf(shutdown.output),
    notifications,
    export: exported.settings,
    ...(told.telemetry === undefined ? {} : { telemetry: told.telemetry }),
  };
  return {
    configuration: { file, files, digest: digestOf(digested(decided, sources.folder)), ...decided },
    findings,
  };
}

/** Finds connections whose protocol's port is not configured: they could be granted, but not used. */
function unreachable(written: Record<string, unknown>, protocols: readonly ProtocolSchema[]): Finding[] {
  const { listen, connections } = written;
  if (!isMapping(connections)) return [];
  const closed = protocols.filter(
    ({ kind, port }) => port !== undefined && !(isMapping(listen) && kind in listen),
  );
  return Object.entries(connections).flatMap(([name, connection]) =>
    closed.flatMap(({ kind, port }) => {
      if (!isMapping(connection) || !(kind in connection)) return [];
      const message = `no client could reach this connection: listen.${kind} is missing`;
      return [
        finding("key", ["connections", name, kind], message, `add ${kind}: ${port?.example} to listen`),
      ];
    }),
  );
}
