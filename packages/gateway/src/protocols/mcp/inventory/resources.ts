import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { coversUri } from "../compile.ts";
import { isId, isVarying } from "./place-segments.ts";
import { reasonAgainst } from "./resource-reasons.ts";
import { type Left, rare, type Unit } from "./unit.ts";
import { wordsOf } from "./words-of-names.ts";

/** A resource that was read. */
export interface Reading {
  readonly seen: SeenActs;
  readonly uri: string;
}

/** So many resources of one folder are listed one by one; where there are more, any of it may be granted. */
const MAX_LISTED = 5;

/** The most URIs that anybody reads. */
const MAX_GRANTED = 50;
const TOO_MANY_READ = `more than ${MAX_GRANTED} of its kind were read, and no folder is known to hold nothing else`;

/** The folder of a resource up to what varies, with the slash at its end: `crm://orders/`. The scheme alone: it has none. */
export function folderOf(uri: string): string {
  const [, scheme = "", rest = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/*)(.*)$/su.exec(uri) ?? [];
  const segments = rest.split("/").slice(0, -1);
  const varies = segments.findIndex((segment, at) => at > 0 && isVarying(segment));
  const fixed = varies === -1 ? segments : segments.slice(0, varies);
  return scheme + fixed.map((segment) => `${segment}/`).join("");
}

/** What covers resources against which nothing speaks. @param left gets the others */
export function resourceUnits(readings: readonly Reading[], minSeen: number, left: Left[]): readonly Unit[] {
  const kept: Reading[] = [];
  for (const alike of Map.groupBy(readings, ({ uri }) => folderOf(uri)).values()) {
    const times = alike.reduce((sum, { seen }) => sum + seen.times, 0);
    for (const { seen, uri } of alike) {
      const reason = reasonAgainst(uri);
      if (reason !== undefined) left.push({ reason, seen, uri });
      else if (times >= minSeen) kept.push({ seen, uri });
      else left.push(rare(minSeen, { seen, uri }));
    }
  }
  const everything = readings.map(({ uri }) => uri).toSorted();
  return [...Map.groupBy(kept, ({ uri }) => folderOf(uri))].flatMap(([folder, all]) => {
    const uris = [...new Set(all.map(({ uri }) => uri))].toSorted();
    const granted = grantedOf(uris, everything);
    if (granted.length > MAX_GRANTED) {
      for (const { seen, uri } of all) left.push({ reason: TOO_MANY_READ, seen, uri });
      return [];
    }
    const words = wordsOf(folder.replace(/^file:/, ""));
    const unit: Unit = {
      about: `resources ${folder}`,
      words: ["read resources of", ...(words.length === 0 ? ["resources"] : words.slice(-3))].join(" "),
      together: "read resources",
      risk: words.some((word) => sensitivityOf(word) !== undefined) ? "medium" : "low",
      scope: { resources: granted },
      acts: all.map(({ seen }) => seen),
      parts: granted.map((uri) => ({
        key: uri,
        words: uri,
        seen: evidenceOf(all.filter((each) => coversUri([uri], each.uri)).map(({ seen }) => seen)),
      })),
      anyText: [],
    };
    return [unit];
  });
}

/**
 * One by one, or whatever is in their folder where many were read there whose names are ids alone, and nothing else in it or below it.
 * What a person named may be a file, and beside files are hidden ones; what is below an id may be somebody else's.
 * @param everything that was read, also what is set apart, in order
 */
function grantedOf(uris: readonly string[], everything: readonly string[]): readonly string[] {
  return [...Map.groupBy(uris, (uri) => uri.slice(0, uri.lastIndexOf("/") + 1))].flatMap(([folder, own]) => {
    const isMany = own.length > MAX_LISTED && canHoldIds(folder) && idsIn(folder, everything) > MAX_LISTED;
    return isMany ? [`${folder}*`] : own;
  });
}

/** How many ids were read in a folder; 0: something else was read in it or below it. @param everything in order */
function idsIn(folder: string, everything: readonly string[]): number {
  let [low, high] = [0, everything.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((everything[middle] ?? "") < folder) low = middle + 1;
    else high = middle;
  }
  // One id may be written in several ways.
  const ids = new Set<string>();
  for (let at = low; everything[at]?.startsWith(folder) === true; at += 1) {
    const name = everything[at]?.slice(folder.length) ?? "";
    if (!isId(name)) return 0;
    ids.add(name.toLowerCase().replace(/^0+/, ""));
  }
  return ids.size;
}

/** A folder behind a name, of a scheme that is the server's own, without what is usually a disk's. */
const canHoldIds = (folder: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9][\w.-]*\/(?:[\w.-]+\/)*$/.test(folder) &&
  !/^(?:https?|wss?|s3|gs|gcs|az|abfss?|r2|.*files?|.*fs|vscode|repo|repository|git|disk|workspace):/.test(
    folder,
  ) &&
  !/^[^:]*:\/\/(?:files?|fs|local|localhost|root|disk)\//i.test(folder);
