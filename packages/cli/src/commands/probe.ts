import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import type { ProbedHost, ProbeTask } from "@mayfly/sdk";
import { type Command, InvalidArgumentError } from "commander";
import { parseSpan } from "../arguments.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { exitCodes, UsageError } from "../exit.ts";
import { listing, list, type ListOptions } from "../listing.ts";
import { moment, note, out, outJson, shortMoment } from "../print.ts";
import { findCredentials, type FoundHere } from "../probe/credentials/find.ts";
import { tryWays } from "../probe/gather.ts";
import { reportOf } from "../probe/report.ts";
import { credentialsText, lookOfVerdict, verdictText, waysText } from "../probe/text.ts";
import { progress } from "../terminal/progress.ts";
import { type Column, table } from "../terminal/table.ts";

/** How long one step of a way may take where nothing else is said, milliseconds. */
const STEP_MS = 5000;
/** A shorter one would call a slow way closed: the first SYN that gets lost is sent again after a second (RFC 6298). */
const MIN_STEP_MS = 1000;
const MAX_STEP_MS = 60_000;

interface ProbeOptions extends CommonOptions {
  readonly tokenFile?: string;
  readonly timeout: number;
}

/** `mayfly probe`. */
export function probeCommand(): Command {
  return command(
    "probe",
    "Try every way around the gateway from this host, and report it (with an operator's token)",
    "mayfly probe --token-file probe-token\nssh support-1 mayfly probe --token-file - < probe-token",
  )
    .option(
      "--token-file <file>",
      "what holds the token of `mayfly probe-token`; - is standard input (MAYFLY_PROBE_TOKEN)",
    )
    .option("--timeout <duration>", "how long one step of a way may take", stepTime, STEP_MS)
    .action(async (options: ProbeOptions) => {
      const token = tokenOf(options.tokenFile);
      const { probes } = connect(options).mayfly;
      const task = await probes.start(token);
      const here = await lookAround(task);
      const ways = await tryAll(task, here, options.timeout);
      const host = await probes.report(reportOf(task.nonce, hostname(), ways, here));
      if (options.json === true) outJson({ ...host, ways, unread: here.unread });
      else {
        const fit = { columns: process.stdout.isTTY ? process.stdout.columns : undefined };
        const parts = [waysText(ways, fit), credentialsText(here, fit), verdictText(host)];
        out(parts.filter((part) => part !== "").join("\n\n"));
        const [open] = host.connections.filter(({ verdict }) => verdict.startsWith("open"));
        if (open !== undefined)
          note(`hint: mayflyd close ${open.connection} prints what closes its direct ways`);
      }
      process.exitCode = exitOf(host);
    });
}

function stepTime(text: string): number {
  const ms = parseSpan(text);
  if (ms === undefined || ms < MIN_STEP_MS || ms > MAX_STEP_MS)
    throw new InvalidArgumentError("Give a duration from 1s to 1m, for example 5s.");
  return ms;
}

/** The operator's token. It is no argument: those are seen by everybody on the host. */
function tokenOf(file: string | undefined): string {
  const text = file === undefined ? process.env["MAYFLY_PROBE_TOKEN"] : readToken(file);
  const token = (text ?? "").trim();
  if (token !== "") return token;
  throw new UsageError(
    file === undefined
      ? "no probe token is given"
      : `${file === "-" ? "standard input" : file} holds no probe token`,
    "an operator makes one: mayfly probe-token > probe-token; then mayfly probe --token-file probe-token",
  );
}

function readToken(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new UsageError(`the probe token ${file} cannot be read`, "check --token-file");
  }
}

function lookAround({ gateway }: ProbeTask): Promise<FoundHere> {
  const names = new Set([gateway.host]);
  return findCredentials({
    env: process.env,
    home: homedir(),
    cwd: process.cwd(),
    root: "/",
    ...(process.getuid === undefined ? {} : { uid: process.getuid() }),
    isGateway: (host, port) => names.has(host) && (port === undefined || gateway.ports.includes(port)),
  });
}

async function tryAll(task: ProbeTask, here: FoundHere, ms: number): ReturnType<typeof tryWays> {
  let [done, all] = [0, 0];
  const shown = progress(() => `trying ways around the gateway: ${done} of ${all}`);
  try {
    return await tryWays(task, here, {
      env: process.env,
      account: userInfo().username,
      random: `probe_${randomBytes(6).toString("hex")}`,
      ms,
      onTried: (...counts) => ([done, all] = counts),
    });
  } finally {
    shown.stop();
  }
}

function exitOf({ verdict }: ProbedHost): number {
  if (verdict === "closed") return exitCodes.ok;
  return verdict === "open" ? exitCodes.open : exitCodes.undecided;
}

/** `mayfly probe-token`. */
export function probeTokenCommand(): Command {
  return command(
    "probe-token [connections...]",
    "Make a token with which one host is told real addresses, once, to probe them (operators)",
    "mayfly probe-token > probe-token\nmayfly probe-token orders-db billing-api | ssh support-1 mayfly probe --token-file -",
  ).action(async (connections: readonly string[], options: CommonOptions) => {
    const offer = await connect(options).mayfly.probes.offer(connections);
    if (options.json === true) return outJson(offer);
    note(
      `${offer.probe}: good for one probe of ${offer.connections.join(", ")}, until ${moment(offer.expires_at)}`,
    );
    out(offer.token);
  });
}

/** `mayfly probes`. */
export function probesCommand(): Command {
  return listing(
    command(
      "probes",
      "List the hosts that were probed, and what stood open (operators, auditors)",
      "mayfly probes",
    ),
  ).action((options: ListOptions) => {
    const { mayfly } = connect(options);
    return list<readonly ProbedHost[]>(options, {
      load: () => mayfly.probes.hosts(),
      text: (hosts, fit) =>
        table(
          columns,
          hosts.map((host) => [
            host.host,
            host.address,
            host.principal.name,
            host.verdict,
            shortMoment(host.probed_at, fit.wide),
            openOf(host),
          ]),
          fit,
        ),
      empty: "No host was probed yet: mayfly probe-token begins one.",
    });
  });
}

/** What stands open, or could not be decided, in a few words. */
function openOf({ connections, open }: ProbedHost): string {
  const named = connections
    .filter(({ verdict }) => verdict.startsWith("open") || verdict === "undecided")
    .map(({ connection, verdict }) => `${connection} ${verdict.replaceAll("_", " ")}`);
  return [...named, ...open].join("; ");
}

const columns: readonly Column[] = [
  { name: "HOST", givesWay: "never" },
  { name: "FROM", givesWay: "never" },
  { name: "WHO", givesWay: "never" },
  { name: "VERDICT", givesWay: "never", look: lookOfVerdict },
  { name: "WHEN", givesWay: "never" },
  { name: "OPEN", givesWay: "below" },
];
