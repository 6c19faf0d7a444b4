// In which order the full tests run: first those that the last commits are about, and all of them over a few landings.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../setup.mjs";

/** So many commits count as the last ones. */
const LAST_COMMITS = 10;

function git(...args) {
  const { status, stdout } = spawnSync("git", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? stdout.trim() : "";
}

/** What tells one state of the sources from another: the order hangs on it, and can be had again. */
export const treeHash = () => git("rev-parse", "HEAD^{tree}");

/** @returns {ReadonlySet<string>} the files that the last commits changed, and those changed since */
export function changedFiles() {
  const lists = [
    git("log", `-${LAST_COMMITS}`, "--first-parent", "-m", "--format=", "--name-only"),
    git("diff", "--name-only", "HEAD"),
  ];
  return new Set(lists.flatMap((list) => list.split("\n")).filter((line) => line !== ""));
}

/** The files of ours that a test file imports itself, by their paths from the root. */
export function importsOf(file, text = readFileSync(path.join(root, file), "utf8")) {
  return [...text.matchAll(/\bfrom "([^"]+)"/g)].flatMap(([, name]) =>
    name.startsWith(".")
      ? [path.join(path.dirname(file), name)]
      : name.startsWith("@mayfly/testing/")
        ? [name.replace("@mayfly/testing", "packages/testing/src")]
        : [],
  );
}

/**
 * Files in the order in which they run: those that changed, those that import what changed, then the others; each part in
 * an order drawn from the hash.
 * @param {readonly string[]} files
 * @param {object} by
 * @param {string} by.hash
 * @param {ReadonlySet<string>} by.changed
 * @param {(file: string) => readonly string[]} by.imports
 */
export function ordered(files, { hash, changed, imports }) {
  const part = (file) => (changed.has(file) ? 0 : imports(file).some((each) => changed.has(each)) ? 1 : 2);
  const draw = (file) => createHash("sha256").update(`${hash} ${file}`).digest("hex");
  return files
    .map((file) => ({ file, rank: `${part(file)} ${draw(file)}` }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ file }) => file);
}
