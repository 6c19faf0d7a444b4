import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../..");

/** A mayflyd that runs as a process of its own. */
export interface GatewayProcess {
  readonly url: string;
  readonly postgresPort: number;
  /** The local CA's certificate, for clients. */
  readonly caFile: string;
  readonly pid: number;
  /** Lines of its log so far, newest last. */
  readonly lines: readonly Record<string, unknown>[];
  /** Waits for a line of the log with this message. */
  line(message: string): Promise<Record<string, unknown>>;
  signal(name: NodeJS.Signals): void;
  /** Stops it gracefully, or kills it; answers its exit code or signal. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** A line of JSON, or what else the process printed. */
function parseLine(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}

/**
 * Starts `mayflyd serve` and waits until it says that it is ready.
 * @param bin which one; a relative path starts at the repository
 * @param options further ones of `serve`
 * @param node which Node runs it
 * @throws Error with what it printed when it ends before
 */
export async function startGateway(
  file: string,
  environment: Readonly<Record<string, string>>,
  bin = "packages/gateway/bin/mayflyd.js",
  options: readonly string[] = [],
  node = process.execPath,
): Promise<GatewayProcess> {
  const args = [path.resolve(root, bin), "serve", "--config", file, ...options];
  const child: ChildProcess = spawn(node, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines: Record<string, unknown>[] = [];
  const waiting: { message: string; found: (line: Record<string, unknown>) => void }[] = [];
  let rest = "";
  let all = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    all = (all + text).slice(-10_000);
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts.map(parseLine)) {
      lines.push(line);
      for (const each of waiting.filter(({ message }) => line["msg"] === message)) each.found(line);
    }
  });
  const gone = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? -1));
  });
  const line = (message: string): Promise<Record<string, unknown>> =>
    Promise.race([
      new Promise<Record<string, unknown>>((resolve) => {
        const known = lines.find((each) => each["msg"] === message);
        if (known !== undefined) resolve(known);
        else waiting.push({ message, found: resolve });
      }),
      gone.then((how) => {
        throw new Error(`mayflyd ended (${how}) before it said "${message}":\n${all}`);
      }),
    ]);
  const ready = await line("ready");
  return {
    url: String(ready["url"]),
    postgresPort: Number(ready["postgres"]),
    caFile: String(ready["ca"]),
    pid: child.pid ?? 0,
    lines,
    line,
    signal: (name) => void child.kill(name),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return gone;
    },
  };
}
