import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";

/**
 * `mayflyd check FILE`: every error of a configuration file, with its place and a hint.
 * @returns the exit code: 0 good, 1 with errors
 */
export async function check(
  file: string,
  options: { readonly json: boolean; readonly secrets: boolean },
): Promise<number> {
  const loaded = await load(file, protocols, process.env, options.secrets ? "required" : "named");
  const problems = loaded.ok ? [] : loaded.problems;
  if (options.json) console.log(JSON.stringify({ file, ok: loaded.ok, problems }));
  else if (!loaded.ok) {
    process.stderr.write(formatProblems(problems));
    console.error(
      `\n${problems.length} ${problems.length === 1 ? "error" : "errors"}: mayflyd would not start with this file`,
    );
  } else {
    const { connections, policies, digest } = loaded.configuration;
    const operations = [...connections.values()].reduce((sum, each) => sum + each.operations.size, 0);
    const count = (number: number, what: string): string =>
      `${number} ${number === 1 ? what : what.replace(/y$/, "ie").concat("s")}`;
    console.log(
      `${file} is good: ${count(connections.size, "connection")}, ${count(operations, "operation")}, ${count(policies.length, "policy")}`,
    );
    console.log(`digest ${digest}`);
    if (loaded.unset.length > 0) {
      console.error(`\nnot set here, and needed to start (--secrets makes these errors):`);
      process.stderr.write(formatProblems(loaded.unset));
    }
  }
  return loaded.ok ? 0 : 1;
}
