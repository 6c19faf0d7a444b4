import { basename, dirname, join } from "node:path";
import type { Configuration, ListenAddress, Limits } from "../../configuration/types.ts";
import type { CheckpointDestination } from "../../kernel/checkpoint-settings.ts";
import type { ExportSettings } from "../../kernel/export-settings.ts";

/** The folder of one worker, inside of a folder that all of them share. */
export const workerFolder = (folder: string, worker: number): string => join(folder, `worker-${worker}`);

/** The file of one worker: of the same name, in a folder of its own beside it. */
const workerFile = (file: string, worker: number): string =>
  join(workerFolder(dirname(file), worker), basename(file));

/** The name of one worker's log. */
const workerLog = (name: string, worker: number): string => `${name}-${worker}`;

/** Which of the gateway's processes one is. */
export interface WorkerPlace {
  /** From 1. */
  readonly own: number;
  readonly count: number;
  /** The ports that the first one has taken, by their member of `listen`; undefined for the first one itself. */
  readonly ports?: Readonly<Record<string, number>> | undefined;
}

/**
 * The configuration as one worker has it: a log of its own name and key in a folder of its own, a place of its own wherever
 * that log, its checkpoints and its exports go, and its share of the connections. The workers together have the store, the
 * ports and the certificate.
 */
export function workerConfiguration(
  configuration: Configuration,
  worker: WorkerPlace | undefined,
): Configuration {
  if (worker === undefined) return configuration;
  const { own, ports = {} } = worker;
  const at = (member: string, address: ListenAddress): ListenAddress => ({
    ...address,
    // One that the file names stays as it is, so that a reload sees it change.
    port: address.port === 0 ? (ports[member] ?? 0) : address.port,
  });
  const { listen } = configuration;
  return {
    ...configuration,
    dataFolder: workerFolder(configuration.dataFolder, own),
    audit: auditOf(configuration.audit, own),
    export: exportOf(configuration.export, own),
    limits: shareOf(configuration.limits, worker.count),
    listen: {
      https: at("https", listen.https),
      ...(listen.metrics === undefined ? {} : { metrics: at("metrics", listen.metrics) }),
      ports: new Map(Array.from(listen.ports, ([kind, address]) => [kind, at(kind, address)])),
    },
  };
}

/** The configuration of one worker, for commands about its log. @param own left out: the gateway's as it is */
export const configurationOfLog = (configuration: Configuration, own: number | undefined): Configuration =>
  workerConfiguration(configuration, own === undefined ? undefined : { own, count: own });

/** Where all workers keep what they share: the local CA. */
export function sharedFolder(
  { dataFolder }: Pick<Configuration, "dataFolder">,
  worker: WorkerPlace | undefined,
): string {
  return worker === undefined ? dataFolder : dirname(dataFolder);
}

/**
 * The kernel spreads connections by their addresses and ports, so each worker gets its part of an address's: the file's
 * numbers hold for all workers together.
 */
function shareOf(limits: Limits, count: number): Limits {
  return {
    ...limits,
    connections: Math.ceil(limits.connections / count),
    connectionsPerAddress: Math.ceil(limits.connectionsPerAddress / count),
  };
}

function auditOf(audit: Configuration["audit"], own: number): Configuration["audit"] {
  const { checkpoints, retention, witnessed } = audit;
  return {
    ...audit,
    folder: workerFolder(audit.folder, own),
    name: workerLog(audit.name, own),
    ...(witnessed === undefined ? {} : { witnessed: workerFile(witnessed, own) }),
    ...(retention === undefined
      ? {}
      : { retention: { ...retention, archive: workerFolder(retention.archive, own) } }),
    ...(checkpoints === undefined
      ? {}
      : { checkpoints: { ...checkpoints, to: checkpoints.to.map((one) => leavingOf(one, own)) } }),
  };
}

function leavingOf(destination: CheckpointDestination, own: number): CheckpointDestination {
  const { kind } = destination;
  if (kind === "file") return { ...destination, path: workerFile(destination.path, own) };
  if (kind === "folder") return { ...destination, path: workerFolder(destination.path, own) };
  if (kind === "s3") return { ...destination, prefix: `${destination.prefix}worker-${own}/` };
  // What is sent to a webhook or a witness names the log that it is of.
  return destination;
}

/** A file has one writer; receivers are told which log a record is of. */
function exportOf(settings: ExportSettings, own: number): ExportSettings {
  const destinations = settings.destinations.map((destination) =>
    destination.target.kind === "file"
      ? { ...destination, target: { ...destination.target, path: workerFile(destination.target.path, own) } }
      : destination,
  );
  return { ...settings, destinations };
}
