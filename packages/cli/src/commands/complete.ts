import type { Mayfly } from "@mayfly/sdk";
import { Command } from "commander";
import { connect } from "../context.ts";
import { out } from "../print.ts";
import { profileNames } from "../profile.ts";

/** What can be completed. */
export type ValueKind = "operations" | "connections" | "requests" | "grants" | "handles" | "profiles";

/** A shell waits no longer than this, counted from this program's start, milliseconds. */
const MAX_WAIT_MS = 900;
/** Maximum number of values: nobody reads more. */
const MAX_VALUES = 200;

/**
 * `mayfly complete KIND -- WORDS…`: values for a shell to complete with, one a line. For the scripts of `mayfly completion`,
 * and in no help. Says nothing of what goes wrong, and does not wait for a gateway that is slow.
 */
export function completeCommand(): Command {
  return new Command("complete")
    .argument("<kind>")
    .argument("[words...]", "the command line so far, for --profile, --url and --ca")
    .action(async (kind: ValueKind, words: readonly string[]) => {
      const late = new Promise<readonly string[]>((resolve) => {
        setTimeout(() => resolve([]), Math.max(1, MAX_WAIT_MS - performance.now()));
      });
      const values = await Promise.race([late, valuesOf(kind, words).catch(() => [])]);
      out(completable(values).join("\n"));
      // An answer that is still awaited would keep the shell waiting.
      process.exit(0);
    });
}

/** Values that a shell takes as they are: bash expands what it completes with, and names come from elsewhere. */
export function completable(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => /^[\w.@:/-]{1,200}$/.test(value)).slice(0, MAX_VALUES);
}

/** The value of a global flag among words. */
export function flagOf(words: readonly string[], flag: string): string | undefined {
  const written = words.findLast((word, at) => word.startsWith(`${flag}=`) || words[at - 1] === flag);
  return written?.startsWith(`${flag}=`) === true ? written.slice(flag.length + 1) : written;
}

async function valuesOf(kind: ValueKind, words: readonly string[]): Promise<readonly string[]> {
  const profile = flagOf(words, "--profile") ?? (process.env["MAYFLY_PROFILE"] || "default");
  if (kind === "profiles") return profileNames();
  const [url, ca] = [flagOf(words, "--url"), flagOf(words, "--ca")];
  const { mayfly } = connect({
    profile,
    ...(url === undefined ? {} : { url }),
    ...(ca === undefined ? {} : { ca }),
  });
  return lookUp[kind](mayfly);
}

const lookUp: Readonly<
  Record<Exclude<ValueKind, "profiles">, (mayfly: Mayfly) => Promise<readonly string[]>>
> = {
  operations: async (mayfly) => (await mayfly.operations()).map(({ name }) => name),
  connections: async (mayfly) =>
    (await mayfly.operations()).map(({ name }) => name.slice(0, name.indexOf("/"))),
  requests: pendingOf,
  grants: activeOf,
  handles: async (mayfly) => (await Promise.all([pendingOf(mayfly), activeOf(mayfly)])).flat(),
};

/** Those that wait: for whoever decides, those that wait for them too. */
async function pendingOf(mayfly: Mayfly): Promise<readonly string[]> {
  const [own, inbox] = await Promise.all([
    mayfly.requests({ state: "pending" }).catch(() => []),
    mayfly.inbox().then(
      ({ waiting }) => waiting,
      () => [],
    ),
  ]);
  return [...own, ...inbox].map(({ id }) => id);
}

/** Those that are active: for operators and auditors, everyone's. */
async function activeOf(mayfly: Mayfly): Promise<readonly string[]> {
  const grants = await mayfly
    .grants({ state: "active", all: true })
    .catch(() => mayfly.grants({ state: "active" }));
  return grants.map(({ id }) => id);
}
