import { CommanderError } from "commander";
import { helpOf, hoist, partCommandLine, wantsJson } from "./command-line.ts";
import { errorJson, errorText, exitCodeOf, exitCodes, usageWords, UsageError } from "./exit.ts";
import { program } from "./program.ts";

async function main(argv: readonly string[]): Promise<void> {
  const { own, behind } = partCommandLine(argv);
  const asJson = wantsJson(own);
  const say = (thrown: unknown): void => {
    process.stderr.write(`${asJson ? errorJson(thrown) : errorText(thrown)}\n`);
    process.exitCode = exitCodeOf(thrown);
  };
  const root = program(behind, asJson);
  try {
    await root.parseAsync([...hoist(own, root)], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return say(thrown);
    // Help and version are no errors.
    if (thrown.exitCode === 0) process.exitCode = exitCodes.ok;
    else if (asJson) say(new UsageError(usageWords(thrown.message), helpOf(own, root)));
    // Commander has said what is wrong.
    else process.exitCode = exitCodes.usage;
  }
}

// A reader that went, as in `mayfly audit tail | head`, is no failure.
process.stdout.on("error", (error) => {
  process.exit("code" in error && error.code === "EPIPE" ? exitCodes.ok : exitCodes.failed);
});

await main(process.argv.slice(2));
