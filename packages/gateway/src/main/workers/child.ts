import { systemClock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { exitOnFault } from "../exit-on-fault.ts";
import { startGateway } from "../gateway.ts";
import { printError } from "../print-error.ts";
import { ConfigurationRefused } from "../reload.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { FromWorker, ToWorker, WorkerReady, WorkerStart } from "./messages.ts";
import { createSiblings } from "./siblings.ts";

// One worker: a gateway that is told by its supervisor what `mayflyd serve` is told by signals. It ends when the
// supervisor does, however that dies: nobody else would start it again or bring it the others' questions.

const EXIT_GRACE_MS = 250;

type Stop = Pick<ToWorker & { kind: "stop" }, "why" | "mayDrain">;

/** What it says when the supervisor is gone is said to nobody. */
function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => undefined);
}

const told = Promise.withResolvers<WorkerStart>();
const stopped = Promise.withResolvers<Stop>();
/** Aborts once nothing more is waited for. */
const hurry = new AbortController();
let heard: (message: ToWorker) => void = () => undefined;
process.on("message", (message: ToWorker) => {
  if (message.kind === "start") told.resolve(message.start);
  else if (message.kind === "stop") stopped.resolve(message);
  else if (message.kind === "stop now") hurry.abort();
  else heard(message);
});
process.once("disconnect", () => {
  stopped.resolve({ why: "its supervisor is gone", mayDrain: false });
  hurry.abort();
});
// A service manager, and a terminal, signal every process; so the worker may hear it before its supervisor tells it. A
// second one is its supervisor's to pass on.
for (const why of ["SIGTERM", "SIGINT"] as const)
  process.on(why, () => stopped.resolve({ why, mayDrain: why === "SIGTERM" }));
// Its supervisor is asked to reload, and says when.
process.on("SIGHUP", () => undefined);

async function run({ number, count, ports, configuration, ...options }: WorkerStart): Promise<number> {
  process.title = `mayflyd worker ${number}`;
  const logger = createLogger(options.logLevel).child({ worker: number });
  const fault = (error: unknown): void => logger.error({ error: messageOf(error) }, "fault");
  const siblings = createSiblings({ own: number, count, clock: systemClock, send, fault });
  heard = (message) => siblings.heard(message);
  const gateway = await startGateway({
    file: options.config,
    environment: process.env,
    clock: systemClock,
    logger,
    worker: {
      place: { own: number, count, ports },
      siblings,
      ...(configuration === undefined ? {} : { configuration }),
    },
    ...(options.lockdown === undefined ? {} : { lockdown: options.lockdown }),
  });
  exitOnFault(logger);
  heard = (message) => {
    if (message.kind === "reload")
      void gateway
        .reload(message.configuration)
        .catch((error: unknown) => ({ adopted: false, why: [messageOf(error)] }) as const)
        .then((outcome) => send({ kind: "reloaded", outcome, inForce: gateway.inForce() }));
    else siblings.heard(message);
  };
  const ready: WorkerReady = {
    url: gateway.url,
    ports: { https: gateway.httpsPort, ...Object.fromEntries(gateway.ports) },
    ...(gateway.caFile === undefined ? {} : { caFile: gateway.caFile }),
  };
  send({ kind: "ready", ready, inForce: gateway.inForce() });
  const { why, mayDrain } = await stopped.promise;
  logger.info({ why }, "worker stopping");
  if (mayDrain) await gateway.drain(hurry.signal);
  send({ kind: "stopping" });
  await gateway.stop("the gateway is being stopped");
  return 0;
}

async function main(): Promise<void> {
  // Holds the event loop until there is a code to end with.
  const hold = setInterval(() => undefined, 2 ** 30);
  let code = 0;
  let start: WorkerStart | undefined;
  try {
    start = await Promise.race([told.promise, stopped.promise.then(() => undefined)]);
    if (start !== undefined) code = await run(start);
  } catch (error) {
    // A file that cannot be read as it is, is not what the others run either.
    if (start?.configuration !== undefined && error instanceof ConfigurationRefused)
      send({ kind: "differs" });
    printError(error);
    code = 1;
  }
  clearInterval(hold);
  process.exitCode = code;
  if (process.connected) process.disconnect();
  // As the command does: process.exit at once can wait for ever for compiler threads of V8.
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}

await main();
