import type { Line } from "./lines.ts";
import { linesOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { isReference, target, targetText } from "./words.ts";

/** Finds what curl, git, wget, Python and others take from a .netrc file (curl(1), "--netrc"; ftp(1), ".netrc"). */
export async function findInNetrc(search: Search): Promise<void> {
  const named = search.env("NETRC");
  const paths = [
    ...(named === undefined ? [] : [search.path(named)]),
    search.home(".netrc"),
    search.home("_netrc"),
  ];
  for (const path of paths) {
    const file = await search.text(path);
    for (const { machine, line } of netrcLogins(file?.text ?? "")) {
      const leadsTo = machine === undefined ? { host: "*" } : target({ host: machine }, 443);
      search.add("http", `${path}:${line}`, targetText(leadsTo, "a host without a plain name"), leadsTo);
    }
  }
}

/** A password in a .netrc file. */
interface NetrcLogin {
  /** Undefined: any. */
  readonly machine: string | undefined;
  readonly line: number;
}

/** Where a .netrc file holds passwords. What stands for the user is not told: it may be a token. */
function netrcLogins(content: string): readonly NetrcLogin[] {
  const logins: NetrcLogin[] = [];
  let machine: string | undefined;
  let isMacro = false;
  let awaited: string | undefined;
  for (const line of linesOf(content)) {
    // A macro ends at an empty line.
    if (isMacro) isMacro = line.text.trim() !== "";
    for (const word of isMacro ? [] : wordsOf(line)) {
      if (awaited === "machine") machine = word;
      if (awaited === "password" && word !== "" && !isReference(word))
        logins.push({ machine, line: line.number });
      if (awaited !== undefined) {
        awaited = undefined;
        continue;
      }
      if (word === "default") machine = undefined;
      if (["machine", "login", "password", "account"].includes(word)) awaited = word;
      if (word !== "macdef") continue;
      isMacro = true;
      break;
    }
  }
  return logins;
}

/** The words of a line; quotes keep blanks together, and a line that begins with # is a comment. */
function wordsOf({ text }: Line): readonly string[] {
  if (text.trimStart().startsWith("#")) return [];
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"?|([^\s"]\S*)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}
