/** Parts of a JSON pointer (RFC 6901), decoded; what stands before its first slash is none. */
export function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
