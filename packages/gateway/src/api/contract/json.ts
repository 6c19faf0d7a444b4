import { MayflyError } from "../../kernel/errors.ts";
import { AmbiguousJson, decodeUtf8, parseStrictJson } from "../../kernel/strict-json.ts";

/** Deeper than any body of this API, and shallow enough that no walk over it can exhaust the stack. */
const MAX_DEPTH = 16;
/** What reaches into prototypes. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor"]);

function bad(message: string, hint?: string): MayflyError {
  return new MayflyError("malformed_json", message, {
    status: 400,
    hint: hint ?? "send one JSON object (RFC 8259) in UTF-8",
  });
}

function ambiguous(kind: AmbiguousJson["kind"]): MayflyError {
  switch (kind) {
    case "name_twice":
      return bad("a member name stands twice in the same object", "give every member once");
    case "name_forbidden":
      return bad("a member name is not allowed", "leave out __proto__ and constructor");
    case "lone_surrogate":
      return bad("a text holds half of a character", "send well-formed Unicode (RFC 7493, section 2.1)");
    case "too_deep":
      return bad(`the body is nested deeper than ${MAX_DEPTH} levels`);
    default:
      return kind satisfies never;
  }
}

/**
 * Reads a request's body as JSON, refusing what two readers could understand differently (RFC 8259, section 4;
 * RFC 7493): duplicate member names, invalid UTF-8, a byte order mark; and what reaches into prototypes: the
 * members `__proto__` and `constructor`.
 * @throws MayflyError malformed_json, status 400; the message never quotes the body
 */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    throw bad("the body is not valid UTF-8");
  }
  try {
    return parseStrictJson(text, MAX_DEPTH, PROTOTYPE_NAMES);
  } catch (error) {
    throw error instanceof AmbiguousJson ? ambiguous(error.kind) : bad("the body is not valid JSON");
  }
}
