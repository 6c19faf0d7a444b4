import { problemOfField } from "./form.ts";
import { readMediaType, type MediaType } from "./media-type.ts";

/** The most parts that are judged. */
const MAX_PARTS = 1000;
/** The largest head of a part, bytes. */
const MAX_PART_HEAD_BYTES = 8192;

/** Headers that a part may have (RFC 7578, section 4.8). */
const known: ReadonlySet<string> = new Set([
  "content-disposition",
  "content-type",
  "content-length",
  "content-id",
  "content-transfer-encoding",
]);

/**
 * Judges a multipart body (RFC 2046, section 5.1; RFC 7578): undefined, or why two readers could find other fields in it.
 * Between two delimiters stand a head and a body, and nothing stands before the first or after the last.
 */
export function judgeMultipart(bytes: Buffer, type: MediaType): string | undefined {
  const boundary = type.parameters.get("boundary") ?? "";
  if (!/^[0-9A-Za-z'()+_,\-./:=?]{1,70}$/.test(boundary)) return "the multipart body has no plain boundary";
  const text = bytes.toString("latin1");
  const delimiter = `--${boundary}`;
  if (!text.startsWith(delimiter)) return "bytes stand before the first part";
  let at = delimiter.length;
  for (let parts = 0; ; parts += 1) {
    if (parts > MAX_PARTS) return `the body has more than ${MAX_PARTS} parts`;
    if (text.startsWith("--", at)) {
      const after = text.slice(at + 2, at + 6);
      return after === "" || after === "\r\n" ? undefined : "bytes stand after the last part";
    }
    if (!text.startsWith("\r\n", at)) return "a boundary's line holds more than the boundary";
    const next = text.indexOf(`\r\n${delimiter}`, at);
    if (next === -1) return "the last part does not end";
    const gap = text.indexOf("\r\n\r\n", at);
    if (gap === -1 || gap > next) return "a part has no head";
    if (gap - at > MAX_PART_HEAD_BYTES) return "a part's head is too long";
    const body = text.slice(gap + 4, Math.max(gap + 4, next));
    // A reader that takes bare line feeds, or blanks around them, would see another delimiter here.
    if (body.includes(`\n${delimiter}`) || body.includes(`\r${delimiter}`))
      return "a part holds its own boundary";
    const problem = judgePart(text.slice(at + 2, gap), body, type.essence === "multipart/form-data");
    if (problem !== undefined) return problem;
    at = next + 2 + delimiter.length;
  }
}

function judgePart(head: string, body: string, isForm: boolean): string | undefined {
  const headers = new Map<string, string>();
  for (const line of head.split("\r\n")) {
    // Blanks are part of what the last class takes: said twice, a line of them would be read in as many ways.
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (match === null) return "a part's head is malformed";
    const [, name = "", written = ""] = match;
    const value = written.replace(/^[ \t]+/, "");
    if (headers.has(name.toLowerCase())) return "a part's head says something twice";
    headers.set(name.toLowerCase(), value);
  }
  if ([...headers.keys()].some((name) => !known.has(name))) return "a part's head says what no form says";
  if (!/^(?:7bit|8bit|binary)?$/i.test((headers.get("content-transfer-encoding") ?? "").trim()))
    return "a part is encoded";
  const content = headers.get("content-type");
  if (content !== undefined) {
    const read = readMediaType(content);
    if (read === undefined) return "a part's content type is malformed";
    if (read.essence.startsWith("multipart/")) return "a part holds parts";
    const charset = read.parameters.get("charset");
    if (charset !== undefined && !/^(?:utf-8|us-ascii)$/i.test(charset)) return "a form is in UTF-8";
  }
  const disposition = headers.get("content-disposition");
  if (disposition === undefined) return isForm ? "a part has no name" : undefined;
  return judgeDisposition(disposition, body, isForm);
}

/** Name and file name stand in quotes or as tokens, once, without escapes: browsers write `%22` for a quote. */
function judgeDisposition(value: string, body: string, isForm: boolean): string | undefined {
  const [, kind = "", rest = ""] = /^([A-Za-z-]+)((?:;.*)?)$/.exec(value.trim()) ?? [];
  if (isForm && kind.toLowerCase() !== "form-data") return "a part is no form data";
  const form = /^;[ \t]*([A-Za-z-]+\*?)=(?:"([^"\\]*)"|([^\s";,\\=]+))[ \t]*/;
  const seen = new Map<string, string>();
  for (let left = rest; left !== "";) {
    const match = form.exec(left);
    if (match === null) return "a part's name can be read in two ways";
    const [all, name = "", quoted, plain = ""] = match;
    left = left.slice(all.length);
    const key = name.toLowerCase();
    // A file's name may say itself a second time in another encoding (RFC 5987); a field's may not.
    if (seen.has(key) || !["name", "filename", "filename*"].includes(key))
      return "a part's name can be read in two ways";
    // PHP takes single quotes for quotes.
    if (key !== "filename*" && plain.includes("'")) return "a part's name can be read in two ways";
    seen.set(key, quoted ?? plain);
  }
  const name = seen.get("name");
  if (name === undefined) return isForm ? "a part has no name" : undefined;
  const bytes = Buffer.from(name, "latin1");
  const decoded = bytes.toString("utf8");
  if (!Buffer.from(decoded).equals(bytes)) return "a part's name is not in UTF-8";
  // Some readers decode it, as in a query.
  for (const each of [decoded, decodeOnce(decoded)]) {
    const problem = problemOfField(each, body.slice(0, 64));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
