import { namesMethod } from "../request/query.ts";

/** Fields by which a form says in which character set it is (HTML, "Form submission"; RFC 7578, section 4.6). */
const charsetField = /^_charset_$/i;

/** Why a form's field is refused: it means something beside the form. */
export function problemOfField(name: string, value: string | undefined): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(name)) return "a field's name holds a control character";
  if (namesMethod(name)) return "a field of the body names another method than the request's";
  if (charsetField.test(name.trim()) && !/^(?:utf-8|us-ascii)$/i.test((value ?? "").trim()))
    return "a form is in UTF-8";
  return undefined;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** Judges `application/x-www-form-urlencoded` (WHATWG URL, section 5.1): undefined, or why it can be read in two ways. */
export function judgeForm(bytes: Buffer): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "the form is not in UTF-8";
  }
  if (text.startsWith("\ufeff")) return "the form begins with a byte order mark";
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text))
    return "the form holds a control character";
  // Some readers split at a semicolon too.
  if (text.includes(";")) return "the form holds a semicolon: encode it as %3B";
  for (const pair of text.replace(/\r?\n$/, "").split("&")) {
    const equals = pair.indexOf("=");
    const [name, value] = [
      decode(equals === -1 ? pair : pair.slice(0, equals)),
      decode(equals === -1 ? "" : pair.slice(equals + 1)),
    ];
    if (name === undefined || value === undefined || /%(?![0-9A-Fa-f]{2})/.test(pair))
      return "the form holds an encoding that is not valid UTF-8";
    if (value.includes("\0")) return "the form holds NUL";
    const problem = problemOfField(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
