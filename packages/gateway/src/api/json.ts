import { MayflyError } from "../kernel/errors.ts";

/** Deeper than any body of this API, and shallow enough that no walk over it can exhaust the stack. */
const deepest = 16;

function bad(message: string, hint?: string): MayflyError {
  return new MayflyError("malformed_json", message, {
    status: 400,
    hint: hint ?? "send one JSON object (RFC 8259) in UTF-8",
  });
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
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw bad("the body is not valid UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad("the body is not valid JSON");
  }
  checkMembers(text);
  return value;
}

/** Walks JSON text that is known to be valid, and looks at every member's name. */
function checkMembers(text: string): void {
  const strings = /"(?:[^"\\]|\\.)*"/y;
  /** One entry an open object or array: the names seen, or undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let expectName = false;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      strings.lastIndex = at;
      const literal = strings.exec(text)?.[0];
      if (literal === undefined) throw bad("the body is not valid JSON");
      at += literal.length;
      const names = open.at(-1);
      if (expectName && names !== undefined) {
        const name = String(JSON.parse(literal));
        if (names.has(name)) {
          throw bad("a member name stands twice in the same object", "give every member once");
        }
        if (name === "__proto__" || name === "constructor") {
          throw bad("a member name is not allowed", "leave out __proto__ and constructor");
        }
        names.add(name);
        expectName = false;
      }
      continue;
    }
    if (char === "{" || char === "[") {
      open.push(char === "{" ? new Set() : undefined);
      expectName = char === "{";
      if (open.length > deepest) throw bad(`the body is nested deeper than ${deepest} levels`);
    } else if (char === "}" || char === "]") {
      open.pop();
      expectName = false;
    } else if (char === ",") {
      expectName = open.at(-1) !== undefined;
    }
    at += 1;
  }
}
