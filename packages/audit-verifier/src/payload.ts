import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** Something too bulky for its record, kept beside the log under its SHA-256. */
export interface PayloadReference {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly payload: string;
  readonly bytes: number;
}

const digestForm = /^sha256:[0-9a-f]{64}$/;
/** What a line that refers to a payload must contain; cheap to look for. */
export const payloadMark = '"payload":"sha256:';

/** Where a payload is kept, relative to the log's folder: `payloads/ab/cdef…`. */
export function payloadPath(payload: string): string {
  const digits = payload.slice("sha256:".length);
  return join("payloads", digits.slice(0, 2), digits.slice(2));
}

/** Whether a value is a reference to a payload: exactly `{ "bytes": n, "payload": "sha256:…" }`. */
export function isPayloadReference(value: unknown): value is PayloadReference {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const { payload, bytes } = value as Record<string, unknown>;
  return (
    Object.keys(value).length === 2 &&
    typeof payload === "string" &&
    digestForm.test(payload) &&
    typeof bytes === "number"
  );
}

/** The references to payloads anywhere in a value. */
export function payloadReferences(value: unknown): readonly PayloadReference[] {
  const found: PayloadReference[] = [];
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isPayloadReference(next)) found.push(next);
    else if (next !== null && typeof next === "object") waiting.push(...Object.values(next));
  }
  return found;
}

/**
 * Compares a payload with its reference.
 * @param folder the log's folder
 * @returns `missing` when the file is gone: it was erased, and the log still verifies
 */
export function checkPayload(folder: string, reference: PayloadReference): "whole" | "missing" | "tampered" {
  let fd: number;
  try {
    fd = openSync(join(folder, payloadPath(reference.payload)), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  try {
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(256 * 1024);
    let bytes = 0;
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, n));
      bytes += n;
    }
    const whole = bytes === reference.bytes && `sha256:${hash.digest("hex")}` === reference.payload;
    return whole ? "whole" : "tampered";
  } finally {
    closeSync(fd);
  }
}
