import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { check, finding } from "../findings.ts";
import type { Finding } from "../findings.ts";
import { include, readPattern } from "./patterns.ts";
import type { IncludePattern } from "./patterns.ts";

/** Maximum number of included files. */
const MAX_INCLUDED_FILES = 500;

/** A file that `include:` names. */
export interface FoundFile {
  /** As problems name it: beside the main file, as that was named. */
  readonly file: string;
  /** Where it really is: what is read. */
  readonly from: string;
}

/** The files that `include:` names, in the order of the list and then of their names, and what is wrong with the list. */
export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** The folders that were looked into: a file more or fewer there changes the configuration. */
  readonly folders: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Finds the included files of a main file. None of them may be outside of the folder that its line names, and that folder
 * not outside of the main file's, wherever symbolic links lead: who may write into `conf.d` decides about that folder and
 * about no other.
 */
export async function findIncluded(main: string, written: unknown): Promise<FoundFiles> {
  const checked = check(include, written, ["include"]);
  if (!checked.ok) return { files: [], folders: [], findings: checked.findings };
  const files: FoundFile[] = [];
  const folders: string[] = [];
  const findings: Finding[] = [];
  const seen = new Set([await realpath(main).catch(() => resolve(main))]);
  for (const [index, text] of checked.output.entries()) {
    const path = ["include", index];
    const pattern = readPattern(text);
    if ("problem" in pattern) {
      findings.push(finding("value", path, pattern.problem, pattern.hint));
      continue;
    }
    folders.push(join(dirname(main), pattern.folder));
    const found = await filesOf(main, pattern);
    if ("problem" in found) {
      findings.push(finding("value", path, found.problem, found.hint));
      continue;
    }
    for (const one of found.files) {
      if (seen.size !== seen.add(one.from).size) files.push(one);
      else findings.push(finding("value", path, `${one.file} is read already`, alreadyRead(one.from, main)));
    }
  }
  if (files.length > MAX_INCLUDED_FILES)
    findings.push(
      finding("key", ["include"], `these are more than ${MAX_INCLUDED_FILES} files`, "put several into one"),
    );
  return { files, folders, findings };
}

function alreadyRead(file: string, main: string): string {
  return basename(file) === basename(main)
    ? "it is the main file: put the others into a folder of their own, such as conf.d"
    : "each file is included once, by one line and under one name";
}

type Files = { readonly files: readonly FoundFile[] } | { readonly problem: string; readonly hint?: string };

async function filesOf(main: string, pattern: IncludePattern): Promise<Files> {
  const folder = join(dirname(main), pattern.folder);
  const escapes = "a symbolic link leads out of its folder";
  try {
    const realMain = await realpath(dirname(resolve(main)));
    const realFolder = await realpath(folder);
    if (!isWithin(realFolder, realMain))
      return { problem: `${folder}: ${escapes}`, hint: "keep included files below the main file's folder" };
    const names = (await readdir(realFolder)).filter((name) => pattern.matches(name)).toSorted();
    if (names.length === 0 && pattern.isOneFile)
      return { problem: `${join(dirname(main), pattern.text)} does not exist` };
    const files: FoundFile[] = [];
    for (const name of names) {
      const file = join(folder, name);
      const from = await realpath(join(realFolder, name)).catch(() => undefined);
      if (from === undefined)
        return { problem: `${file} cannot be followed: its symbolic link leads nowhere, or in a circle` };
      if (!isWithin(from, realFolder)) return { problem: `${file}: ${escapes}`, hint: "copy the file there" };
      files.push({ file, from });
    }
    return { files };
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown error";
    if (code === "ENOENT" || code === "ENOTDIR") return { problem: `the folder ${folder} does not exist` };
    if (code === "EACCES" || code === "EPERM") return { problem: `the folder ${folder} may not be read` };
    return { problem: `the folder ${folder} cannot be read (${code})` };
  }
}

/** Whether a path is below a folder, or the folder itself; both as `realpath` gives them. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
