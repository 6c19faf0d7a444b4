import { texts } from "../fields.ts";

/** A line of `include:`: a folder below the main file's, and the names of the files in it. */
export interface IncludePattern {
  /** As written. */
  readonly text: string;
  /** The folder, relative to the main file's; empty for that one itself. */
  readonly folder: string;
  /** Whether a file of the folder is meant. */
  readonly matches: (name: string) => boolean;
  /** Whether it names one file, which then must be there. */
  readonly isOneFile: boolean;
}

/** `include:` as written. */
export const include = texts(1).meta({
  description:
    "Further files with connections and policies, below the folder of this one: conf.d/*.yaml. A team can own its file",
});

/** Parts of a path that are names, never `.`, `..` or empty; one `*` may stand in the last alone. */
const folderName = /^(?!\.{1,2}$)[\w.@-]+$/;
const fileName = /^(?!\.)[\w.@-]*\*?[\w.@-]*\.ya?ml$/;

/** Reads one line of `include:`, or says what is wrong with it. */
export function readPattern(
  text: string,
): IncludePattern | { readonly problem: string; readonly hint: string } {
  const parts = text.split("/");
  const name = parts.pop() ?? "";
  if (text.startsWith("/") || parts.includes(".."))
    return {
      problem: "an included file is below the folder of this one",
      hint: "write a path such as conf.d/*.yaml, without .. and without / at its start",
    };
  if (!parts.every((part) => folderName.test(part)) || !fileName.test(name))
    return {
      problem: "this is not a path of included files",
      hint: "write a path that ends in .yaml or .yml; one * stands for any part of the file's name",
    };
  const [before = "", after] = name.split("*");
  return {
    text,
    folder: parts.join("/"),
    // What begins with a dot is an editor's or a tool's own, as in a shell.
    matches: (file) =>
      after === undefined
        ? file === name
        : !file.startsWith(".") &&
          file.length >= before.length + after.length &&
          file.startsWith(before) &&
          file.endsWith(after),
    isOneFile: after === undefined,
  };
}
