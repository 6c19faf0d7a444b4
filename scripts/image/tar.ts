// Archives that are the same whenever and wherever they are made of the same files.
import { execFileSync } from "node:child_process";

/** Who owns what is in an archive. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const root: Owner = { uid: 0, gid: 0 };

/** Flags with which GNU tar leaves out all that differs from one machine or run to the next. */
function stableFlags(seconds: number, { uid, gid }: Owner): readonly string[] {
  return [
    "--format=posix",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime",
    "--sort=name",
    `--mtime=@${seconds}`,
    "--numeric-owner",
    `--owner=${uid}`,
    `--group=${gid}`,
    // Whatever the umask of who builds it.
    "--mode=u+rwX,go+rX,go-w",
  ];
}

/** Writes a folder's contents into an archive. @param seconds the time of every entry */
export function writeTar(file: string, folder: string, seconds: number): void {
  execFileSync("tar", [...stableFlags(seconds, root), "-cf", file, "-C", folder, "."]);
}

/** Adds one more folder to an archive, with another owner than root. */
export function addFolder(file: string, folder: string, name: string, seconds: number, owner: Owner): void {
  execFileSync("tar", [...stableFlags(seconds, owner), "-rf", file, "-C", folder, "--no-recursion", name]);
}
