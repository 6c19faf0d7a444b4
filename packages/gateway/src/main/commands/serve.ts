import { systemClock } from "../../kernel/clock.ts";
import { exitOnFault } from "../exit-on-fault.ts";
import { startGateway } from "../gateway.ts";
import { listenForStop } from "../stop-signals.ts";
import { createLogger } from "../telemetry/logger.ts";

/** What `mayflyd serve` is given. */
export interface ServeOptions {
  readonly config: string;
  readonly logLevel: string;
  readonly lockdown?: string;
}

/**
 * `mayflyd serve`: runs the gateway until SIGTERM or SIGINT; SIGHUP reads the configuration again. SIGTERM drains first, where
 * the configuration says for how long; a second one, or SIGINT, stops at once.
 * @returns the exit code, once it has stopped
 */
export async function serve(options: ServeOptions): Promise<number> {
  const logger = createLogger(options.logLevel);
  // Before anything starts: whoever reads "ready" may send a signal at once, and one that comes earlier still ends
  // the gateway in order, once it has started.
  const stop = listenForStop();
  // Holds the event loop: while the gateway stops, nothing else may be left that does, and Node would just end.
  setInterval(() => undefined, 2 ** 30);
  const gateway = await startGateway({
    file: options.config,
    environment: process.env,
    clock: systemClock,
    logger,
    ...(options.lockdown === undefined ? {} : { lockdown: options.lockdown }),
  });
  exitOnFault(logger);

  const reload = async (): Promise<void> => {
    const outcome = await gateway.reload();
    if (outcome.adopted) {
      const { changes, ended, voided } = outcome;
      logger.info({ changes, ended, voided }, "configuration adopted");
    } else logger.error({ why: outcome.why }, "configuration refused; the running one is untouched");
  };
  // One reload at a time: a second SIGHUP reads the file after the first has been adopted or refused.
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(reload, reload);
  });

  const { url, httpsPort, ports, caFile } = gateway;
  logger.info({ url, https: httpsPort, ...Object.fromEntries(ports), ca: caFile, pid: process.pid }, "ready");

  const { signal, mayDrain } = await stop.first;
  logger.info({ signal }, "stopping");
  if (mayDrain) await gateway.drain(stop.now);
  await gateway.stop("the gateway is being stopped");
  logger.info("stopped");
  return 0;
}
