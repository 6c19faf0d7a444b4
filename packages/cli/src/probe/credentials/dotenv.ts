import { join } from "node:path";
import { upwards } from "./folders.ts";
import { linesOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { findInVariables, type Variable } from "./variables.ts";

/** Always asked for by name: a folder's listing is bounded. */
const USUAL = [".env", ".envrc", ".env.local", ".env.development", ".env.production", ".env.test"];

/** Finds what the .env files of the working folder and those above it hold, up to the home folder or the root. */
export async function findInDotenv(search: Search): Promise<void> {
  for (const folder of upwards(search)) {
    const listed = (await search.names(folder)).filter(isDotenv);
    for (const name of new Set([...USUAL, ...listed])) await findInFile(search, folder, name);
  }
}

/** Whether a file of this name is loaded by itself: examples are not. */
export function isDotenv(name: string): boolean {
  return /^\.env(?:rc|\..{1,100})?$/.test(name) && !/\.(?:example|sample|template|dist)(?:\.|$)/.test(name);
}

/** The variables of a .env file (dotenv's README, "Rules"), with their lines. */
export function dotenvVariables(text: string): {
  readonly variables: readonly { readonly name: string; readonly value: string; readonly line: number }[];
  /** A quote that nothing closes: what stands behind it is no part of `variables`. */
  readonly isCut: boolean;
} {
  const variables: { name: string; value: string; line: number }[] = [];
  // What a value of several lines waits for: none of its lines is a variable's name.
  let until: string | undefined;
  for (const { number, text: line } of linesOf(text)) {
    if (until !== undefined) {
      // Behind the quote that ends it, another value of several lines may begin.
      const end = line.indexOf(until);
      if (end >= 0) until = until.length > 1 ? undefined : openedBy(line.slice(end + 1));
      continue;
    }
    const found = /^\s*(?:export\s+)?([A-Za-z_][\w.-]{0,127})\s*=\s*(\S.*)?$/.exec(line);
    const [, name, raw = ""] = found ?? [];
    if (name === undefined) {
      until = openedBy(line);
      continue;
    }
    const quote = /^["'`]/.exec(raw)?.[0];
    const end = quote === undefined ? -1 : raw.indexOf(quote, 1);
    // Behind a closing quote nothing but a comment should stand; a key that is cut goes on below.
    const isWhole = quote !== undefined && /^\s*(?:#|$)/.test(raw.slice(end + 1)) && !raw.includes("--BEGIN");
    if (quote !== undefined && end < 0) until = quote;
    else if (!isWhole && /--BEGIN|-----/.test(raw) && !raw.includes("-----END ")) until = "-----END ";
    const value =
      quote === undefined ? (raw.split(/\s#/, 1)[0] ?? "") : raw.slice(1, end < 0 ? undefined : end);
    variables.push({ name, value: value.trim(), line: number });
  }
  return { variables, isCut: until !== undefined };
}

/** What ends a value of several lines that a line begins, though it names no variable. */
function openedBy(line: string): string | undefined {
  if (line.trimStart().startsWith("#")) return undefined;
  if (line.includes("-----BEGIN")) return line.includes("-----END ") ? undefined : "-----END ";
  const start = line.search(/["'`]/);
  const quote = line[start];
  return quote === undefined || line.includes(quote, start + 1) ? undefined : quote;
}

async function findInFile(search: Search, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  // A folder of this name is a virtual environment of Python's.
  if (await search.isFolder(path)) return;
  const file = await search.text(path);
  if (file === undefined) return;
  const found = dotenvVariables(file.text);
  if (found.isCut) search.unread(path, "a quote is not closed: what follows it was not looked at");
  const variables = found.variables.map(({ line, ...variable }): Variable => ({
    ...variable,
    place: `${path}:${line}`,
    isOfFolder: search.isOfFolder(folder),
  }));
  await findInVariables(search, variables);
}
