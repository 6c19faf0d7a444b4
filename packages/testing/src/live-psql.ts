import { spawn } from "node:child_process";
import type { Access } from "./api.ts";
import type { World } from "./world.ts";

/** A psql that stays connected. */
export interface LivePsql {
  /** Runs a query in the session; answers its first line. @throws Error when the session ends instead */
  ask(query: string): Promise<string>;
  /** What it printed, once its session has ended. It is asked again and again: psql looks at no socket while it waits. */
  ended(): Promise<string>;
  end(): void;
}

/** Waits for something that another process does. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  // By the monotonic clock: these tests step the other one, though not in this process.
  const end = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Connects the real client with the ways in of a grant. */
export function livePsql(world: World, access: Access): LivePsql {
  const child = spawn("psql", ["-X", "-At", "-v", "ON_ERROR_STOP=0"], {
    env: { ...process.env, ...access.env, PGSSLROOTCERT: world.gateway.caFile },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  let isOver = false;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  child.stdin.on("error", () => undefined);
  child.once("close", () => {
    isOver = true;
  });
  let asked = 0;
  return {
    ended: () =>
      until("psql ends", async () => {
        if (isOver) return printed;
        child.stdin.write("select count(*) from orders;\n");
        await new Promise((resolve) => setTimeout(resolve, 150));
        return undefined;
      }),
    async ask(query) {
      asked += 1;
      const mark = `asked ${asked}|`;
      child.stdin.write(`select 'asked ${asked}', (${query});\n`);
      return until(`psql answers ${query}`, () => {
        if (isOver) throw new Error(`psql ended: ${printed}`);
        const line = printed.split("\n").find((each) => each.startsWith(mark));
        return line?.slice(mark.length);
      });
    },
    end: () => child.kill("SIGKILL"),
  };
}
