import { randomBytes } from "node:crypto";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startContainerd } from "./containerd.ts";
import { imageName, makeImage, must } from "./image.ts";

/** A command that runs in a container. */
export interface Running {
  readonly child: ChildProcess;
  resize(columns: number, rows: number): void;
  /** Ends it, whatever it does. Safe to call twice. */
  kill(): void;
}

/** Containers run by a containerd of our own. */
export interface Containers {
  start(id: string, command: readonly string[]): void;
  exec(id: string, argv: readonly string[], terminal: boolean): Running;
  /** Where what a container writes is kept. */
  logOf(id: string): string;
  remove(id: string): void;
  /** How many processes a container has. */
  processes(id: string): number;
  close(): Promise<void>;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Why containers cannot be run here; undefined when they can. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== "linux") return "containers need Linux";
  if (process.getuid?.() !== 0) return "containers are started by root alone";
  for (const program of ["containerd", "ctr", "runc", "busybox", "script"])
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0)
      return `${program} is missing: apt-get install containerd runc busybox-static`;
  return undefined;
}

/** Starts containers from one image, in a containerd of their own. */
export async function startContainers(): Promise<Containers> {
  const why = whyNoContainers();
  if (why !== undefined) throw new Error(why);
  const containerd = await startContainerd();
  const { folder, ctr } = containerd;
  const busybox = must("sh", ["-c", "command -v busybox"]).trim();
  const image = makeImage(folder, busybox);
  must("ctr", [...ctr, "images", "import", "--snapshotter", "native", "--base-name", "stand-in", image]);
  const started = new Set<string>();
  // runc names control groups after containers, for the whole machine: two stand-ins must not share one.
  const own = randomBytes(4).toString("hex");
  const named = (id: string): string => `${own}-${id}`;
  let execs = 0;
  const logOf = (id: string): string => path.join(folder, `${id}.log`);
  const remove = (id: string): void => {
    spawnSync("ctr", [...ctr, "task", "rm", "-f", named(id)], { stdio: "ignore" });
    spawnSync("ctr", [...ctr, "containers", "rm", named(id)], { stdio: "ignore" });
    started.delete(id);
  };
  // Whoever ends without closing leaves no containers behind.
  const last = (): void => {
    for (const id of started) remove(id);
    containerd.kill();
  };
  process.once("exit", last);
  return {
    logOf,
    remove,
    start(id, command) {
      writeFileSync(logOf(id), "");
      const said = openSync(`${logOf(id)}.err`, "w");
      // The runtime's shim keeps its standard streams: nothing of ours may be among them.
      const ran = spawnSync(
        "ctr",
        [
          ...ctr,
          "run",
          "-d",
          "--snapshotter",
          "native",
          "--net-host",
          "--log-uri",
          `file://${logOf(id)}`,
          imageName,
          named(id),
          ...command,
        ],
        { stdio: ["ignore", "ignore", said] },
      );
      closeSync(said);
      if (ran.status !== 0)
        throw new Error(`container ${id} did not start: ${readFileSync(`${logOf(id)}.err`, "utf8")}`);
      started.add(id);
    },
    exec(id, argv, terminal) {
      execs += 1;
      const name = `exec-${execs}`;
      const args = [
        ...ctr,
        "task",
        "exec",
        "--exec-id",
        name,
        ...(terminal ? ["--tty"] : []),
        named(id),
        ...argv,
      ];
      // ctr wants a terminal of its own to give one: script makes it.
      const child = terminal
        ? spawn("script", ["-qefc", `exec ctr ${args.map(quote).join(" ")}`, "/dev/null"], { stdio: "pipe" })
        : spawn("ctr", args, { stdio: "pipe" });
      let isOver = false;
      child.once("close", () => (isOver = true));
      child.stdin?.on("error", () => undefined);
      return {
        child,
        resize(columns, rows) {
          const terminalOf = terminalBelow(child.pid ?? 0);
          if (terminalOf !== undefined)
            spawnSync("stty", ["-F", terminalOf, "cols", String(columns), "rows", String(rows)]);
        },
        kill() {
          if (isOver) return;
          isOver = true;
          const killer = spawn(
            "ctr",
            [...ctr, "task", "kill", "-s", "SIGKILL", "--exec-id", name, named(id)],
            {
              stdio: "ignore",
            },
          );
          killer.once("close", () => child.kill("SIGKILL"));
        },
      };
    },
    processes: (id) =>
      must("ctr", [...ctr, "task", "ps", named(id)])
        .trim()
        .split("\n").length - 1,
    async close() {
      process.off("exit", last);
      for (const id of started) remove(id);
      await containerd.close();
    },
  };
}

/** The terminal that `script` made for its child. */
function terminalBelow(pid: number): string | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const terminal = readlinkSync(`/proc/${children[0] ?? ""}/fd/0`);
    return existsSync(terminal) ? terminal : undefined;
  } catch {
    return undefined;
  }
}
