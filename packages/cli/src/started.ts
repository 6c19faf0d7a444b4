import { spawn } from "node:child_process";
import { constants } from "node:os";
import { note } from "./print.ts";

/** A command that was started. */
export interface Started {
  /** Its exit code, as a shell would give it. */
  readonly exit: Promise<number>;
  /** Sends it a signal, if it still runs. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it and all that it started, whatever they do about it. */
  end(): void;
}

/** Starts a command with our own input and output. */
export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Started {
  const child = spawn(program, args, { stdio: "inherit", env });
  const exit = new Promise<number>((resolve) => {
    child.on("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      note(`mayfly: ${program} cannot be run: ${missing ? "there is no such command" : error.message}`);
      resolve(missing ? 127 : 126);
    });
    child.on("exit", (code, signal) => resolve(exitCode(code, signal)));
  });
  return { exit, signal: (signal) => void child.kill(signal), end: () => void child.kill("SIGKILL") };
}

/** The exit code of a process as a shell gives it (POSIX, "Exit Status for Commands"). */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
