/** A path that can be read in one way, segment by segment, as the upstream will see it. */
export interface ReadPath {
  /** To the byte as it came. */
  readonly raw: string;
  /** Each segment decoded once. A path that ends with a slash has an empty last segment. */
  readonly segments: readonly { readonly raw: string; readonly text: string }[];
}

const MAX_PATH_CHARACTERS = 8192;

/** Decodes one segment, or says why it can be read in two ways. */
function readSegment(raw: string): { readonly text: string } | { readonly why: string } {
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return { why: "a percent sign without two hexadecimal digits" };
  // RFC 3986, section 2.3: an unreserved character and its encoding are the same, so two readers may differ.
  if (/%(?:2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])/.test(raw))
    return { why: "a character is encoded that needs no encoding" };
  if (raw.includes(";")) return { why: "a path parameter (;)" };
  // Of what a path holds raw, all is ASCII that stands for itself: there is nothing to decode.
  if (!raw.includes("%")) return raw === "." || raw === ".." ? { why: "a dot segment" } : { text: raw };
  let text: string;
  try {
    text = decodeURIComponent(raw);
  } catch {
    return { why: "bytes that are not valid UTF-8" };
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return { why: "a control character" };
  if (/[/\\;?#]/.test(text)) return { why: "an encoded separator" };
  if (/%[0-9A-Fa-f]{2}/.test(text)) return { why: "an encoding of an encoding" };
  // Servers that normalise Unicode turn fullwidth dots and slashes into the plain ones.
  const plain = text.normalize("NFKC");
  // Windows drops spaces at a name's end.
  if (plain.trim() === "." || plain.trim() === "..") return { why: "a dot segment" };
  if (/[/\\;?#]|%[0-9A-Fa-f]{2}/.test(plain)) return { why: "an encoded separator" };
  // What Windows' best-fit tables turn into a slash or a backslash.
  if (/[\u2044\u2215\u2216\u29f5\u29f8\u29f9]/.test(text)) return { why: "an encoded separator" };
  return { text };
}

/**
 * Reads a path strictly (RFC 3986, section 3.3): what a server could normalise into another path is refused, not
 * repaired. Dot segments, empty segments, encoded separators, double encodings, path parameters, NUL, broken UTF-8.
 * @param raw begins with a slash
 */
export function readPath(raw: string): ReadPath | { readonly why: string } {
  if (!raw.startsWith("/")) return { why: "the path does not begin with a slash" };
  if (raw.length > MAX_PATH_CHARACTERS)
    return { why: `the path is longer than ${MAX_PATH_CHARACTERS} characters` };
  if (!/^[!$%&'()*+,\-./0-9:;=@A-Z_a-z~]*$/.test(raw))
    return { why: "the path holds a character that no path holds" };
  const parts = raw.slice(1).split("/");
  const segments: { raw: string; text: string }[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === "" && (index < parts.length - 1 || parts.length > 1)) {
      if (index === parts.length - 1) {
        segments.push({ raw: "", text: "" });
        continue;
      }
      return { why: "the path holds an empty segment" };
    }
    const read = readSegment(part);
    if ("why" in read) return { why: `the path holds ${read.why}` };
    segments.push({ raw: part, text: read.text });
  }
  return { raw, segments };
}
