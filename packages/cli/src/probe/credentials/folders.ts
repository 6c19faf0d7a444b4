import { dirname, resolve } from "node:path";
import type { Search } from "./search.ts";

/** Folders above the working folder. */
const MAX_PARENTS = 64;

/** Where a program keeps its files: the folder that its variable names, and the usual ones, where older logins still lie. */
export function foldersOf(search: Search, variable: string, ...usual: readonly string[]): readonly string[] {
  const set = search.env(variable);
  return [...new Set([...(set === undefined ? [] : [search.path(set)]), ...usual])];
}

/** The home folder, the working folder and those above it, up to the home folder or the root. */
export function upwards(search: Search): readonly string[] {
  const { cwd, home, root } = search.surroundings;
  const folders = new Set([resolve(home)]);
  let folder = resolve(cwd);
  for (let at = 0; at < MAX_PARENTS; at++) {
    folders.add(folder);
    if (folder === resolve(home) || folder === resolve(root) || folder === dirname(folder)) break;
    folder = dirname(folder);
  }
  return [...folders];
}
