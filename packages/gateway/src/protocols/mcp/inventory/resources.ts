import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { coversUri } from "../compile.ts";
import { reasons } from "./place-reasons.ts";
import { placeOf } from "./places.ts";
import type { Left, Unit } from "./unit.ts";
import { wordsOf } from "./words-of-names.ts";

/** A resource that was read. */
export interface Reading {
  readonly seen: SeenActs;
  readonly uri: string;
}

/** So many resources of one folder are listed one by one; where there are more, any of it is granted. */
const MAX_LISTED = 5;

/** The most URIs that anybody reads. */
const MAX_GRANTED = 50;

const split = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/*)(.*)$/s;

/** A part of a URI by which things are told from each other, and of which there are many. */
const isVarying = (segment: string): boolean => /\d{2}|^\d+$|[0-9a-f]{8}/i.test(segment);

/** The folder of a resource, with the slash at its end: `crm://orders/`. The scheme alone: it has none. */
export function folderOf(uri: string): string {
  const [, scheme = "", rest = ""] = split.exec(uri) ?? [];
  const segments = rest.split("/").slice(0, -1);
  const varies = segments.findIndex((segment, at) => at > 0 && isVarying(segment));
  const fixed = varies === -1 ? segments : segments.slice(0, varies);
  return fixed.length === 0 ? scheme : `${scheme}${fixed.join("/")}/`;
}

/** The folder that a resource is in, whatever is in it. */
const wholeFolderOf = (uri: string): string => uri.slice(0, uri.lastIndexOf("/") + 1) || folderOf(uri);

/**
 * What resources have in common that are alike: their folder, or where there are many that differ in what varies alone, what is before
 * that. One tenant's orders are not all tenants'.
 */
function groupsOf(readings: readonly Reading[]): (reading: Reading) => string {
  const folders = new Map<string, Set<string>>();
  for (const { uri } of readings) {
    const all = folders.get(folderOf(uri)) ?? new Set();
    folders.set(folderOf(uri), all.add(wholeFolderOf(uri)));
  }
  return ({ uri }) => {
    const cut = folderOf(uri);
    return (folders.get(cut)?.size ?? 0) > MAX_LISTED ? cut : wholeFolderOf(uri);
  };
}

/** Why nobody should be given what is behind a URI unasked: its scheme may be the server's own, and its path one of files all the same. */
function placeReason(uri: string): string | undefined {
  const why = placeOf("uri", uri)?.why;
  const isNetwork = /^(?:file|https?|wss?|ftp):/i.test(uri);
  if (why !== undefined && (isNetwork || why !== reasons.ambiguous)) return why;
  const [, authority = "", path = ""] = /^[^:]*:\/*([^/]*)(.*)$/s.exec(uri) ?? [];
  const whys = [path, `/${authority}${path}`].map((each) => placeOf("path", each)?.why);
  const isHome = /^\/+(?:home|users)\//iu.test(path);
  return whys.find(
    (each) =>
      each === reasons.system ||
      each === reasons.hidden ||
      each === reasons.credentials ||
      each === reasons.climbs ||
      (isHome && each === reasons.wide),
  );
}

/** Why a person should decide about a resource first; undefined: nothing speaks against it. */
function reasonAgainst(uri: string): string | undefined {
  const why = placeReason(uri);
  const isSecret =
    wordsOf(uri).length > 0 && uri.split(/[/:?&=]/).some((part) => sensitivityOf(part) === "secret");
  const all = [
    ...(isSecret ? ["its URI says that it is a secret"] : []),
    ...(why === undefined ? [] : [why]),
  ];
  return all.length === 0 ? undefined : all.join("; ");
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

/** One by one, or where there are many whatever is in their folder. What only its own URI can grant stands by itself. */
function grantedOf(folder: string, uris: readonly string[], refused: readonly string[]): readonly string[] {
  const any = `${folder}*`;
  // Among files there are hidden ones, and some with credentials.
  const isFolder = folder.endsWith("/") && !/:\/*$/.test(folder) && !/^file:/i.test(folder);
  const covered = uris.filter((uri) => coversUri([any], uri));
  const isTooWide = refused.some((uri) => coversUri([any], uri));
  if (!isFolder || isTooWide || covered.length <= MAX_LISTED) return uris;
  return [any, ...uris.filter((uri) => !covered.includes(uri))];
}
