import { CommanderError } from "commander";
import { errorText, exitCodeOf, exitCodes } from "./exit.ts";
import { program } from "./program.ts";

async function main(argv: readonly string[]): Promise<void> {
  const cut = argv[0] === "run" ? argv.indexOf("--") : -1;
  const own = cut === -1 ? argv : argv.slice(0, cut);
  const commandLine = cut === -1 ? [] : argv.slice(cut + 1);
  try {
    await program(commandLine).parseAsync(own, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Commander has said what is wrong; help and version are no errors.
      process.exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    process.stderr.write(`${errorText(thrown)}\n`);
    process.exitCode = exitCodeOf(thrown);
  }
}

// A reader that went, as in `mayfly audit tail | head`, is no failure.
process.stdout.on("error", (error) => {
  process.exit("code" in error && error.code === "EPIPE" ? exitCodes.ok : exitCodes.failed);
});

await main(process.argv.slice(2));
