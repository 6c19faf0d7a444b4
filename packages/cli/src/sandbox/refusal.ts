import { execFileSync } from "node:child_process";
import { accessSync, constants, fstatSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { MayflyError } from "@mayfly/sdk";
import type { Hidden } from "./bubblewrap.ts";
import { isFiltered } from "./filter.ts";
import { OWN } from "./hide.ts";
import { isWithin } from "./paths.ts";

/** No sandbox can be had, and why. */
export function unavailable(why: string, hint: string): MayflyError {
  return new MayflyError("sandbox_unavailable", `--sandbox: ${why}`, { hint });
}

/** The machine, where sandboxes can be made at all. @throws MayflyError */
export function supportedMachine(): "x64" | "arm64" {
  if (process.platform !== "linux" || !isFiltered(process.arch))
    throw unavailable(
      `sandboxes are made on Linux alone, on x64 and arm64; this is ${process.platform} on ${process.arch}`,
      "run the agent in a Linux container or virtual machine, or without --sandbox",
    );
  return process.arch;
}

/** bwrap's path (bubblewrap 0.8 or newer: --disable-userns). @throws MayflyError */
export function findBubblewrap(path: string | undefined = process.env["PATH"]): string {
  const found = (path ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "bwrap"))
    .find(isProgram);
  const install =
    "install bubblewrap: apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap";
  if (found === undefined) throw unavailable("it needs bubblewrap, and there is no bwrap in PATH", install);
  const version = /(\d+)\.(\d+)/.exec(execFileSync(found, ["--version"], { encoding: "utf8" }));
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major === 0 && minor < 8)
    throw unavailable(`it needs bubblewrap 0.8 or newer; ${found} is ${major}.${minor}`, install);
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Refuses to start where something is open that leads out: the command would have it too. @throws MayflyError */
export function checkStreams(): void {
  for (const [fd, name] of ["standard input", "standard output", "standard error"].entries()) {
    const found = fstatSync(fd);
    if (found.isDirectory())
      throw unavailable(`${name} is a folder, through which the command could reach others`, "redirect it");
    if (found.isSocket() && !isPlainPair(found.ino))
      throw unavailable(
        `${name} is a socket that could lead out`,
        `redirect it, or give it through a pipe: … | cat`,
      );
  }
}

/** Whether a socket is a Unix one that is connected for good (proc_net_unix(5): type 0001 is SOCK_STREAM, state 03 connected). */
function isPlainPair(inode: number): boolean {
  const line = new RegExp(`^\\S+ \\S+ \\S+ \\S+ 0001 03 +${inode}(?: |$)`, "m");
  return line.test(readFileSync("/proc/self/net/unix", "utf8"));
}

/** Refuses a folder that the sandbox has another of, or hides. @throws MayflyError */
export function checkFolders(cwd: string, hidden: Hidden): void {
  if (isWithin(cwd, [...OWN, ...hidden.folders]))
    throw unavailable(`the working folder ${cwd} is not there in a sandbox`, "run it from another folder");
  let temporary: string;
  try {
    temporary = realpathSync(tmpdir());
  } catch {
    throw unavailable(`the folder for temporary files ${tmpdir()} is not there`, "set TMPDIR to one that is");
  }
  if (isWithin(temporary, [...OWN, ...hidden.folders]))
    throw unavailable(
      `the folder for temporary files ${temporary} is not there in a sandbox`,
      "set TMPDIR to another",
    );
}
