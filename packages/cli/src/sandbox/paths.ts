import { sep } from "node:path";

/** Whether a path is one of some folders, or lies in one. */
export function isWithin(path: string, folders: Iterable<string>): boolean {
  return [...folders].some(
    (folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`),
  );
}

/** The folders above a path, the highest first; not the root. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split(sep).slice(1, -1);
  return parts.map((_, at) => `${sep}${parts.slice(0, at + 1).join(sep)}`);
}
