import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "@mayfly/testing/ports.ts";

/**
 * litewitness (Debian's litetlog), a witness that others run in the open. Debian's build of version 0.4.3 judges
 * checkpoints and proofs, and then panics where it stores what it has seen; so its answer to one that it takes is a
 * broken connection, and what it has seen is put into its database from here.
 */
export interface LiteWitness {
  readonly url: string;
  /** Its key for cosignatures, as it says it itself. */
  readonly key: string;
  /** What its operator does: takes over a log and its key. */
  addLog(origin: string, key: string): void;
  /** What it has seen of a log. @param root base64 */
  hasSeen(origin: string, size: number, root: string): void;
  stop(): Promise<void>;
}

/** @param folder where it keeps its state; short, since a socket's path is */
export async function startLiteWitness(folder: string): Promise<LiteWitness> {
  const socket = join(folder, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  const environment = { ...process.env, SSH_AUTH_SOCK: socket };
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
  const keyFile = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  execFileSync("ssh-add", ["-q", keyFile], { env: environment, stdio: "ignore" });
  const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", keyFile], { encoding: "utf8" }).split(" ")[1];
  const db = join(folder, "witness.db");
  const control = (...args: string[]): void => void execFileSync("witnessctl", args, { stdio: "pipe" });
  const listen = `127.0.0.1:${await freePort()}`;
  const witness = spawn(
    "litewitness",
    [
      "-db",
      db,
      "-key",
      fingerprint ?? "",
      "-listen",
      listen,
      "-name",
      "witness.test/w1",
      "-ssh-agent",
      socket,
    ],
    // Debian builds it with the router of Go 1.21, which does not know its routes; Go's own switch for that.
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, GODEBUG: "httpmuxgo121=0" } },
  );
  let key: string;
  try {
    key = await keyOf(witness);
  } catch (error) {
    agent.kill();
    throw error;
  }
  return {
    url: `http://${listen}`,
    key,
    addLog(origin, added) {
      control("add-log", "-db", db, "-origin", origin);
      control("add-key", "-db", db, "-origin", origin, "-key", added);
    },
    hasSeen(origin, size, root) {
      const opened = new DatabaseSync(db);
      opened.prepare("update log set tree_size = ?, tree_hash = ? where origin = ?").run(size, root, origin);
      opened.close();
    },
    async stop() {
      for (const child of [witness, agent]) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, "exit");
        child.kill();
        await gone;
      }
    },
  };
}

/** Reads what it says until it listens, and goes on reading: it dies of a pipe that nobody reads. @throws Error */
function keyOf(witness: ChildProcess): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    witness.stderr?.on("data", (part: Buffer) => {
      if (said.length > 65_536) return;
      said += part.toString("utf8");
      const key = /vkey"?[=:]"?([^\s"]+)/.exec(said)?.[1];
      if (key !== undefined && said.includes("listening")) resolve(key);
    });
    witness.once("error", reject);
    witness.once("exit", () => reject(new Error(`litewitness did not start: ${said}`)));
  });
}
