import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { Server } from "node:net";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { exitCode, type Started } from "../started.ts";
import { descriptors, sandboxArguments } from "./bubblewrap.ts";
import { type Door, hostsWith, type LocalDoor, placeDoors } from "./doors.ts";
import { socketFilter } from "./filter.ts";
import { findStanding, type Standing } from "./hide.ts";
import { commandWithin, firstWithin, isStill, type Process } from "./processes.ts";
import { checkFolders, checkStreams, findBubblewrap, supportedMachine, unavailable } from "./refusal.ts";
import { type Relay, startRelay } from "./relay.ts";
import { type Watch, watchCovers } from "./watch.ts";

/** A sandbox that can be had here. */
export interface Sandbox {
  /**
   * Starts a command in it.
   * @param env what it gets beside its own environment, which has no logins in it
   * @param kept files that it needs, though they may lie where others are hidden
   */
  start(
    command: readonly string[],
    doors: readonly Door[],
    env: NodeJS.ProcessEnv,
    kept: readonly string[],
  ): Promise<Started>;
}

/** What a sandbox is made with. */
interface Means {
  readonly machine: "x64" | "arm64";
  readonly bwrap: string;
  readonly isGateway: (host: string, port: number | undefined) => boolean;
}

const launcher = ["js", "ts"]
  .map((ending) => fileURLToPath(new URL(`launcher.${ending}`, import.meta.url)))
  .find((file) => existsSync(file));

/**
 * Makes sure that a sandbox can be had here, by trying one.
 * @param isGateway whether something leads to Mayfly itself, which is no standing credential
 * @throws MayflyError sandbox_unavailable
 */
export async function prepareSandbox(isGateway: Means["isGateway"]): Promise<Sandbox> {
  const means = { machine: supportedMachine(), bwrap: findBubblewrap(), isGateway };
  checkStreams();
  await tryOut(means);
  return {
    async start(command, doors, env, kept) {
      // What lies here now: an approval can take long.
      const standing = await lookAround(means);
      const run = launch(means, standing, { command, doors: placeDoors(doors), env, kept });
      return { ...run, exit: run.exit.finally(() => run.remove()) };
    },
  };
}

async function lookAround({ isGateway }: Means): Promise<Standing> {
  const { env } = process;
  const cwd = process.cwd();
  const uid = process.getuid?.();
  const rest = { env, cwd, root: "/", ...(uid === undefined ? {} : { uid }), isGateway };
  // HOME may name another folder than the account's own, and clients look in either.
  const homes = new Set([homedir(), ownHome() ?? homedir()]);
  const standing = await findStanding([...homes].map((home) => ({ ...rest, home })));
  checkFolders(cwd, standing.hidden);
  return standing;
}

/** The account's home folder by the system's list of users (passwd(5)); undefined where it is not in there. */
function ownHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Starts a sandbox that does nothing, with all that is hidden. */
async function tryOut(means: Means): Promise<void> {
  const what = { command: ["true"], doors: [], env: process.env, kept: [] };
  let said = "";
  const run = launch(means, await lookAround(means), what, (text) => (said += text));
  const code = await run.exit.finally(() => run.remove());
  if (code === 0) return;
  const why = said.trim().replaceAll("\n", "; ") || `bwrap ended with ${code}`;
  throw unavailable(
    `none can be made here: ${why}`,
    "it needs user namespaces for this account (user_namespaces(7); in a container, and where AppArmor restricts them, somebody must allow them), or run without --sandbox",
  );
}

interface What {
  readonly command: readonly string[];
  readonly doors: readonly LocalDoor[];
  readonly env: NodeJS.ProcessEnv;
  readonly kept: readonly string[];
}

/** @param onSaid told what is said in a sandbox that is only tried out: it shows nothing */
function launch(
  { machine, bwrap }: Means,
  { hidden, variables }: Standing,
  { command, doors, env, kept }: What,
  onSaid?: (text: string) => void,
): Started & { remove(): void } {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mayfly-sandbox-"));
  const hosts = realpathSync("/etc/hosts");
  const ownSession = ![0, 1, 2].some((fd) => isTerminal(fd));
  const args = sandboxArguments({
    bwrap,
    folder,
    hidden,
    kept,
    hosts,
    ownSession,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    hasLowPort: doors.some(({ port }) => port < 1024),
    command: [process.execPath, ...process.execArgv, launcher ?? "", JSON.stringify(doors), ...command],
  });
  const shown = onSaid === undefined ? "inherit" : "pipe";
  const child = spawn(
    "/bin/sh",
    ["-c", 'trap "" INT QUIT TERM HUP USR1 USR2 && exec "$@"', "sh", bwrap, ...args],
    {
      stdio: [onSaid === undefined ? "inherit" : "ignore", shown, shown, "ipc", "pipe", "pipe", "pipe"],
      // The shells between would lose variables that they have no name for: the launcher is told the command's.
      env: pick(process.env, ["PATH", "LD_LIBRARY_PATH"]),
    },
  );
  if (onSaid !== undefined)
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onSaid);
  give(child, descriptors.hosts, hostsWith(readFileSync(hosts, "utf8"), doors));
  give(child, descriptors.empty, "");
  give(child, descriptors.filter, socketFilter(machine, !ownSession));
  const relay = startRelay();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const watchOver = (pid: number): Watch => watchCovers(pid, hidden);
  return { ...follow(child, relay, { doors, env: withoutLogins(env, variables), watchOver }), remove };
}

function give(child: ChildProcess, descriptor: number, data: string | Buffer): void {
  const pipe = child.stdio[descriptor] as Writable;
  // A sandbox that could not be made reads nothing, and says so by its exit code.
  pipe.on("error", () => undefined);
  pipe.end(data);
}

/** Lets the sandbox's clients through, and follows the command until it ends. */
function follow(
  child: ChildProcess,
  relay: Relay,
  { doors, env, watchOver }: Pick<What, "doors" | "env"> & { readonly watchOver: (pid: number) => Watch },
): Started {
  const pid = child.pid ?? 0;
  let first: Process | undefined;
  let watch: Watch | undefined;
  let hasEnded = false;
  // The launcher becomes the command, and its channel is closed with that.
  const isCommand = new Promise<void>((resolve) => child.once("disconnect", resolve));
  // A command may have kept the kernel from ending all with us (PR_SET_PDEATHSIG).
  const endAll = (): void => {
    if (first !== undefined && isStill(first)) kill(first.pid, "SIGKILL");
  };
  const exit = new Promise<number>((resolve, reject) => {
    const end = (code: number): void => {
      hasEnded = true;
      relay.close();
      watch?.close();
      endAll();
      resolve(code);
    };
    child.on("error", () => end(126));
    child.on("exit", (code, signal) => end(exitCode(code, signal)));
    const fail = (error: unknown): void => {
      endAll();
      child.kill("SIGKILL");
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onOpen = (): void => {
      first = firstWithin(pid);
      const opener = commandWithin(pid);
      if (opener === undefined)
        throw unavailable("its processes are not to be seen in /proc", "mount /proc without hidepid");
      watch = watchOver(opener);
      watch.lost.catch(fail);
      child.send({ env }, () => undefined);
    };
    child.on("message", (message, server) => {
      const at = message as Partial<LocalDoor>;
      const door = doors.find(({ address, port }) => address === at.address && port === at.port);
      if (door !== undefined && server instanceof Server) relay.serve(server, door);
      else if (message === "open") {
        try {
          onOpen();
        } catch (error) {
          fail(error);
        }
      }
    });
  });
  const send = async (signal: NodeJS.Signals): Promise<void> => {
    await isCommand;
    const command = hasEnded ? undefined : commandWithin(pid);
    if (command !== undefined) kill(command, signal);
  };
  return {
    exit,
    signal(signal) {
      void send(signal);
    },
    end: () => void child.kill("SIGKILL"),
  };
}

/** Sends a signal to what may have ended just now. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** No login, no proxy, and none of those that files name: nothing answers but the grant's ways in. */
function withoutLogins(env: NodeJS.ProcessEnv, variables: ReadonlySet<string>): NodeJS.ProcessEnv {
  const rest = Object.entries(env).filter(
    ([name, value]) => !variables.has(name) || value !== process.env[name],
  );
  return { ...Object.fromEntries(rest), NO_PROXY: "*", no_proxy: "*" };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function isTerminal(fd: number): boolean {
  return [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true;
}
