import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Whether a path is a folder, or is inside it, by where both really are: links are followed, as far as they exist. */
export function isInside(path: string, folder: string): boolean {
  return `${realPlaceOf(path)}/`.startsWith(`${realPlaceOf(folder)}/`);
}

/** Where a path leads, or would once it is made. */
export function realPlaceOf(path: string): string {
  const full = resolve(path);
  try {
    return realpathSync(full);
  } catch {
    const above = dirname(full);
    return above === full ? full : join(realPlaceOf(above), basename(full));
  }
}
