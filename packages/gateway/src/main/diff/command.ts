import { type Command, Option } from "commander";
import type { DiffOptions } from "../commands/diff.ts";

/** Adds `mayflyd diff`. @param ended told the exit code */
export function addDiff(program: Command, ended: (code: number) => void): void {
  program
    .command("diff")
    .argument("<old>", "the configuration as it is")
    .argument("<new>", "the configuration as it would be")
    .description("say who could reach what they cannot now, and what would become easier")
    .addOption(
      new Option("--format <form>", "markdown is for a comment at a pull request")
        .choices(["text", "json", "markdown"])
        .default("text"),
    )
    .addOption(
      new Option(
        "--fail-on <what>",
        "exit with 3 when more is let through, or that cannot be told (wider), or when reach changes at all (any)",
      )
        .choices(["wider", "any", "nothing"])
        .default("nothing"),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  mayflyd diff old.yaml mayfly.yaml\n  mayflyd diff --format markdown --fail-on wider old.yaml mayfly.yaml",
    )
    .action(async (before: string, after: string, options: DiffOptions) => {
      const { diff } = await import("../commands/diff.ts");
      ended(await diff(before, after, options));
    });
}
