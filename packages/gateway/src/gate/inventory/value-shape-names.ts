/** The longest name that a schema lists, in characters. */
const MAX_NAME = 64;

/** Names that JavaScript's objects have themselves: no schema can judge them. */
const prototypes: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Members that frameworks take for another method than the request's own; the HTTP protocol refuses the same. */
const overrides =
  /^(?:_method|_http_?method|http_?method|x_http_method(?:_override)?|x_method_override|x_method|method_override|_method_override|http_method_override|\$method)$/i;

/** A name without what is another character to some readers. */
const plainName = /^[\x20-\x7e]*$/;

/** A word, or several that are joined. Blanks, dots, slashes and the like stand in e-mail addresses, hosts, paths and titles. */
const word = /^[$@_]{0,2}\p{L}[\p{L}\p{M}\p{N}_$-]*$/u;
/** Annotations of OData, which Microsoft's interfaces have beside members. */
const annotation = /^@(?:odata|microsoft)(?:\.[a-z]+)+$/;
/** Standards that are known by a number. */
const standards = /sha(?:1|224|256|384|512)|x509|iso\d{4}|rfc\d{4}|base64/g;
const uuid = /[0-9a-f]{8}-?[0-9a-f]{4}/;

/** Whether a schema must not name a member so, because nothing could judge it, or because it stands for another method. */
export const isForbiddenName = (name: string): boolean => prototypes.has(name) || namesMethod(name);

/**
 * Tells names that are data (an id, a date, a number, an address) from those that a programmer chose. What is not certainly a
 * programmer's counts as data. Upper and lower case are the same here, as they are to some readers: of two names that differ by
 * it alone both are data, or none.
 */
export function isDataName(name: string): boolean {
  if (name.length > MAX_NAME) return true;
  const folded = name.toUpperCase().toLowerCase();
  if (folded.length > MAX_NAME || !folded.isWellFormed()) return true;
  if (annotation.test(folded)) return false;
  if (!word.test(folded) || uuid.test(folded)) return true;
  const plain = folded.replaceAll(standards, "");
  return /\p{N}{3}/u.test(plain) || plain.split(/[_$@-]/).some(isRandom);
}

/** Whether a part of a name looks made by a machine: a number, hexadecimal digits, or letters and digits in turn. */
function isRandom(part: string): boolean {
  if (/^\p{N}{2,}$/u.test(part) || /^[a-f]{8,}$/.test(part)) return true;
  const numbers = part.match(/\p{N}+/gu)?.length ?? 0;
  return numbers > 1 || (numbers === 1 && (part.length >= 20 || /^[0-9a-f]{6,}$/.test(part)));
}

/** Some readers take spaces, dots and brackets for underscores, `[name]` for `name`, and normalise Unicode. */
function namesMethod(name: string): boolean {
  // Most names, without the work below.
  if (plainName.test(name) && !/method/i.test(name)) return false;
  const plain = name.normalize("NFKC").trim();
  const root = plain.split(/[[\]]/).find((part) => part.trim() !== "") ?? "";
  return [plain, root.trim()].some((each) => overrides.test(each.replaceAll(/[ .[-]/g, "_")));
}
