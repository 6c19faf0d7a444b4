import { spawn, type ChildProcess } from "node:child_process";
import { connect } from "node:net";

/** A program that was started and listens. */
export interface Started {
  readonly pid: number;
  stop(): Promise<void>;
}

const LISTEN_TRIES = 200;
const LISTEN_WAIT_MS = 50;

/** Waits until something takes connections. @throws Error when nothing does within ten seconds */
async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < LISTEN_TRIES && child.exitCode === null; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, LISTEN_WAIT_MS));
  }
  throw new Error(`${child.spawnfile} does not listen on ${port}`);
}

/** Starts a program and waits until it listens on a port. */
export async function startListening(
  program: string,
  args: readonly string[],
  port: number,
): Promise<Started> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await gone;
  };
  try {
    await untilListening(port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, stop };
}
