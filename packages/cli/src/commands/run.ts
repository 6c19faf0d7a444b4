import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { GrantUse } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect, splitOperations } from "../context.ts";
import { errorText, UsageError } from "../exit.ts";
import { completeKubeconfig, writeKubeconfig } from "../kubeconfig.ts";
import { duration, moment, note } from "../print.ts";
import { waysIn } from "../ways-in.ts";
import { pendingText } from "./request.ts";

interface RunOptions extends CommonOptions {
  readonly reason: string;
  readonly ttl?: string;
  readonly breakGlass?: boolean;
  readonly quiet?: boolean;
}

/** Signals that are passed on to the command. */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** Those that mean the end: a command that ignores them is killed, so that the grant can be released. */
const ending: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP"];
/** How long it has to end, milliseconds. */
const graceful = 10_000;

/**
 * `mayfly run`.
 * @param commandLine what stands behind `--` on the command line
 */
export function runCommand(commandLine: readonly string[]): Command {
  return command(
    "run <operations...>",
    "Request, wait for approval, run a command with the ways in, and release however it ends",
    'mayfly run orders-db/read-orders --reason "TICKET-123" -- psql -c "select * from orders"',
    // Its output is the command's.
    ["json"],
  )
    .usage("[options] CONNECTION/OPERATION... -- COMMAND...")
    .requiredOption("--reason <text>", "why; reviewers and the audit log read it")
    .option("--ttl <duration>", "how long, for example 5m (left out: the policy's default)")
    .option("--break-glass", "an emergency: at once where a policy allows it, and everybody hears of it")
    .option("-q, --quiet", "say nothing but errors")
    .addHelpText(
      "after",
      "\nThe command finds PGHOST, PGPORT, PGUSER, PGPASSWORD and the like in its environment, and the connection\n" +
        "string in DATABASE_URL and MAYFLY_DSN; for a cluster, KUBECONFIG names a file that lives as long as the\n" +
        "command. PG* variables of yours and MAYFLY_TOKEN are not handed on. Signals are\n" +
        "passed on. SIGKILL cannot be: the grant then lives until its deadline.",
    )
    .action((names: string[], options: RunOptions) => run(names, commandLine, options));
}

async function run(names: string[], commandLine: readonly string[], options: RunOptions): Promise<void> {
  const [program, ...args] = commandLine;
  if (program === undefined)
    throw new UsageError("no command is named", "write it behind '--': mayfly run … -- psql");
  const { mayfly, place } = connect(options);
  const say = (text: string): void => {
    if (options.quiet !== true) note(text);
  };
  const stop = new AbortController();
  let child: ChildProcess | undefined;
  let got: NodeJS.Signals | undefined;
  let kubeconfig: ReturnType<typeof writeKubeconfig> | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    got ??= signal;
    if (child === undefined) stop.abort(new Error(`got ${signal}`));
    // A terminal has sent Ctrl-C and Ctrl-\ to the command as well.
    else if (!(process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT"))) child.kill(signal);
    if (child !== undefined && ending.includes(signal))
      setTimeout(() => child?.kill("SIGKILL"), graceful).unref();
  };
  for (const signal of forwarded) process.on(signal, onSignal);
  try {
    process.exitCode = await mayfly.withGrant(
      {
        ...splitOperations(names),
        reason: options.reason,
        ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
        ...(options.breakGlass === true ? { break_glass: true } : {}),
        signal: stop.signal,
        onPending: (request) => say(pendingText(request)),
        onReleaseFailed: (error, grant) =>
          note(`${errorText(error)}\nmayfly: grant ${grant.id} is not released; it ends at ${grant.ends_at}`),
      },
      async (access) => {
        const left = (access.endsAt.getTime() - Date.now()) / 1000;
        say(`mayfly: grant ${access.grant.id} for ${duration(left)}, until ${moment(access.grant.ends_at)}`);
        if (access.kubeconfig !== undefined)
          kubeconfig = writeKubeconfig(completeKubeconfig(access.kubeconfig, place.caFile));
        const env = {
          ...environment(access, place.caFile),
          ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig.file }),
        };
        child = spawn(program, args, { stdio: "inherit", env });
        return exitOf(child, program);
      },
    );
    say("mayfly: released");
  } catch (thrown) {
    if (got === undefined || !stop.signal.aborted) throw thrown;
    say(`mayfly: ${got}: the request was taken back`);
    process.exitCode = 128 + constants.signals[got];
  } finally {
    kubeconfig?.remove();
    for (const signal of forwarded) process.removeListener(signal, onSignal);
  }
}

/** The command's environment: ours without what would lead it elsewhere or give our identity away, and the ways in. */
function environment(access: GrantUse, caFile: string | undefined): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^PG[A-Z]/.test(name) && name !== "MAYFLY_TOKEN",
  );
  const ways = waysIn(access, caFile);
  return {
    ...Object.fromEntries(inherited),
    ...ways.env,
    ...(ways.dsn === undefined ? {} : { DATABASE_URL: ways.dsn, MAYFLY_DSN: ways.dsn }),
    ...(ways.url === undefined ? {} : { MAYFLY_ACCESS_URL: ways.url }),
    MAYFLY_GRANT: access.grant.id,
  };
}

/** The exit code of a command as a shell would give it. */
function exitOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      note(`mayfly: ${program} cannot be run: ${missing ? "there is no such command" : error.message}`);
      resolve(missing ? 127 : 126);
    });
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
