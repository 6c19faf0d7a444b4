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

/** A number's digits without zeros that say nothing, and the power of ten they count. */
function digitsOf(number: string): string {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  if (short === "") return "0";
  return `${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

/** The longest number that is compared digit by digit; a longer one is none that a double holds, characters. */
const MAX_NUMBER_CHARACTERS = 400;

/**
 * Whether every number of a JSON text is the double that is nearest to it, as the shortest text that means that double
 * says it (ECMA-262, Number::toString): any other number is another one to a reader who counts more digits.
 * @param text known to be JSON
 */
export function hasExactNumbers(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      continue;
    }
    if (code !== 0x2d && (code < 0x30 || code > 0x39)) continue;
    const start = at;
    while (/[-+.0-9eE]/.test(text[at + 1] ?? "")) at += 1;
    const written = text.slice(start, at + 1);
    const value = Number(written);
    if (Number.isSafeInteger(value) && /^-?\d{1,15}$/.test(written)) continue;
    if (written.length > MAX_NUMBER_CHARACTERS || !Number.isFinite(value)) return false;
    if (digitsOf(written) !== digitsOf(String(value))) return false;
  }
  return true;
}

/** Index of the quote that closes the string opened at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}
