import { formatProblems } from "../../configuration/problems.ts";
import type { Configuration } from "../../configuration/types.ts";
import { compareConfigurations } from "../diff/compare.ts";
import { type FailOn, fails } from "../diff/finding.ts";
import { formatMarkdown, formatText, joined } from "../diff/format.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say } from "../terminal.ts";

export interface DiffOptions {
  readonly format: "text" | "json" | "markdown";
  readonly failOn: FailOn;
}

/** What a file says, without the values of its secrets. */
async function read(file: string): Promise<Configuration> {
  const loaded = await load(file, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  return loaded.configuration;
}

/**
 * `mayflyd diff OLD NEW`: who can now reach what they could not before, and what became easier.
 * @returns the exit code: 3 when it found what `failOn` names
 */
export async function diff(before: string, after: string, options: DiffOptions): Promise<number> {
  const findings = joined(compareConfigurations(await read(before), await read(after), protocols));
  if (options.format === "json") say(jsonText({ findings }, 2));
  else say(options.format === "markdown" ? formatMarkdown(findings) : formatText(findings));
  return fails(findings, options.failOn) ? 3 : 0;
}
