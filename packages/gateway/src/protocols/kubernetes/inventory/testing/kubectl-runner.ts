import { type ChildProcess, spawn } from "node:child_process";
import type { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { KubernetesObject } from "@mayfly/kubernetes-stand-in";

/** A command that an agent gives. */
export interface Command {
  readonly agent: string;
  readonly args: readonly string[];
  /** A manifest, which is written into a file for `-f`. */
  readonly manifest?: KubernetesObject;
  /** What is typed; left out: nothing is. */
  readonly input?: string;
  /** It goes on by itself, and is ended once it has said this; of what says nothing more, once the cluster's log has. */
  readonly until?: string | RegExp;
  /** How it ends; left out: 0. */
  readonly code?: number;
  /** Whether it goes into a pod over SPDY/3.1, as kubectl did before 1.31. */
  readonly spdy?: boolean;
}

/** Runs the real kubectl. */
export interface KubectlRunner {
  /** Runs commands, some of them at a time. @throws Error where one does not end as it should */
  run(commands: readonly Command[]): Promise<void>;
  /** Ends what still runs. */
  close(): void;
}

const AT_A_TIME = 3;

/**
 * Makes contexts of agents for a cluster.
 * @param agents their bearers, by name
 * @param log tells of each line of the cluster's log
 */
export function createRunner(
  cluster: { readonly url: string; readonly ca: string },
  agents: Readonly<Record<string, string>>,
  log: EventEmitter<{ line: [string] }>,
): KubectlRunner {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-kubectl-work-"));
  const names = Object.keys(agents);
  const ca = Buffer.from(cluster.ca).toString("base64");
  writeFileSync(
    path.join(folder, "config"),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "shop", cluster: { server: cluster.url, "certificate-authority-data": ca } }],
      users: names.map((name) => ({ name, user: { token: agents[name] } })),
      contexts: names.map((name) => ({ name, context: { cluster: "shop", user: name } })),
    }),
  );
  const children = new Set<ChildProcess>();
  let manifests = 0;
  let isClosed = false;
  const run = async ({
    agent,
    args,
    manifest,
    input = "",
    until,
    code = 0,
    spdy,
  }: Command): Promise<void> => {
    manifests += 1;
    const file = path.join(folder, `${manifests}.json`);
    if (manifest !== undefined) writeFileSync(file, JSON.stringify(manifest));
    const all = ["--context", agent, ...(manifest === undefined ? [] : ["-f", file])];
    // What comes behind `--` is another program's.
    const [own, rest] = args.includes("--")
      ? [args.slice(0, args.indexOf("--")), args.slice(args.indexOf("--"))]
      : [args, []];
    const child = spawn("kubectl", [...own, ...all, ...rest], {
      env: {
        ...process.env,
        HOME: folder,
        KUBECONFIG: path.join(folder, "config"),
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(spdy !== true),
      },
    });
    children.add(child);
    let said = "";
    let isEnded = false;
    const end = (): void => {
      isEnded = true;
      child.kill();
    };
    const hear = (text: string): void => {
      said += text;
      if (typeof until === "string" && said.includes(until)) end();
    };
    const read = (line: string): void => {
      if (until instanceof RegExp && until.test(line)) end();
    };
    log.on("line", read);
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const ended = await new Promise<number | null>((resolve) => {
      child.once("close", resolve);
    });
    log.off("line", read);
    children.delete(child);
    if (until === undefined ? ended !== code : !isEnded)
      throw new Error(`kubectl ${args.join(" ")} ended with ${ended}: ${said}`);
  };
  return {
    async run(commands) {
      const left = [...commands];
      const next = (): Command | undefined => (isClosed ? undefined : left.shift());
      const work = async (): Promise<void> => {
        for (let command = next(); command !== undefined; command = next()) await run(command);
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
    },
    close() {
      isClosed = true;
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
