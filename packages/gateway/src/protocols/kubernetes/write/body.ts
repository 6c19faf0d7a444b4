import { hasExactNumbers, parseStrictJson } from "../../../kernel/strict-json.ts";
import type { RawAct } from "../act.ts";
import { FORBIDDEN_NAMES } from "./live.ts";

const MAX_DEPTH = 64;
const types = {
  json: /^application\/json\s*(?:;.*)?$/i,
  steps: /^application\/json-patch\+json\s*(?:;.*)?$/i,
  merge: /^application\/merge-patch\+json\s*(?:;.*)?$/i,
  strategic: /^application\/strategic-merge-patch\+json\s*(?:;.*)?$/i,
  // Server-side apply sends JSON too, which is YAML.
  apply: /^application\/apply-patch\+yaml\s*(?:;.*)?$/i,
} as const;
/** The kind of a body. */
export type BodyType = keyof typeof types;

/**
 * The kind of body that a request brings; JSON where it does not say, as API servers take it (apiserver,
 * negotiation.NegotiateInputSerializer) and `kubectl scale --current-replicas` counts on. Undefined: of no kind that is taken.
 */
export function bodyTypeOf({ headers }: Pick<RawAct, "headers">): BodyType | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (headers[i]?.toLowerCase() === "content-type")
      return (Object.keys(types) as BodyType[]).find((type) => types[type].test(headers[i + 1] ?? ""));
  return "json";
}

/** YAML merges what is named `<<`; what is applied is read as YAML. */
const forbiddenNames: ReadonlySet<string> = new Set([...FORBIDDEN_NAMES, "<<"]);

/** Parses a body that can be read in one way only; undefined for any other. */
export function parseBody(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = parseStrictJson(text, MAX_DEPTH, forbiddenNames);
    return hasExactNumbers(text) ? value : undefined;
  } catch {
    return undefined;
  }
}
