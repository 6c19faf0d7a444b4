import { RE2JS } from "re2js";
import type { ReadPath } from "./path.ts";

/** One line of `requests:`, read. */
export interface Template {
  /** As written. */
  readonly text: string;
  readonly method: string;
  readonly segments: readonly TemplateSegment[];
  /** Whether the last segment was `**`: one or more further segments, none of them empty. */
  readonly open: boolean;
}

type TemplateSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "name"; readonly name: string; readonly pattern: RE2JS | undefined };

/** Methods that an operation can grant: case-sensitive (RFC 9110, section 9.1). CONNECT and TRACE never. */
export const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Reads `METHOD /path/{name}/{name:PATTERN}/**`.
 * @returns the template, or what is wrong with it and what to write instead
 */
export function readTemplate(
  written: string,
): Template | { readonly message: string; readonly hint: string } {
  const match = /^(\S+) (\/\S*)$/.exec(written);
  const example = "write METHOD and a path, for example GET /v1/invoices/{id}";
  if (match === null) return { message: "this is not a request", hint: example };
  const [, method = "", path = ""] = match;
  if (!METHODS.includes(method)) {
    const upper = method.toUpperCase();
    return {
      message: `${method.slice(0, 20)} is no method that can be granted`,
      hint: METHODS.includes(upper) ? `write ${upper}` : `one of ${METHODS.join(", ")}`,
    };
  }
  const parts = splitPath(path.slice(1));
  const open = parts.at(-1) === "**";
  if (open) parts.pop();
  const segments: TemplateSegment[] = [];
  for (const [index, part] of parts.entries()) {
    const segment = readSegment(part, index === parts.length - 1 && !open);
    if ("message" in segment) return segment;
    segments.push(segment);
  }
  return { text: written, method, segments, open };
}

/** Splits at slashes outside of braces, so that a pattern may hold one. */
function splitPath(path: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const char of path) {
    if (char === "{") depth += 1;
    else if (char === "}") depth -= 1;
    if (char === "/" && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}

function readSegment(
  part: string,
  last: boolean,
): TemplateSegment | { readonly message: string; readonly hint: string } {
  if (part.includes("*") && !part.startsWith("{"))
    return {
      message: "* stands for nothing here",
      hint: "write {name} for one segment, and ** as the last for any",
    };
  if (part.startsWith("{")) {
    const match = /^\{([A-Za-z_][A-Za-z0-9_]*)(?::(.+))?\}$/s.exec(part);
    if (match === null)
      return { message: "a name in braces fills a whole segment", hint: "write {name} or {name:PATTERN}" };
    const [, name = "", pattern] = match;
    if (pattern === undefined) return { kind: "name", name, pattern: undefined };
    try {
      return { kind: "name", name, pattern: RE2JS.compile(pattern) };
    } catch {
      return {
        message: `the pattern of {${name}} is no RE2 pattern`,
        hint: "RE2 has no look-around and no back references",
      };
    }
  }
  if (part === "" && !last) return { message: "the path holds an empty segment", hint: "write one slash" };
  if (part === "." || part === "..")
    return { message: "the path holds a dot segment", hint: "write where it leads" };
  if (!/^[!$&'()+,\-.0-9:=@A-Z_a-z~%]*$/.test(part) || /%(?![0-9A-F]{2})/.test(part))
    return { message: "the path holds a character that no path holds", hint: "percent-encode it" };
  return { kind: "literal", text: part };
}

/** Whether a template covers a method and a path. HEAD goes with GET (RFC 9110, section 9.3.2). */
export function covers(template: Template, method: string, path: ReadPath): boolean {
  if (template.method !== method && !(template.method === "GET" && method === "HEAD")) return false;
  const { segments } = path;
  if (template.open) {
    if (segments.length <= template.segments.length) return false;
    if (segments.slice(template.segments.length).some(({ text }) => text === "")) return false;
  } else if (segments.length !== template.segments.length) return false;
  return template.segments.every((segment, index) => {
    const found = segments[index];
    if (found === undefined) return false;
    if (segment.kind === "literal") return found.raw === segment.text;
    if (found.text === "") return false;
    return segment.pattern === undefined || segment.pattern.testExact(found.text);
  });
}
