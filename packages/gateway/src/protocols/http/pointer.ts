/**
 * Reads a path into JSON: RFC 6901's form, where `*` stands for every item of an array and every member of an object.
 * @returns its parts, or undefined when it is none
 */
export function readPointer(written: string): readonly string[] | undefined {
  if (!written.startsWith("/") || written.length > 500 || /~(?![01])/.test(written)) return undefined;
  const parts = written
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.length > 16 || parts.some((part) => part === "") ? undefined : parts;
}
