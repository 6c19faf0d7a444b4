import { execFile } from "node:child_process";
import path from "node:path";
import { root } from "./gateway.ts";

/** What a command came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const mayflyd = path.join(root, "packages/gateway/bin/mayflyd.js");

/** Runs `mayflyd` to its end, with nothing in its environment but where programs are. */
export function runMayflyd(args: readonly string[], input: string | Uint8Array = ""): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env["PATH"] },
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    } as const;
    const child = execFile(process.execPath, [mayflyd, ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    // Whoever refuses what it is asked reads nothing.
    child.stdin?.on("error", () => undefined).end(input);
  });
}
