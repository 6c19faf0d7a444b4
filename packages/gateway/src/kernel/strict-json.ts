/** JSON that two readers could understand differently. */
export class AmbiguousJson extends Error {
  readonly kind: "name_twice" | "too_deep" | "name_forbidden" | "lone_surrogate";

  constructor(kind: AmbiguousJson["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Decodes UTF-8, keeping a byte order mark, which JSON's grammar then refuses (RFC 8259, section 8.1).
 * @throws TypeError when it is not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

const escapedSurrogate = /\\u[dD][89a-fA-F]/;

/** No name is forbidden. */
const anyName: ReadonlySet<string> = new Set();

/**
 * Parses JSON and refuses duplicate names (RFC 8259, section 4, leaves their meaning open; RFC 7519, section 4,
 * lets a reader refuse them), objects nested deeper than `maxDepth`, and halves of characters, which many readers replace
 * by one and the same character: two names of one object would become equal (RFC 8259, section 8.2; RFC 7493, section 2.1).
 * @param forbidden names that no object may have
 * @throws SyntaxError when it is not JSON, AmbiguousJson when a name stands twice or is forbidden, it nests too deep, or a
 *   text holds a lone surrogate
 */
export function parseStrictJson(text: string, maxDepth = 16, forbidden = anyName): unknown {
  const value: unknown = JSON.parse(text);
  // From here on the text is known to be JSON, so that the scan need not check the grammar again.
  const holdsHalves = !text.isWellFormed() || escapedSurrogate.test(text);
  const open: (Set<string> | undefined)[] = [];
  let nameExpected = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      at = endOfString(text, at);
      if (holdsHalves && !(JSON.parse(text.slice(start, at + 1)) as string).isWellFormed())
        throw new AmbiguousJson("lone_surrogate", "a text holds half of a character");
      const names = open.at(-1);
      if (nameExpected && names !== undefined) {
        const name = JSON.parse(text.slice(start, at + 1)) as string;
        if (names.has(name)) throw new AmbiguousJson("name_twice", "a name stands twice in one object");
        if (forbidden.has(name)) throw new AmbiguousJson("name_forbidden", "a name is not allowed");
        names.add(name);
        nameExpected = false;
      }
    } else if (character === "{" || character === "[") {
      if (open.length >= maxDepth) throw new AmbiguousJson("too_deep", "it nests too deep");
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

/** A number's significant digits and the power of ten that they count. */
function digitsOf(number: string): string {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  if (short === "") return "0";
  return `${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

/** The longest number that is compared digit by digit, characters; no double needs more. */
const MAX_NUMBER_CHARACTERS = 400;

/**
 * Whether every number of a JSON text is exactly what a double holds, in its shortest form (ECMA-262,
 * Number::toString). Any other number reads differently to a parser of higher precision.
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
