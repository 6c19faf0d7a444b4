import type { Part } from "./paths.ts";
import { singular } from "../../../gate/inventory/singular.ts";

/** A word's characters as a pattern takes them. */
const quoted = (word: string): string =>
  word
    .replaceAll(/[\\^$.*+?()[\]|/]/gu, String.raw`\$&`)
    // Blanks and braces end a template's segment.
    .replaceAll(/[\s{}]/gu, (sign) => `\\x{${(sign.codePointAt(0) ?? 0).toString(16)}}`);

/** How a template is written. @param method in upper case */
export function templateText(method: string, parts: readonly Part[]): string {
  const names = new Set<string>();
  const segments = parts.map((part, at) => {
    if (part.kind === "word") return part.raw;
    const name = nameOf(part, parts[at - 1]);
    let free = name;
    for (let number = 2; names.has(free); number += 1) free = `${name}_${number}`;
    names.add(free);
    return `{${free}:${patternOf(part)}}`;
  });
  return `${method} /${segments.join("/")}`;
}

type Varying = Exclude<Part, { readonly kind: "word" }>;

function patternOf(part: Varying): string {
  if (part.kind === "form") return part.form.pattern;
  if (part.kind !== "listed") return part.pattern;
  return part.words.map((word) => quoted(decodeURIComponent(word))).join("|");
}

/** Whether it says when, and not which. */
export const isTime = (part: Part): boolean =>
  part.kind === "form" && ["date", "month", "time"].includes(part.form.name);

/** What varies, called by what stands before it: `{customer_id}` of `customers`. */
export function nameOf(part: Varying, before: Part | undefined): string {
  if (part.kind === "named") return part.name;
  if (part.kind === "form" && isTime(part)) return part.form.name;
  const of =
    before?.kind === "word" ? singular(before.raw.toLowerCase()).replaceAll(/[^a-z0-9]+/gu, "_") : "";
  const name = part.kind === "form" ? "id" : "name";
  return /^[a-z]/u.test(of) ? `${of}_${name}` : name;
}
