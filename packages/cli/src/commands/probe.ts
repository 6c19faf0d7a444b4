import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import type { ProbedHost, ProbeTask } from "@mayfly/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseSpan } from "../arguments.ts";
import { command, type CommonOptions, connect } from "../context.ts";
import { exitCodes, UsageError } from "../exit.ts";
import { listing, list, type ListOptions } from "../listing.ts";
import { moment, note, out, outJson, shortMoment } from "../print.ts";
import { findCredentials, type FoundHere } from "../probe/credentials/find.ts";
import { tryWays } from "../probe/gather.ts";
import { handOver } from "../probe/hand-over.ts";
import { reportOf } from "../probe/report.ts";
import { credentialsText, hintsOf, lookOfVerdict, notClosed, verdictText, waysText } from "../probe/text.ts";
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
      "holds what mayfly probe-token printed; - is standard input (or the token itself in MAYFLY_PROBE_TOKEN)",
    )
    .addOption(
      new Option("--timeout <duration>", "how long one step of a way may take, from 1s to 1m")
        .argParser(stepTime)
        .default(STEP_MS, "5s"),
    )
    .action(async (options: ProbeOptions) => {
      const token = tokenOf(options.tokenFile);
      const { probes } = connect(options).mayfly;
      const task = await probes.start(token);
      const here = await lookAround(task);
      const ways = await tryAll(task, here, options.timeout);
      const asJson = options.json === true;
      if (!asJson) printFound(ways, here);
      const report = reportOf(task.nonce, hostname(), ways, here);
      const host = await handOver(
        () => probes.report(report),
        asJson ? { ways, unread: here.unread } : undefined,
      );
      if (asJson) outJson({ ...host, ways, unread: here.unread });
      else printVerdict(host);
      process.exitCode = exitOf(host);
    });
}

function printFound(ways: Awaited<ReturnType<typeof tryWays>>, here: FoundHere): void {
  const fit = { columns: process.stdout.isTTY ? process.stdout.columns : undefined };
  const parts = [waysText(ways, fit), credentialsText(here, fit)].filter((part) => part !== "");
  if (parts.length > 0) out(`${parts.join("\n\n")}\n`);
}

function printVerdict(host: ProbedHost): void {
  out(verdictText(host));
  for (const hint of hintsOf(host)) note(`hint: ${hint}`);
}

function stepTime(text: string): number {
  const ms = parseSpan(text);
  if (ms === undefined || ms < MIN_STEP_MS || ms > MAX_STEP_MS)
    throw new InvalidArgumentError("Give a duration from 1s to 1m, for example 5s.");
  return ms;
}

/** What a token looks like, as the gateway writes it. */
const TOKEN = /^pr_[0-9a-z]{16}\.[0-9a-z]+$/;

/** The operator's token. It is no argument: those are seen by everybody on the host. */
function tokenOf(file: string | undefined): string {
  const text = file === undefined ? process.env["MAYFLY_PROBE_TOKEN"] : readToken(file);
  const token = (text ?? "").trim();
  const hint =
    "an operator makes one: (umask 077; mayfly probe-token > probe-token); then mayfly probe --token-file probe-token";
  const place = file === undefined ? "MAYFLY_PROBE_TOKEN" : file === "-" ? "standard input" : file;
  if (token === "")
    throw new UsageError(
      file === undefined ? "no probe token is given" : `${place} holds no probe token`,
      hint,
    );
  if (!TOKEN.test(token))
    throw new UsageError(`what ${place} holds is no probe token, nor the whole of one`, hint);
  return token;
}

const readErrors: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this account may not read it",
};

function readToken(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new UsageError(
      `the probe token ${file} cannot be read: ${readErrors[code] ?? code}`,
      "check --token-file",
    );
  }
}

function lookAround({ gateway }: ProbeTask): Promise<FoundHere> {
  return findCredentials({
    env: process.env,
    home: homedir(),
    cwd: process.cwd(),
    root: "/",
    ...(process.getuid === undefined ? {} : { uid: process.getuid() }),
    isGateway: (host, port) =>
      host === gateway.host.toLowerCase().replace(/\.$/, "") &&
      port !== undefined &&
      gateway.ports.includes(port),
  });
}

async function tryAll(task: ProbeTask, here: FoundHere, ms: number): ReturnType<typeof tryWays> {
  let [done, all] = [0, 0];
  const shown = progress(() => `trying ways around the gateway${all === 0 ? "" : `: ${done} of ${all}`}`);
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
    "probe-token [names...]",
    "Make a token with which one host is told real addresses, once, to probe them (operators)",
    "mayfly probe-token > probe-token\nmayfly probe-token orders-db | ssh support-1 mayfly probe --token-file -",
  ).action(async (names: readonly string[], options: CommonOptions) => {
    const offer = await connect(options).mayfly.probes.offer(names);
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
            host.credentials.length === 0 ? "" : String(host.credentials.length),
            host.connections.map(({ connection }) => connection).join(" "),
            notClosed(host).join("; "),
          ]),
          fit,
        ),
      empty: "No host was probed yet: an operator begins one with mayfly probe-token.",
    });
  });
}

const columns: readonly Column[] = [
  { name: "HOST", givesWay: "never" },
  { name: "FROM", givesWay: "never" },
  { name: "WHO", givesWay: "never" },
  { name: "VERDICT", givesWay: "never", look: lookOfVerdict },
  { name: "WHEN", givesWay: "never" },
  { name: "CREDENTIALS", leaves: 1 },
  { name: "CONNECTIONS", wide: true },
  { name: "NOT CLOSED", givesWay: "below" },
];
