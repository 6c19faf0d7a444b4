import { Command } from "commander";
import { UsageError } from "../exit.ts";
import { out } from "../print.ts";
import type { ValueKind } from "./complete.ts";

/** Words that may follow, by the commands before them: `""`, `"request"`, `"audit tail"`. */
type Tree = ReadonlyMap<string, readonly string[]>;

/** `mayfly completion`. */
export function completionCommand(): Command {
  const completion = new Command("completion");
  return completion
    .description("Print a completion script for a shell")
    .argument("<shell>", "bash, zsh or fish")
    .addHelpText(
      "after",
      "\nExample:\n  source <(mayfly completion bash)\n  mayfly completion fish > ~/.config/fish/completions/mayfly.fish",
    )
    .action((shell: string) => {
      const tree = treeOf(completion.parent ?? completion);
      if (shell === "bash") out(bash(tree));
      else if (shell === "zsh") out(`autoload -U +X bashcompinit && bashcompinit\n${bash(tree)}`);
      else if (shell === "fish") out(fish(tree));
      else throw new UsageError(`there is no completion for '${shell}'`, "bash, zsh or fish");
    });
}

/** What a command's arguments are, where they can be looked up. */
const argumentKinds: Readonly<Record<string, ValueKind>> = {
  request: "operations",
  run: "operations",
  connect: "operations",
  kubeconfig: "connections",
  "probe-token": "connections",
  wait: "requests",
  withdraw: "requests",
  show: "requests",
  approve: "requests",
  refuse: "requests",
  release: "grants",
  revoke: "grants",
  collect: "handles",
  env: "handles",
};

/** What an option's value is, where it can be looked up. */
const optionKinds: Readonly<Record<string, ValueKind>> = {
  "--profile": "profiles",
  "--only": "operations",
  "--grant": "grants",
  "--request": "requests",
  "--connection": "connections",
};

function treeOf(root: Command, path = ""): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  const options = root.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
  // What help does not show is for scripts.
  const shown = root.createHelp().visibleCommands(root);
  const commands = root.commands.filter((sub) => shown.includes(sub));
  tree.set(path, [...commands.map((sub) => sub.name()), ...options, "--help"]);
  for (const sub of commands) {
    for (const [below, words] of treeOf(sub, `${path} ${sub.name()}`.trim())) tree.set(below, words);
  }
  if (path === "completion") tree.set(path, ["bash", "zsh", "fish"]);
  return tree;
}

function bash(tree: Tree): string {
  const cases = [...tree].map(([path, words]) => `    "${path}") words="${words.join(" ")}" ;;`).join("\n");
  const commands = [...tree.keys()]
    .filter((path) => path !== "")
    .map((path) => `"${path}"`)
    .join("|");
  const kindsOf = (table: Readonly<Record<string, ValueKind>>): string =>
    Object.entries(table)
      .map(([name, kind]) => `    "${name}") kind=${kind} ;;`)
      .join("\n");
  return `_mayfly() {
  local word path="" words="" kind="" cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${commands}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  case "$path" in
${kindsOf(argumentKinds)}
  esac
  case "$previous" in
${kindsOf(optionKinds)}
  esac
  if [ -n "$kind" ] && [ "\${cur#-}" = "$cur" ]; then
    words="$(mayfly complete "$kind" -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _mayfly mayfly`;
}

/** A fish condition: these words have been written. */
function seen(path: string): string {
  if (path === "") return "__fish_use_subcommand";
  return path
    .split(" ")
    .map((part) => `__fish_seen_subcommand_from ${part}`)
    .join("; and ");
}

function fish(tree: Tree): string {
  const values = (kind: ValueKind): string =>
    `'(mayfly complete ${kind} -- (commandline -opc)[2..] 2>/dev/null)'`;
  return [
    ...[...tree].flatMap(([path, words]) =>
      words.map((word) => {
        if (!word.startsWith("--")) return `complete -c mayfly -f -n '${seen(path)}' -a ${word}`;
        const kind = optionKinds[word];
        const value = kind === undefined ? "" : ` -x -a ${values(kind)}`;
        return `complete -c mayfly -n '${seen(path)}' -l ${word.slice(2)}${value}`;
      }),
    ),
    ...Object.entries(argumentKinds).map(
      ([name, kind]) => `complete -c mayfly -f -n '${seen(name)}' -a ${values(kind)}`,
    ),
  ].join("\n");
}
