import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { coversUri } from "../compile.ts";
import { isVarying } from "./place-segments.ts";
import { reasonAgainst } from "./resource-reasons.ts";
import type { Left, Unit } from "./unit.ts";
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

/** A resource's URI in parts. */
interface Parts {
  /** The folder that it is in, with the slash at its end: `crm://orders/42/`. The scheme alone: it is in none. */
  readonly folder: string;
  /** What is before the first part that varies, and that part: `crm://orders/` and `42`. The folder and the whole name: none does. */
  readonly fixed: string;
  readonly varies: string;
}

function partsOf(uri: string): Parts {
  const [, scheme = "", rest = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/*)(.*)$/su.exec(uri) ?? [];
  const segments = rest.split("/");
  const found = segments.findIndex((segment, at) => at > 0 && isVarying(segment));
  const at = found === -1 ? segments.length - 1 : found;
  const upTo = (end: number): string =>
    scheme +
    segments
      .slice(0, end)
      .map((each) => `${each}/`)
      .join("");
  return { folder: upTo(segments.length - 1), fixed: upTo(at), varies: segments[at] ?? "" };
}

/** The folder of a resource up to what varies, with the slash at its end: `crm://orders/`. The scheme alone: it has none. */
export const folderOf = (uri: string): string => partsOf(uri).fixed;

/**
 * What resources have in common that are alike: their folder, or what is before the part that varies where many values of it were
 * seen. One tenant's orders are not all tenants', also where they are in many folders.
 */
function groupsOf(readings: readonly Reading[]): (reading: Reading) => string {
  const values = new Map<string, Set<string>>();
  for (const { fixed, varies } of readings.map(({ uri }) => partsOf(uri)))
    values.set(fixed, (values.get(fixed) ?? new Set()).add(varies));
  return ({ uri }) => {
    const { folder, fixed } = partsOf(uri);
    return (values.get(fixed)?.size ?? 0) > MAX_LISTED ? fixed : folder;
  };
}

/** What covers resources against which nothing speaks. @param left gets the others */
export function resourceUnits(readings: readonly Reading[], minSeen: number, left: Left[]): readonly Unit[] {
  const kept: Reading[] = [];
  const groupOf = groupsOf(readings);
  for (const alike of Map.groupBy(readings, groupOf).values()) {
    const times = alike.reduce((sum, { seen }) => sum + seen.times, 0);
    for (const { seen, uri } of alike) {
      const reason = reasonAgainst(uri);
      if (reason !== undefined) left.push({ reason, seen, uri });
      else if (times >= minSeen) kept.push({ seen, uri });
      else
        left.push({
          reason: `each kind of message was seen fewer than ${minSeen} times`,
          seen,
          uri,
          isRare: true,
        });
    }
  }
  const refused = left.flatMap(({ uri, isRare }) => (uri === undefined || isRare === true ? [] : [uri]));
  return [...Map.groupBy(kept, groupOf)].flatMap(([folder, all]) => {
    const uris = [...new Set(all.map(({ uri }) => uri))].toSorted();
    const granted = grantedOf(folder, uris, refused);
    if (granted.length > MAX_GRANTED) {
      for (const { seen, uri } of all)
        left.push({ reason: "there are too many of its kind, and no folder is theirs alone", seen, uri });
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
 * One by one, or where there are many that are told from each other by a number, an id or a date alone, whatever is in their folder.
 * What a person named may be a file, and beside files are hidden ones, and some with credentials. What only its own URI can grant
 * stands by itself.
 */
function grantedOf(folder: string, uris: readonly string[], refused: readonly string[]): readonly string[] {
  const any = `${folder}*`;
  const isFolder = /^[^:]*:\/\/[^/]+\/(?:.*\/)?$/su.test(folder) && !/^file:/i.test(folder);
  const covered = uris.filter((uri) => coversUri([any], uri));
  const areIds = covered.every((uri) => isVarying(uri.slice(folder.length).split("/")[0] ?? ""));
  const areFiles = covered.some((uri) => uri.slice(folder.length).includes("."));
  const isTooWide = refused.some((uri) => coversUri([any], uri));
  if (!isFolder || !areIds || areFiles || isTooWide || covered.length <= MAX_LISTED) return uris;
  return [any, ...uris.filter((uri) => !covered.includes(uri))];
}
