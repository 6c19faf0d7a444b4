import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPayload, isPayloadReference, payloadPath, type PayloadReference } from "@mayfly/audit-verifier";
import { boundedMap } from "../kernel/bounded-map.ts";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { factsOf, isDifference, timesDiffer, type Facts } from "./files/facts.ts";
import { writeWhole, type LogFiles } from "./files/files.ts";
import { MAX_DETAIL_BYTES } from "./lines.ts";

/** A text longer than this many bytes leaves a detail that is too long. */
const longText = 2048;
/** A list or object whose canonical form is still longer than this leaves as a whole. */
const longPart = 8192;

/** Keeps a payload. @returns what stands in its place in the record */
type Keep = (bytes: Buffer) => Json;

/**
 * Makes a detail short enough for its record: long texts, then long lists and objects, are kept beside the log
 * and referred to. Something that only looks like such a reference (arguments an agent chose, say) is kept as a
 * payload itself, so that a reference in a record always is one.
 * @param detail canonical JSON text
 * @param isOwn whether a reference is one that `PayloadStore.put` gave
 * @returns canonical JSON text of at most `MAX_DETAIL_BYTES` bytes
 */
export function outsource(
  detail: string,
  keep: Keep,
  isOwn: (reference: PayloadReference) => boolean = () => false,
): string {
  const whole = JSON.parse(detail) as Json;
  const isLong = Buffer.byteLength(detail) > MAX_DETAIL_BYTES;
  const text = canonicalJson(shorten(whole, isLong, keep, isOwn, 0));
  return Buffer.byteLength(text) > MAX_DETAIL_BYTES ? canonicalJson(keep(Buffer.from(detail))) : text;
}

function shorten(
  value: Json,
  isLong: boolean,
  keep: Keep,
  isOwn: (reference: PayloadReference) => boolean,
  depth: number,
): Json {
  if (typeof value === "string")
    return isLong && Buffer.byteLength(value) > longText ? keep(Buffer.from(value)) : value;
  if (value === null || typeof value !== "object") return value;
  if (isPayloadReference(value)) return isOwn(value) ? value : keep(Buffer.from(canonicalJson(value)));
  const short: Json = Array.isArray(value)
    ? value.map((part: Json) => shorten(part, isLong, keep, isOwn, depth + 1))
    : // Object.fromEntries makes an own member even of "__proto__".
      Object.fromEntries(
        Object.entries(value).map(([name, part]) => [
          name,
          shorten(part as Json, isLong, keep, isOwn, depth + 1),
        ]),
      );
  if (depth === 0 || !isLong) return short;
  return Buffer.byteLength(canonicalJson(short)) > longPart ? keep(Buffer.from(canonicalJson(value))) : short;
}

/** Keeps payloads in files named after their SHA-256. */
export interface PayloadStore {
  /** Writes the payload unless it is there. @throws what the disk throws */
  readonly keep: (bytes: Buffer) => { readonly bytes: number; readonly payload: string };
  /**
   * Writes a payload that a record is about to refer to, a recording say.
   * @returns the reference for that record. @throws what the disk throws
   */
  readonly put: (bytes: Buffer) => PayloadReference;
  /** Whether `put` gave this reference, and not long ago. */
  readonly isOwn: (reference: PayloadReference) => boolean;
  /** The open files that have not been synced yet; the caller syncs and closes them. */
  readonly takeUnsynced: () => readonly number[];
}

/** Files that wait for the next sync; beyond it they are synced at once. */
const mostUnsynced = 64;

/** References given by `put` that are remembered until a record holds them. */
const mostPut = 10_000;

/** Payloads that are known to be whole, by their facts; beyond it the oldest are read again when they are met. */
const MAX_KNOWN = 10_000;

/**
 * Opens the payloads of a log.
 * @param onAltered told of a payload that was not what its name says when it was met again: it is written anew
 */
export function payloadStore(
  folder: string,
  files: LogFiles,
  onAltered: (file: string) => void = () => undefined,
): PayloadStore {
  const known = boundedMap<Facts>(MAX_KNOWN);

  /** Whether the payload is there. One that somebody altered, were it of the same length, is not. */
  function isThere(reference: PayloadReference): boolean {
    const place = payloadPath(reference.payload);
    const now = factsOf(join(folder, place), place);
    if (isDifference(now) || now.size !== reference.bytes) return false;
    const before = known.get(reference.payload);
    if (before !== undefined && before.ino === now.ino && !timesDiffer(before, now)) return true;
    const isWhole = checkPayload(folder, reference) === "whole";
    if (isWhole) known.set(reference.payload, now);
    else onAltered(place);
    return isWhole;
  }

  let unsynced: number[] = [];
  let temporary = 0;
  const given = new Map<string, number>();
  const store: PayloadStore = {
    put(bytes) {
      const reference = store.keep(bytes);
      given.delete(reference.payload);
      given.set(reference.payload, reference.bytes);
      const [oldest] = given.keys();
      if (given.size > mostPut && oldest !== undefined) given.delete(oldest);
      return reference;
    },
    isOwn: ({ payload, bytes }) => given.get(payload) === bytes,
    keep(bytes) {
      const payload = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const path = join(folder, payloadPath(payload));
      if (!isThere({ payload, bytes: bytes.length })) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        temporary += 1;
        // Outside the payloads' own names, so that one cut short by a crash is never taken for a payload.
        const beside = `${path}.${process.pid}-${temporary}.tmp`;
        const fd = files.open(beside, "w");
        try {
          writeWhole(files, fd, bytes, bytes.length, 0);
          if (unsynced.length >= mostUnsynced) files.syncNow(fd);
          files.rename(beside, path);
          const facts = factsOf(path, path);
          if (!isDifference(facts)) known.set(payload, facts);
        } catch (error) {
          files.close(fd);
          throw error;
        }
        if (unsynced.length >= mostUnsynced) files.close(fd);
        else unsynced.push(fd);
      }
      return { bytes: bytes.length, payload };
    },
    takeUnsynced() {
      const taken = unsynced;
      unsynced = [];
      return taken;
    },
  };
  return store;
}
