/** JSON that two readers could understand differently. */
export class AmbiguousJson extends Error {}

/**
 * Parses JSON and refuses duplicate names (RFC 8259, section 4, leaves their meaning open; RFC 7519, section 4,
 * lets a reader refuse them) and objects nested deeper than `maxDepth`.
 * @throws SyntaxError when it is not JSON, AmbiguousJson when a name stands twice or it nests too deep
 */
export function parseStrictJson(text: string, maxDepth = 16): unknown {
  const value: unknown = JSON.parse(text);
  // From here on the text is known to be JSON, so that the scan need not check the grammar again.
  const open: (Set<string> | undefined)[] = [];
  let nameExpected = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      at = endOfString(text, at);
      const names = open.at(-1);
      if (nameExpected && names !== undefined) {
        const name = JSON.parse(text.slice(start, at + 1)) as string;
        if (names.has(name)) throw new AmbiguousJson("a name stands twice in one object");
        names.add(name);
        nameExpected = false;
      }
    } else if (character === "{" || character === "[") {
      if (open.length >= maxDepth) throw new AmbiguousJson("it nests too deep");
      open.push(character === "{" ? new Set() : undefined);
      nameExpected = character === "{";
    } else if (character === "}" || character === "]") {
      open.pop();
      nameExpected = false;
    } else if (character === ",") {
      nameExpected = open.at(-1) !== undefined;
    }
  }
  return value;
}

/** Index of the quote that closes the string opened at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}
