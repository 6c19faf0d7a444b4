import { formatProblems } from "../../configuration/problems.ts";
import type { Configuration } from "../../configuration/types.ts";
import { systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { EXIT_FAULT, exitOnFault } from "../exit-on-fault.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { listenForStop } from "../stop-signals.ts";
import { LogSink } from "../telemetry/log-sink.ts";
import { createLogger, leftOutLine } from "../telemetry/logger.ts";
import { claimPorts } from "../workers/claim-ports.ts";
import { mustBeHandedOver, retiredLogs } from "../workers/retired.ts";
import { createSupervisor, WorkersEnded } from "../workers/supervisor.ts";
import type { ServeOptions } from "./serve.ts";

const STANDARD_ERROR = 2;

/**
 * `mayflyd serve --workers N`: runs N processes behind the same ports until SIGTERM or SIGINT, which each of them takes as a
 * gateway of one process does; SIGHUP has them read the configuration again.
 * @returns the exit code, once all have stopped
 */
export async function serveWorkers({
  count,
  ...options
}: ServeOptions & { readonly count: number }): Promise<number> {
  const logger = createLogger(options.logLevel);
  const stop = listenForStop();
  setInterval(() => undefined, 2 ** 30);
  // Secrets are the workers' to read.
  const loaded = await load(options.config, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { configuration } = loaded;
  mustBeShared(configuration);
  for (const { name, folder } of retiredLogs(configuration, count))
    logger.warn({ log: name, folder }, "this log has no worker: it can be verified, and is not written to");
  mustBeHandedOver(configuration, count);
  await claimPorts(configuration.listen);
  exitOnFault(logger);
  const sink = new LogSink(STANDARD_ERROR, leftOutLine);
  const supervisor = createSupervisor({ count, options, clock: systemClock, logger, sink });
  // A second one reads the file after the first has been adopted or refused.
  let reloading: Promise<unknown> = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(() => supervisor.reload());
  });
  const started = await Promise.race([
    supervisor.start().catch((error: unknown) => {
      if (error instanceof WorkersEnded) return undefined;
      throw error;
    }),
    stop.first,
  ]);
  if (started === undefined) {
    await supervisor.stop("another worker did not start");
    return 1;
  }
  if ("url" in started) {
    const { url, ports, caFile } = started;
    logger.info({ url, ...ports, ca: caFile, pid: process.pid, workers: count }, "ready");
  }
  const stopping = await Promise.race([stop.first, supervisor.failed.catch(() => undefined)]);
  logger.info({ signal: stopping?.signal }, "stopping");
  await (stopping === undefined
    ? supervisor.stop("a worker ends again and again")
    : supervisor.stop(stopping.signal, stopping.mayDrain ? stop.now : undefined));
  logger.info("stopped");
  return stopping === undefined ? EXIT_FAULT : 0;
}

/** @throws MayflyError when only one process can have the store */
function mustBeShared({ file, store }: Configuration): void {
  if (store.kind === "postgres") return;
  throw new MayflyError("store_not_shared", `${file}: store is SQLite, which belongs to one process`, {
    hint: "store: { postgres: { env: MAYFLY_STORE } } can be shared by workers; or leave out --workers",
  });
}
