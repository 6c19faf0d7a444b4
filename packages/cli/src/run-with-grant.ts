import { type Grant, type GrantUse, MayflyError, type Request } from "@mayfly/sdk";
import { formatDuration } from "@mayfly/sdk/formats";
import type { Command } from "commander";
import { duration, reason, required } from "./arguments.ts";
import { type CommonOptions, connect, splitOperations } from "./context.ts";
import { errorText } from "./exit.ts";
import { completeKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import { moment, note } from "./print.ts";
import { doorsOf } from "./sandbox/doors.ts";
import { prepareSandbox, type Sandbox } from "./sandbox/start.ts";
import { start, type Started } from "./started.ts";
import { startFreshLine } from "./terminal/fresh-line.ts";
import { endedBy, exitCodeOfSignal } from "./terminal/interrupt.ts";
import { type Trust, trustGateway } from "./trust.ts";
import { interruptedText, pendingText, showWaiting } from "./waiting.ts";
import { waysIn } from "./ways-in.ts";

/** How a command is run with a grant. */
export interface RunOptions extends CommonOptions {
  readonly reason: string;
  readonly ttl?: string;
  readonly breakGlass?: boolean;
  /** `--lease 10s`; false: `--no-lease`. */
  readonly lease: boolean | string;
  readonly sandbox?: boolean;
  readonly quiet?: boolean;
}

/** Gives a command the options of those that run another with a grant. */
export function running(made: Command): Command {
  return required(made, "--reason <text>", "why; reviewers see this, and it is kept in the audit log", reason)
    .option("--ttl <duration>", "how long, for example 5m (left out: the policy's default)", duration)
    .option("--break-glass", "an emergency: at once where a policy allows it, and everybody hears of it")
    .option(
      "--lease <duration>",
      "how long the gateway may not hear of us before it ends the grant, 2s to 60s",
      duration,
      "4s",
    )
    .option(
      "--no-lease",
      "let the grant live until its deadline whatever becomes of us, where the policy allows that",
    )
    .option("--sandbox", "no network but this grant's ways in, and no sight of standing credentials (Linux)")
    .option("-q, --quiet", "say nothing but errors");
}

/** Signals that are passed on to the command. */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** Those that mean the end: a command that ignores them is killed, so that the grant can be released. */
const ending: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP"];
/** How long it has to end, milliseconds. */
const graceful = 10_000;

/**
 * Requests, waits for approval, runs a command with the ways in, and releases however it ends. The exit code is the command's.
 * @param commandOf the command, by the ways in
 */
export async function runWithGrant(
  names: readonly string[],
  options: RunOptions,
  commandOf: (access: GrantUse, say: (text: string) => void) => readonly [program: string, ...args: string[]],
): Promise<void> {
  const { mayfly, place } = connect(options);
  const say = (text: string): void => {
    if (options.quiet !== true) note(text);
  };
  const stop = new AbortController();
  let child: Started | undefined;
  let program = "the command";
  /** Says something on a line of its own: what the command wrote last may have no end of line. */
  const tell = (text: string): void => {
    if (child !== undefined) startFreshLine();
    note(text);
  };
  let got: NodeJS.Signals | undefined;
  let kubeconfig: ReturnType<typeof writeKubeconfig> | undefined;
  let trust: Trust | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    got ??= signal;
    if (child === undefined) stop.abort(new Error(`got ${signal}`));
    // A terminal has sent Ctrl-C and Ctrl-\ to the command as well.
    else if (!(process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT"))) child.signal(signal);
    if (child !== undefined && ending.includes(signal)) setTimeout(() => child?.end(), graceful).unref();
  };
  let waiting: ReturnType<typeof showWaiting> | undefined;
  let asked: Request | undefined;
  let isLost = false;
  let isReleased = true;
  /** A deadline that passes, which was known from the start, leaves the command to find out by itself. */
  const onLost = (why: unknown): void => {
    isLost = true;
    tell(`${errorText(why)}\nmayfly: ${program} is ended`);
    child?.signal("SIGTERM");
    setTimeout(() => child?.end(), graceful).unref();
  };
  const sandbox = options.sandbox === true ? await sandboxFor(place) : undefined;
  for (const signal of forwarded) process.on(signal, onSignal);
  try {
    process.exitCode = await mayfly.withGrant(
      {
        ...splitOperations(names),
        reason: options.reason,
        ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
        ...(options.breakGlass === true ? { break_glass: true } : {}),
        lease: options.lease,
        ...(sandbox === undefined ? {} : { sandbox: true }),
        signal: stop.signal,
        onPending: (request) => {
          asked = request;
          say(pendingText(request));
          if (options.quiet !== true) waiting = showWaiting(request, "withdraw it");
        },
        onLook: (request) => waiting?.look(request),
        onReleaseFailed: (error, grant) => {
          isReleased = false;
          tell(
            isWithdrawn(error)
              ? `${errorText(error)}\nmayfly: grant ${grant.id} ends with the identity that holds it`
              : `${errorText(error)}\n${notReleasedText(grant)}`,
          );
        },
      },
      async (access) => {
        waiting?.stop();
        const left = Math.round((access.endsAt.getTime() - Date.now()) / 1000) * 1000;
        say(
          `mayfly: grant ${access.grant.id} for ${formatDuration(left)}, until ${moment(access.grant.ends_at)}`,
        );
        if (access.kubeconfig !== undefined)
          kubeconfig = writeKubeconfig(completeKubeconfig(access.kubeconfig, place.caFile));
        if (place.caFile !== undefined) trust = trustGateway(place.caFile, process.env);
        const env = {
          ...environment(access, place.caFile),
          ...trust?.env,
          ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig.file }),
        };
        const [name, ...args] = commandOf(access, say);
        program = name;
        const kept = [place.caFile, kubeconfig?.file].filter((file) => file !== undefined);
        child =
          sandbox === undefined
            ? start(name, args, env)
            : await sandbox.start([name, ...args], doorsOf(access), env, kept);
        // A signal came while there was nobody to pass it on to, and the grant is gone.
        if (stop.signal.aborted) child.end();
        access.lost.addEventListener("abort", () => onLost(access.lost.reason), { once: true });
        return child.exit;
      },
    );
    if (!isLost && isReleased && options.quiet !== true) tell("mayfly: released");
  } catch (thrown) {
    if (got === undefined || !stop.signal.aborted) throw thrown;
    waiting?.stop();
    say(`mayfly: ${endedBy(got)}; ${await interruptedText(mayfly, asked)}`);
    process.exitCode = exitCodeOfSignal(got);
  } finally {
    waiting?.stop();
    kubeconfig?.remove();
    trust?.remove();
    for (const signal of forwarded) process.removeListener(signal, onSignal);
  }
}

/** What becomes of a grant that the gateway could not be told to end. */
function notReleasedText({ id, lease_seconds: lease, ends_at: endsAt }: Grant): string {
  const deadline = moment(endsAt);
  const end =
    lease === undefined
      ? `at its deadline, ${deadline}`
      : `when its lease of ${formatDuration(lease * 1000)} runs out, by ${deadline} at the latest`;
  return `mayfly: grant ${id} could not be released; it ends by itself ${end}\nhint: to end it earlier, once the gateway answers: mayfly release ${id}`;
}

/** The gateway takes this identity's token no more, and has ended what it held. */
function isWithdrawn(error: unknown): boolean {
  return error instanceof MayflyError && error.code === "token_inactive";
}

/** The command's environment: ours without what would lead it elsewhere or give our identity away, and the ways in. */
function environment(access: GrantUse, caFile: string | undefined): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^PG[A-Z]/.test(name) && name !== "MAYFLY_TOKEN" && name !== "MAYFLY_ID_TOKEN",
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

/** A sandbox in which what leads to the gateway is no standing credential. */
function sandboxFor({ url }: { readonly url: string }): Promise<Sandbox> {
  const { hostname, port } = new URL(url);
  return prepareSandbox(
    (host, of) => host === hostname.toLowerCase() && of === Number(port === "" ? 443 : port),
  );
}
