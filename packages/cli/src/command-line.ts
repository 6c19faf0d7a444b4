import type { Command } from "commander";

/** The flags that may stand anywhere, before the command too; and whether each takes a value. */
const globalFlags: ReadonlyMap<string, boolean> = new Map([
  ["--url", true],
  ["--ca", true],
  ["--profile", true],
  ["--json", false],
]);

/** Commands that run another one, which stands behind `--`. */
const runners: readonly string[] = ["run", "connect"];

/** Parts a command line into Mayfly's own words and the command behind `--`. */
export function partCommandLine(argv: readonly string[]): {
  readonly own: readonly string[];
  readonly behind: readonly string[];
} {
  const { path } = leading(argv, undefined);
  const cut = runners.includes(path[0] ?? "") ? argv.indexOf("--") : -1;
  return cut === -1 ? { own: argv, behind: [] } : { own: argv.slice(0, cut), behind: argv.slice(cut + 1) };
}

/** Puts global flags that stand before a command's name behind it, where commander looks for them. */
export function hoist(own: readonly string[], root: Command): readonly string[] {
  const { path, flags, rest } = leading(own, root);
  return [...path, ...flags, ...rest];
}

/** How to get the help of the command that a command line names. */
export function helpOf(own: readonly string[], root: Command): string {
  return ["mayfly", ...leading(own, root).path, "--help"].join(" ");
}

/** Whether errors are to be JSON too. */
export function wantsJson(own: readonly string[]): boolean {
  return own.some(
    (word, at) =>
      word === "--json" ||
      word === "--output=json" ||
      word === "-ojson" ||
      (word === "json" && ["-o", "--output"].includes(own[at - 1] ?? "")),
  );
}

/** The commands' names at the start, and the global flags between them. @param root left out: one name is all there is */
function leading(
  words: readonly string[],
  root: Command | undefined,
): { readonly path: readonly string[]; readonly flags: readonly string[]; readonly rest: readonly string[] } {
  const path: string[] = [];
  const flags: string[] = [];
  let command = root;
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [name = "", value] = word.split("=", 2);
    const takesValue = globalFlags.get(name);
    if (takesValue !== undefined) {
      flags.push(word);
      if (takesValue && value === undefined) flags.push(...words.slice((at += 1), at + 1));
      continue;
    }
    const sub = command?.commands.find((each) => each.name() === word);
    if (word.startsWith("-") || (command !== undefined && sub === undefined)) break;
    path.push(word);
    if (sub === undefined || sub.commands.length === 0) {
      at += 1;
      break;
    }
    command = sub;
  }
  return { path, flags, rest: words.slice(at) };
}
