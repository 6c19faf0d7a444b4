import { Command } from "commander";
import { UsageError } from "../exit.ts";
import { out } from "../print.ts";

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

function treeOf(root: Command, path = ""): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  const options = root.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
  tree.set(path, [...root.commands.map((sub) => sub.name()), ...options, "--help"]);
  for (const sub of root.commands) {
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
  return `_mayfly() {
  local word path="" words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${commands}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _mayfly mayfly`;
}

function fish(tree: Tree): string {
  return [...tree]
    .flatMap(([path, words]) => {
      const condition =
        path === ""
          ? "__fish_use_subcommand"
          : path
              .split(" ")
              .map((part) => `__fish_seen_subcommand_from ${part}`)
              .join("; and ");
      return words.map((word) =>
        word.startsWith("--")
          ? `complete -c mayfly -n '${condition}' -l ${word.slice(2)}`
          : `complete -c mayfly -f -n '${condition}' -a ${word}`,
      );
    })
    .join("\n");
}
