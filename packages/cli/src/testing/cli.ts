import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";
import { type ApiServices, type Fakes, startFakeApi } from "@mayfly/testing/fake-api.ts";

/** What a run of the command came to. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly done: Promise<Ran>;
  /** What it said so far on standard error. */
  stderr(): string;
  /** Resolves once standard output or error holds the text. */
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** A real API with fake services behind it, and the real command in front. */
export interface TestBed {
  readonly all: Fakes;
  readonly url: string;
  /** A folder of its own for state. */
  readonly state: string;
  /** What the command runs with when nothing else is said. */
  readonly environment: Readonly<Record<string, string>>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Running;
  run(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Promise<Ran>;
  close(): Promise<void>;
}

/** The command as a program. */
export const mayflyBin: string = new URL("../../bin/mayfly.js", import.meta.url).pathname;

/** Starts the API and makes a state folder. */
export async function testBed(change: Partial<ApiServices> = {}): Promise<TestBed> {
  const api = await startFakeApi(change);
  const { all, url } = api;
  const state = mkdtempSync(join(tmpdir(), "mayfly-cli-"));

  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: state,
    XDG_STATE_HOME: state,
    MAYFLY_URL: url,
    MAYFLY_TOKEN: "token-agent",
  };
  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ""): Running {
    const child = spawn(process.execPath, [mayflyBin, ...args], {
      env: { ...environment, ...env },
    });
    let stdout = "";
    let stderr = "";
    const listeners = new Set<() => void>();
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      for (const listener of listeners) listener();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      for (const listener of listeners) listener();
    });
    child.stdin.end(input);
    const done = new Promise<Ran>((resolve) => {
      child.on("close", (code, signal) => {
        for (const listener of listeners) listener();
        resolve({ code, signal, stdout, stderr });
      });
    });
    return {
      done,
      stderr: () => stderr,
      kill: (signal) => void child.kill(signal),
      says: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if ((stdout + stderr).includes(text)) resolve();
            else if (child.exitCode !== null)
              reject(new Error(`it ended without saying '${text}':\n${stdout}${stderr}`));
          };
          listeners.add(look);
          look();
        }),
    };
  }
  return {
    all,
    url,
    state,
    environment,
    start,
    run: (args, env, input) => start(args, env, input).done,
    async close() {
      await api.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** A test bed before each test of a file; all are closed after the last. @param use told of each one */
export function useTestBed(use: (bed: TestBed) => void): void {
  const beds: TestBed[] = [];
  beforeEach(async () => {
    const bed = await testBed();
    beds.push(bed);
    use(bed);
  });
  afterAll(async () => {
    for (const each of beds) await each.close();
  });
}
