import { systemClock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { startGateway } from "../gateway.ts";
import { createLogger } from "../logger.ts";

/**
 * `mayflyd serve`: runs the gateway until SIGTERM or SIGINT; SIGHUP reads the configuration again.
 * @returns the exit code, once it has stopped
 */
export async function serve(options: {
  readonly config: string;
  readonly logLevel: string;
}): Promise<number> {
  const logger = createLogger(options.logLevel);
  // Before anything starts: whoever reads "ready" may send a signal at once, and one that comes earlier still ends
  // the gateway in order, once it has started.
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => resolve(name));
  });
  // Holds the event loop: while the gateway stops, nothing else may be left that does, and Node would just end.
  setInterval(() => undefined, 2 ** 30);
  const gateway = await startGateway({
    file: options.config,
    environment: process.env,
    clock: systemClock,
    logger,
  });
  // A fault that nobody caught: whatever state it left, a gateway that does not know what it does serves nobody.
  const crash = (error: unknown): void => {
    logger.fatal(
      { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
      "crashed",
    );
    process.exit(70);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);

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

  const { url, httpsPort, postgresPort, caFile } = gateway;
  logger.info({ url, https: httpsPort, postgres: postgresPort, ca: caFile, pid: process.pid }, "ready");

  const signal = await stopped;
  logger.info({ signal }, "stopping");
  await gateway.stop("the gateway is being stopped");
  logger.info("stopped");
  return 0;
}
