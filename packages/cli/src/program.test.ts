import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { program } from "./program.ts";
import { widthOf } from "./terminal/width.ts";

const COLUMNS = 80;

function all(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(all)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The help of a command as a terminal of 80 columns shows it, footers too. */
function helpOf(command: Command): string {
  let said = "";
  command.configureOutput({ writeOut: (text) => (said += text), getOutHelpWidth: () => COLUMNS });
  command.outputHelp();
  return said;
}

describe.each(all(program([])).map((command) => [pathOf(command), command] as const))("%s", (_, command) => {
  test("has help that fits 80 columns", () => {
    const help = helpOf(command);
    expect(help).toContain("Usage: ");
    expect(help.split("\n").filter((line) => widthOf(line) > COLUMNS)).toEqual([]);
  });
});
