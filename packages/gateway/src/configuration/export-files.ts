import { resolve } from "node:path";
import { finding, type Finding } from "./findings.ts";
import { isInside, realPlaceOf } from "./folders.ts";
import type { Sources } from "./secrets.ts";

/** What is Mayfly's own: nothing else may be written there. */
export interface OwnPlaces {
  /** Undefined where it is not known. */
  readonly auditFolder: string | undefined;
  readonly dataFolder: string | undefined;
  /** What the configuration was read from. */
  readonly configurationFiles: readonly string[];
}

/** Checks where files of destinations are. Each has one to itself, and none is one of Mayfly's own. */
export function createFileCheck(
  { folder }: Pick<Sources, "folder">,
  { auditFolder, dataFolder, configurationFiles }: OwnPlaces,
): (path: string, at: (string | number)[]) => Finding[] {
  const taken = new Set<string>();
  const configuration = new Set(configurationFiles.map(realPlaceOf));
  return (path, at) => {
    const place = realPlaceOf(resolve(folder, path));
    if (auditFolder !== undefined && isInside(place, auditFolder))
      return [finding("value", at, "this file is inside the log's own folder", "name one outside it")];
    if (dataFolder !== undefined && isInside(place, dataFolder))
      return [finding("value", at, "this file is inside the gateway's own folder", "name one outside it")];
    if (configuration.has(place))
      return [finding("value", at, "this file is the configuration itself", "name another")];
    if (taken.size === taken.add(place).size)
      return [finding("value", at, "another destination writes to this file", "give each its own")];
    return [];
  };
}
