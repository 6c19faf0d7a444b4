import { dirname, resolve } from "node:path";
import type { Search } from "./search.ts";

/** Folders above the working folder. */
const MAX_PARENTS = 64;

/** Where a program keeps its files: the folder that its variable names, and the usual ones, where older logins still lie. */
export function foldersOf(search: Search, variable: string, ...usual: readonly string[]): readonly string[] {
  const set = search.env(variable);
  return [...new Set([...(set === undefined ? [] : [search.path(set)]), ...usual])];
}

/** The working folder and those above it, up to the home folder or the root. */
export function upwards({ surroundings: { cwd, home, root } }: Search): readonly string[] {
  return folderAndAbove(cwd, [home, root]);
}

/** A folder and those above it, up to the first of some others, whose number has a limit. */
export function folderAndAbove(start: string, ends: readonly string[]): readonly string[] {
  const last = new Set(ends.map((end) => resolve(end)));
  const folders: string[] = [];
  for (let folder = resolve(start); folders.length < MAX_PARENTS; folder = dirname(folder)) {
    folders.push(folder);
    if (last.has(folder) || folder === dirname(folder)) break;
  }
  return folders;
}
