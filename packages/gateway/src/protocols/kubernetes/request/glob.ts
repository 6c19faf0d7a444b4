/** Any name, any command: no file can write it for a resource, a namespace or a command. */
export const ANY = "*";

/**
 * Whether a text matches a pattern in which `*` stands for any characters but a slash. Everything else is literal.
 * Linear: the pattern's parts are found one after another from the left.
 */
export function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || text.slice(at, found).includes("/")) return false;
    at = found + part.length;
  }
  const end = text.length - last.length;
  return end >= at && text.endsWith(last) && !text.slice(at, end).includes("/");
}

/** A part of a path that climbs, also where the path stands behind an option's name or in a list; of Windows' paths too. */
const climbs = /(?:^|[/\\=:,]|^-[A-Za-z])\.\.(?:$|[/\\:,])/;

/**
 * Whether an argument matches an element of a command. `*` alone is any one argument; in a longer pattern it stops at a
 * slash. A path that climbs (`..` as a segment) matches nothing but itself, written out.
 */
export function argumentMatches(pattern: string, argument: string): boolean {
  if (pattern === argument) return true;
  if (climbs.test(argument) || argument.includes("\0")) return false;
  return pattern === "*" || matches(pattern, argument);
}

/** Whether a command line matches one that is granted: element by element, as many on each side. */
export function commandMatches(granted: readonly string[], argv: readonly string[]): boolean {
  return (
    granted[0] === ANY ||
    (granted.length === argv.length &&
      granted.every((pattern, at) => argumentMatches(pattern, argv[at] ?? "")))
  );
}

/** Whether an object's name matches a pattern: `*` stops at dots too, as `web-*` is meant for `web-1`. */
export function nameMatches(pattern: string, name: string): boolean {
  return matches(pattern.replaceAll(".", "/"), name.replaceAll(".", "/"));
}
