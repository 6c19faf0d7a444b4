import type { Configuration } from "../../configuration/types.ts";
import { formatProblems } from "../../configuration/problems.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { systemClock } from "../../kernel/clock.ts";
import { closestName } from "../../kernel/closest-name.ts";
import { explain as explainTo } from "../../policy/explain.ts";
import { formatExplanation } from "../../policy/format-explanation.ts";
import type { PolicyAsk } from "../../policy/types.ts";
import { load, rulesOf } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say } from "../terminal.ts";

/** The principal that `--as` and `--groups` mean: one of the directory, or made up. */
function principalOf(
  configuration: Configuration,
  name: string,
  groups: readonly string[] | undefined,
  kind: "agent" | "person",
): PolicyAsk["principal"] {
  const { agents } = configuration.identity;
  const entries = agents.flatMap(({ issuer, directory }) =>
    [...directory].map(([client, entry]) => ({ issuer, client, entry })),
  );
  const found = entries.find(({ client, entry }) => client === name || entry.name === name);
  if (found !== undefined && kind === "agent") {
    const { issuer, client, entry } = found;
    return { kind, issuer, subject: client, client, name: entry.name, groups: groups ?? entry.groups };
  }
  if (groups === undefined) {
    const meant = closestName(
      name,
      entries.flatMap(({ client, entry }) => [client, entry.name]),
    );
    throw new MayflyError("unknown_principal", `the directory has no ${name}`, {
      hint: `${meant === undefined ? "" : `did you mean ${meant}? `}say which groups a made-up principal is in: --groups support-agents,sre`,
    });
  }
  return { kind, issuer: agents[0]?.issuer ?? "", subject: name, client: name, name, groups };
}

/** A list as an option writes it: `support-agents,sre`. */
function listOf(written: string | undefined): readonly string[] | undefined {
  return written
    ?.split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
}

/**
 * `mayflyd explain --as NAME [--groups A,B]`: what a made-up or real principal could request, and why not the rest.
 * @returns the exit code
 */
export async function explain(options: {
  readonly config: string;
  readonly as: string;
  readonly groups: string | undefined;
  readonly person: boolean;
  readonly forPerson: boolean;
  /** The groups of the person whom the agent acts for. */
  readonly personGroups: string | undefined;
  readonly json: boolean;
}): Promise<number> {
  const loaded = await load(options.config, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const groups = listOf(options.groups);
  const personGroups = listOf(options.personGroups);
  const principal = principalOf(
    loaded.configuration,
    options.as,
    groups,
    options.person ? "person" : "agent",
  );
  const { inventory } = rulesOf(loaded, protocols);
  const explanation = explainTo(
    loaded.policies,
    inventory,
    principal,
    options.forPerson || personGroups !== undefined,
    personGroups,
    systemClock.wall(),
  );
  say(options.json ? jsonText(explanation) : formatExplanation(explanation));
  return 0;
}
