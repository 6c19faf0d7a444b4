import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A containerd that runs. */
export interface Containerd {
  /** Everything of it is here. */
  readonly folder: string;
  /** The arguments with which `ctr` reaches it. */
  readonly ctr: readonly string[];
  /** Ends it at once, and waits for nothing. */
  kill(): void;
  /** Ends it, and removes its folder. Its containers must be gone. */
  close(): Promise<void>;
}

/** Starts containerd in a folder of its own, without Kubernetes' interface. */
export async function startContainerd(): Promise<Containerd> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-pods-"));
  const socket = path.join(folder, "containerd.sock");
  writeFileSync(
    path.join(folder, "config.toml"),
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
`,
  );
  // A process group of its own: a terminal's Ctrl-C would end it before its containers are taken down.
  const daemon = spawn("containerd", ["-c", path.join(folder, "config.toml")], {
    stdio: "ignore",
    detached: true,
  });
  const gone = new Promise<void>((resolve) => daemon.once("close", () => resolve()));
  const ctr = ["-a", socket];
  const deadline = Date.now() + 20_000;
  while (spawnSync("ctr", [...ctr, "version"], { stdio: "ignore" }).status !== 0) {
    if (Date.now() > deadline) throw new Error("containerd did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    folder,
    ctr,
    kill: () => void daemon.kill("SIGTERM"),
    async close() {
      daemon.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
