import path from "node:path";
import { canonicalJson } from "../../kernel/canonical.ts";
import { plain } from "../../configuration/freeze.ts";

/** Whether a value of one file is another one than that of the other file. */
export type Differ = (before: unknown, after: unknown) => boolean;

/** Names of members whose values differ. */
export function changedMembers(before: object, after: object, differs: Differ): readonly string[] {
  const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) =>
    differs(was[name], is[name]),
  );
}

/**
 * Compares values of two files. A secret is another one when its source is, a file when its text is; a path means the same
 * when it leads from its configuration's folder to the same name.
 */
export function differ(before: { readonly file: string }, after: { readonly file: string }): Differ {
  const textIn = ({ file }: { readonly file: string }): ((value: unknown) => string) => {
    const folder = `"${path.join(path.dirname(path.resolve(file)), "/")}`;
    return (value) => canonicalJson(plain(value ?? null, "place")).replaceAll(folder, '"./');
  };
  const [was, is] = [textIn(before), textIn(after)];
  return (one, other) => was(one) !== is(other);
}
