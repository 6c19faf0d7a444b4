import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";

/** What can happen to the files of a log that is open. */
export interface FileFault {
  readonly name: string;
  /** What the log must name. */
  readonly names: RegExp;
  /** Does it. @returns undoes it, so that what is there is the log again; undefined where nothing can */
  readonly strike: (folder: string) => (() => void) | undefined;
  /** Needs a root who may mount. */
  readonly mounts?: true;
  /** Files of records that must be full already: it strikes the first of them. */
  readonly full?: true;
}

const live = (folder: string): string => join(folder, segmentsOf(folder).at(-1)?.file ?? "");
const full = (folder: string): string => join(folder, segmentsOf(folder)[0]?.file ?? "");

/** Writes over a file's bytes in place. */
function overwrite(path: string, at: number, text: string): () => void {
  const before = readFileSync(path).subarray(at, at + text.length);
  const put = (bytes: Uint8Array): void => {
    const fd = openSync(path, "r+");
    writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  };
  const bytes = Buffer.from(text);
  // What is there at random may be the same.
  if (bytes.equals(before)) bytes[0] = (bytes[0] ?? 0) ^ 1;
  put(bytes);
  return () => put(before);
}

/** Puts another file in a file's place. */
function replace(path: string, change: (bytes: Buffer) => Buffer): () => void {
  const aside = `${path}.aside`;
  const { mode } = statSync(path);
  writeFileSync(`${path}.new`, change(readFileSync(path)));
  chmodSync(`${path}.new`, mode);
  renameSync(path, aside);
  renameSync(`${path}.new`, path);
  return () => renameSync(aside, path);
}

/** A copy that is as the original. */
function copyOf(path: string, to: string): void {
  cpSync(path, to, { recursive: true, preserveTimestamps: true });
}

function remove(path: string): () => void {
  const kept = `${path}.kept-by-the-operator`;
  const outside = join(dirname(dirname(dirname(path))), `kept-${process.pid}-${Math.random()}`);
  copyFileSync(path, outside);
  const { mode } = statSync(path);
  rmSync(path);
  rmSync(kept, { force: true });
  return () => {
    copyFileSync(outside, path);
    chmodSync(path, mode);
    rmSync(outside);
  };
}

function moveAway(path: string, instead?: (aside: string) => void): () => void {
  const aside = `${path}.aside`;
  renameSync(path, aside);
  instead?.(aside);
  return () => {
    rmSync(path, { recursive: true, force: true });
    renameSync(aside, path);
  };
}

const flip = (bytes: Buffer): Buffer => {
  const other = Buffer.from(bytes);
  const at = other.indexOf("select");
  other[Math.max(at, 0)] = 0x53;
  return other;
};

function mode(path: string, to: number): () => void {
  const { mode: before } = statSync(path);
  chmodSync(path, to);
  return () => chmodSync(path, before);
}

/** One table for all: unit tests, and the suite that strikes under load. */
export const fileFaults: readonly FileFault[] = [
  {
    name: "the file of records is removed",
    names: /records\/\d+\.jsonl is gone/,
    strike: (f) => remove(live(f)),
  },
  {
    name: "the folder of records is removed",
    names: /is gone/,
    strike(f) {
      rmSync(join(f, "records"), { recursive: true });
      return undefined;
    },
  },
  {
    name: "the whole folder is removed",
    names: /is gone/,
    strike(f) {
      rmSync(f, { recursive: true });
      return undefined;
    },
  },
  {
    name: "the whole folder is removed and made anew",
    names: /is gone|is not the one/,
    strike(f) {
      rmSync(f, { recursive: true });
      mkdirSync(join(f, "records"), { recursive: true, mode: 0o700 });
      return undefined;
    },
  },
  { name: "the folder is moved away", names: /is gone/, strike: (f) => moveAway(f) },
  {
    name: "the folder is replaced by an empty one",
    names: /is gone|is not the one/,
    strike: (f) => moveAway(f, () => mkdirSync(f, { mode: 0o700 })),
  },
  {
    name: "the folder is replaced by a copy",
    names: /is not the one that was opened/,
    strike: (f) => moveAway(f, (aside) => copyOf(aside, f)),
  },
  {
    name: "the folder is replaced by a link to a copy",
    names: /is not the one that was opened/,
    strike(f) {
      const copy = `${f}.copy`;
      const back = moveAway(f, (aside) => {
        copyOf(aside, copy);
        symlinkSync(copy, f);
      });
      return () => {
        back();
        rmSync(copy, { recursive: true });
      };
    },
  },
  {
    name: "the folder above is replaced",
    names: /is gone|is not the one/,
    strike: (f) => moveAway(dirname(f), () => mkdirSync(f, { recursive: true, mode: 0o700 })),
  },
  {
    name: "the folder of records is replaced by a copy",
    names: /is not the one that was opened/,
    strike: (f) => moveAway(join(f, "records"), (aside) => copyOf(aside, join(f, "records"))),
  },
  {
    name: "the file of records is truncated to nothing",
    names: /records\/\d+\.jsonl (has|does not hold|does not verify)/,
    strike(f) {
      const bytes = readFileSync(live(f));
      const path = live(f);
      truncateSync(path, 0);
      return () => writeFileSync(path, bytes);
    },
  },
  {
    name: "the file of records loses its last line",
    names: /records\/\d+\.jsonl (has|does not hold|does not verify)/,
    strike(f) {
      const path = live(f);
      const bytes = readFileSync(path);
      truncateSync(path, bytes.lastIndexOf(10, bytes.length - 2) + 1);
      return () => writeFileSync(path, bytes);
    },
  },
  {
    name: "the file of records is replaced by one of the same length",
    names: /records\/\d+\.jsonl is not the one/,
    strike: (f) => replace(live(f), flip),
  },
  {
    name: "the file of records is overwritten in the middle",
    names: /records\/\d+\.jsonl does not/,
    strike: (f) => overwrite(live(f), 5, "XXXX"),
  },
  {
    name: "the file of records is overwritten in the middle, and its time put back",
    names: /records\/\d+\.jsonl does not/,
    strike(f) {
      const { atime, mtime } = statSync(live(f));
      const back = overwrite(live(f), 40, "Y");
      utimesSync(live(f), atime, mtime);
      return back;
    },
  },
  {
    name: "the file of records is overwritten at its end",
    names: /records\/\d+\.jsonl does not/,
    strike: (f) => overwrite(live(f), statSync(live(f)).size - 4, "Z"),
  },
  {
    name: "somebody else appends to the file of records",
    names: /records\/\d+\.jsonl has \d+ bytes where/,
    strike(f) {
      const path = live(f);
      const { size } = statSync(path);
      appendFileSync(path, `${"x".repeat(100_000)}\n`);
      return () => truncateSync(path, size);
    },
  },
  {
    name: "a strange file of records appears",
    names: /records\/999999999999\.jsonl is not a file of this log/,
    strike(f) {
      const path = join(f, "records/999999999999.jsonl");
      writeFileSync(path, "");
      return () => rmSync(path);
    },
  },
  {
    name: "a full file is removed",
    full: true,
    names: /records\/0+\.jsonl is gone/,
    strike: (f) => remove(full(f)),
  },
  {
    name: "a full file is truncated",
    full: true,
    names: /records\/0+\.jsonl has \d+ bytes where/,
    strike(f) {
      const bytes = readFileSync(full(f));
      truncateSync(full(f), 100);
      return () => writeFileSync(full(f), bytes);
    },
  },
  {
    name: "a full file is replaced by one of the same length",
    full: true,
    names: /records\/0+\.jsonl is not the one/,
    strike: (f) => replace(full(f), flip),
  },
  {
    name: "a full file is overwritten, and its time put back",
    full: true,
    names: /(records\/0+\.jsonl|checkpoints\.txt) does not/,
    strike(f) {
      const { atime, mtime } = statSync(full(f));
      const back = overwrite(full(f), 30, "QQ");
      utimesSync(full(f), atime, mtime);
      return back;
    },
  },
  {
    name: "the checkpoints are removed",
    names: /checkpoints\.txt is gone/,
    strike: (f) => remove(join(f, "checkpoints.txt")),
  },
  {
    name: "the checkpoints are truncated",
    names: /checkpoints\.txt has 0 bytes where/,
    strike(f) {
      const path = join(f, "checkpoints.txt");
      const bytes = readFileSync(path);
      truncateSync(path, 0);
      return () => writeFileSync(path, bytes);
    },
  },
  {
    name: "a checkpoint is altered",
    names: /checkpoints\.txt does not verify/,
    strike: (f) => overwrite(join(f, "checkpoints.txt"), 20, "9"),
  },
  {
    name: "the private key is removed",
    names: /key\.pem is gone/,
    strike: (f) => remove(join(f, "key.pem")),
  },
  {
    name: "the private key is replaced",
    names: /key\.pem is not the one/,
    strike: (f) => replace(join(f, "key.pem"), (bytes) => Buffer.from(bytes.toReversed())),
  },
  {
    name: "the list of keys is removed",
    names: /log\.vkey is gone/,
    strike: (f) => remove(join(f, "log.vkey")),
  },
  {
    name: "the lock is removed",
    names: /lock is gone/,
    strike: (f) => moveAway(join(f, "lock")),
  },
  {
    name: "the payloads are moved away",
    names: /payloads is gone/,
    strike: (f) => moveAway(join(f, "payloads")),
  },
  {
    name: "the folder may be read by all",
    names: /the audit log's folder has mode 0755/,
    strike: (f) => mode(f, 0o755),
  },
  {
    name: "the file of records may be written by all",
    names: /has mode 0666; it had 0600/,
    strike: (f) => mode(live(f), 0o666),
  },
  ...(process.getuid?.() === 0
    ? [
        {
          name: "the file of records gets another owner",
          names: /belongs to 1:0; it belonged to 0:0/,
          strike(f: string) {
            const path = live(f);
            chownSync(path, 1, 0);
            return () => chownSync(path, 0, 0);
          },
        },
        {
          name: "something is mounted over the folder",
          names: /is gone|is not the one/,
          mounts: true as const,
          strike(f: string) {
            mountOver(f);
            // Detached at once, though the log may be looking into it at this moment.
            return () => void spawnSync("umount", ["-l", f]);
          },
        },
      ]
    : []),
];

function mountOver(folder: string): void {
  const done = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder], {
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`cannot mount: ${done.stderr}`);
}

/** Whether this process may mount: root in a container may not, as a rule. */
export function mayMount(folder: string): boolean {
  try {
    mkdirSync(join(folder, "mounted"), { recursive: true });
    mountOver(join(folder, "mounted"));
    spawnSync("umount", [join(folder, "mounted")]);
    return true;
  } catch {
    return false;
  }
}
