import { formatProblems } from "../../configuration/problems.ts";
import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import { systemClock } from "../../kernel/clock.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { warningsOf } from "../warnings.ts";
import { checkOnline, checkScopes, type OnlineResult } from "./check-online.ts";
import { jsonText, say, tell } from "../terminal.ts";

/**
 * `mayflyd check FILE`: every error of a configuration file, with its place and a hint; of a good one, what to think about.
 * With `online`, also whether Okta's API answers what the gateway would ask it, and what patterns match now.
 * @returns the exit code: 0 good, 1 with errors
 */
export async function check(
  file: string,
  options: { readonly json: boolean; readonly secrets: boolean; readonly online: boolean },
): Promise<number> {
  const asked = options.online ? [["identity", "agents"], ["connections"]] : "named";
  const loaded = await load(file, protocols, process.env, options.secrets ? "required" : asked);
  const problems = loaded.ok ? [] : loaded.problems;
  const warnings = loaded.ok ? warningsOf(loaded.configuration) : [];
  const online =
    loaded.ok && options.online
      ? [
          ...(await checkOnline(loaded.configuration, systemClock)),
          ...(await checkScopes(loaded.configuration, protocols)),
        ]
      : [];
  const isAnswered = online.every(({ problem }) => problem === undefined);
  if (options.json)
    say(
      jsonText({
        file,
        ok: loaded.ok && isAnswered,
        problems,
        warnings,
        ...(options.online ? { online } : {}),
      }),
    );
  else if (!loaded.ok) {
    tell(formatProblems(problems));
    tell(
      `\n${problems.length} ${problems.length === 1 ? "error" : "errors"}: mayflyd would not start with this file`,
    );
  } else {
    const { connections, policies, digest } = loaded.configuration;
    const operations = [...connections.values()].reduce((sum, each) => sum + each.operations.size, 0);
    const count = (number: number, what: string): string =>
      `${number} ${number === 1 ? what : what.replace(/y$/, "ie").concat("s")}`;
    say(
      `${file} is good: ${count(connections.size, "connection")}, ${count(operations, "operation")}, ${count(policies.length, "policy")}`,
    );
    say(`digest ${digest}`);
    for (const { at, message, hint } of warnings) tell(`\nwarning: ${at}: ${message}\n  hint: ${hint}`);
    if (loaded.unset.length > 0) {
      tell(`\nnot set here, and needed to start (--secrets makes these errors):`);
      tell(formatProblems(loaded.unset));
    }
    for (const result of online) (result.problem === undefined ? say : tell)(onlineWords(result));
  }
  return loaded.ok && isAnswered ? 0 : 1;
}

/** What came of one question, in words. Names and texts are the target's own: a line end in one forges no line. */
export function onlineWords({ what, problem, hint, matches }: OnlineResult): string {
  const asked = escapeInvisible(what);
  if (matches !== undefined) {
    const names = matches.length === 0 ? "nothing" : `${matches.length}: ${matches.join(", ")}`;
    return `${asked} matches ${escapeInvisible(names)}`;
  }
  if (problem === undefined) return `${asked}: answered`;
  const told = hint === undefined ? "" : `\n  hint: ${escapeInvisible(hint)}`;
  return `\nerror: ${asked}: ${escapeInvisible(problem)}${told}`;
}
