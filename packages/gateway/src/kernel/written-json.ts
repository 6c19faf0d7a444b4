import * as z from "zod";
import type { Json } from "./canonical.ts";

/** Maximum size of JSON that stands in a configuration file itself, bytes. */
const MAX_WRITTEN_BYTES = 262_144;

/** Maximum nesting; YAML's own bound is lower. */
const MAX_DEPTH = 128;

/** JSON that is written in the configuration file, in the place of a file's path. It has its text as a `TextFile` does. */
export class WrittenJson {
  readonly #text: string;

  /** @param text the JSON, in the order in which it was written */
  constructor(text: string) {
    this.#text = text;
  }

  /** The JSON. */
  text(): string {
    return this.#text;
  }

  /** What it says: for digests, in which the order of members does not count. */
  value(): Json {
    return JSON.parse(this.#text) as Json;
  }
}

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

const tooLarge: Problem = {
  path: [],
  message: `this is larger than ${MAX_WRITTEN_BYTES} bytes of JSON`,
  hint: "what stands in place has at most 256KiB, aliases written out: put it into a file, and name that",
};

/** How a value is told in JSON, or why it cannot be. */
function jsonOf(value: unknown): { readonly text: string } | Problem {
  // Counted first: aliases could make a short file a text without end.
  let left = MAX_WRITTEN_BYTES;
  const problem = problemOf(value, [], (characters) => (left -= characters) < 0);
  if (problem !== undefined) return problem;
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) > MAX_WRITTEN_BYTES ? tooLarge : { text };
}

/** @param isFull takes away what a value needs at least, characters, and says whether that is too much */
function problemOf(
  value: unknown,
  path: Problem["path"],
  isFull: (characters: number) => boolean,
): Problem | undefined {
  const none = (message: string, hint: string): Problem => ({ path, message, hint });
  if (isFull(typeof value === "string" ? value.length + 2 : 1)) return tooLarge;
  if (path.length > MAX_DEPTH) return none("this nests too deep", "write it with fewer levels");
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string") return value.isWellFormed() ? undefined : none(...halfCharacter);
  if (typeof value === "number")
    return Number.isFinite(value)
      ? undefined
      : none("JSON has no such number", "write a number with digits, or leave it out for no bound");
  if (Array.isArray(value)) return firstOf(value.entries());
  if (!isPlain(value))
    return none("this is no JSON", "write texts, numbers, true, false, lists and mappings");
  return firstOf(Object.entries(value));

  function firstOf(members: Iterable<[string | number, unknown]>): Problem | undefined {
    for (const [name, member] of members) {
      if (typeof name === "string" && isFull(name.length + 3)) return tooLarge;
      if (typeof name === "string" && !name.isWellFormed()) return none(...halfCharacter);
      const problem = problemOf(member, [...path, name], isFull);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}

const halfCharacter = ["a text holds half of a character", "write the whole character"] as const;

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * The schema of a mapping that is taken as the JSON it is, whatever its keys are called. What is no JSON is refused at its
 * place, and so is what is larger than 256 KiB.
 */
export const writtenJsonSchema = z
  .unknown()
  .meta({ type: "object" })
  .transform((written, context): WrittenJson => {
    if (!isPlain(written)) {
      context.addIssue({ code: "invalid_type", expected: "record", input: written });
      return z.NEVER;
    }
    const json = jsonOf(written);
    if ("text" in json) return new WrittenJson(json.text);
    const { path, message, hint } = json;
    context.addIssue({ code: "custom", path: [...path], message, params: { hint } });
    return z.NEVER;
  });
