import { readFile } from "node:fs/promises";
import { formatProblems } from "../../configuration/problems.ts";
import type { ConnectionConfiguration } from "../../configuration/types.ts";
import type { Inventory, ProposalParts } from "../../gate/inventory/inventory.ts";
import type { AnyProtocol, NamedScope } from "../../gate/protocol.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import { systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { checkText } from "../inventory/check-text.ts";
import { checkOptions, type InventoryOptions, sinceOf } from "../inventory/options.ts";
import { createProgress } from "../inventory/progress.ts";
import { noCounts, type ReadCounts, readSources } from "../inventory/read-sources.ts";
import { Refusals } from "../inventory/refusals.ts";
import { Tally } from "../inventory/tally.ts";
import { countOf } from "../inventory/words.ts";
import { plain, readOf, tellRead } from "../inventory/report.ts";
import { unusedText } from "../inventory/unused-text.ts";
import { proposalYaml } from "../inventory/yaml.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say, tell, tellAsIs } from "../terminal.ts";

/** The protocol of a connection that is not configured yet. */
const USUAL_KIND = "postgres";

/** What is asked, with the connection that it is about. */
interface Question {
  readonly options: InventoryOptions;
  readonly inventory: Inventory<unknown>;
  readonly protocol: AnyProtocol;
  readonly configured: ConnectionConfiguration | undefined;
  readonly scopes: readonly NamedScope<unknown>[];
  readonly parts: Pick<ProposalParts, "target" | "structure">;
  readonly within: string | undefined;
}

/**
 * `mayflyd inventory`: what was done at a target, as operations.
 * @returns the exit code: 3 where the configuration would refuse something, or grants what nobody used, and that was asked;
 * and where the sources hold nothing that counts, or something that cannot be read
 */
export async function inventory(sources: readonly string[], options: InventoryOptions): Promise<number> {
  checkOptions(options);
  const question = await questionOf(options);
  await question.protocol.ready();
  const counts = noCounts();
  if (options.check) return check(sources, question, counts);
  if (options.unused) return unused(sources, question, counts);
  return propose(sources, question, counts);
}

async function questionOf(options: InventoryOptions): Promise<Question> {
  const { connection: name, config, schema, searchPath, database } = options;
  const configured = config === undefined ? undefined : await connectionOf(config, name);
  const kind = configured?.kind ?? USUAL_KIND;
  const protocol = protocols.find((each) => each.kind === kind);
  const found = protocol?.inventory;
  if (protocol === undefined || found === undefined)
    throw new MayflyError(
      "no_inventory",
      `${name} is a connection of ${kind}, of which no inventory is made yet`,
      {
        hint: `it is made of ${protocols.flatMap((each) => (each.inventory === undefined ? [] : [each.kind])).join(", ")}`,
      },
    );
  const within = database ?? (configured === undefined ? undefined : found.within(configured.target));
  return {
    options,
    inventory: found,
    protocol,
    configured,
    scopes: [...(configured?.operations ?? [])].map(([operation, { scope }]) => ({
      name: `${name}/${operation}`,
      scope,
    })),
    parts: {
      target:
        configured?.target ??
        (searchPath === undefined
          ? undefined
          : { search_path: searchPath.split(",").map((name) => name.trim()) }),
      ...(schema === undefined ? {} : { structure: await textOf(schema) }),
    },
    within,
  };
}

async function connectionOf(file: string, name: string): Promise<ConnectionConfiguration> {
  const loaded = await load(file, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { connections } = loaded.configuration;
  const connection = connections.get(name);
  if (connection !== undefined) return connection;
  throw new MayflyError("unknown_connection", `${file} has no connection ${name}`, {
    hint: nameHint(name, [...connections.keys()], "it has") ?? "it has none",
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new MayflyError("unreadable_file", `cannot read ${file}`, {
      hint: "it is what pg_dump --schema-only prints",
      cause: error,
    });
  }
}

/** The acts that count, one after another, with how far it is at a terminal. */
async function* actsOf(
  sources: readonly string[],
  { inventory: { sources: known }, options, within }: Question,
  counts: ReadCounts,
): ReturnType<typeof readSources> {
  const progress = createProgress(process.stderr.isTTY ? tellAsIs : undefined, () => systemClock.monotonic());
  const ago = sinceOf(options);
  try {
    yield* readSources(
      sources,
      { sources: known, within: "database" },
      {
        connection: options.connection,
        by: options.by,
        ...(within === undefined ? {} : { within }),
        ...(ago === undefined ? {} : { since: systemClock.wall() - ago }),
        ...(options.format === undefined ? {} : { format: options.format }),
      },
      counts,
      progress.told,
    );
  } finally {
    progress.end();
  }
}

async function propose(sources: readonly string[], question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, configured, scopes, parts, options, within } = question;
  const judge = scopes.length === 0 ? undefined : made.judge(scopes, parts);
  const tally = new Tally((act) => made.likeness(act));
  let covered = 0;
  for await (const act of actsOf(sources, question, counts)) {
    if (judge?.(act.act).kind === "permit") covered += act.times;
    else tally.add(act);
  }
  const proposal = made.propose(tally.all, {
    ...parts,
    minSeen: options.minSeen,
    taken: [...(configured?.operations.keys() ?? [])],
  });
  if (options.json)
    say(jsonText(plain({ ...proposal, read: readOf(counts), covered, left_out: tally.leftOut }), 2));
  else
    say(
      proposalYaml(proposal, {
        connection: options.connection,
        act: made.act,
        unread: counts.unread,
        ...(configured === undefined
          ? { target: made.targetDraft(options.connection, within ?? [...counts.within][0], parts.target) }
          : { covered }),
      }),
    );
  tellRead(counts, tally.leftOut, made.act);
  return isWhole(counts, tally.leftOut) ? 0 : 3;
}

/** Whether the answer rests on anything, and on all that the sources hold. */
const isWhole = ({ acts, unread }: ReadCounts, leftOut = 0): boolean => acts > 0 && unread + leftOut === 0;

async function check(sources: readonly string[], question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, scopes, parts, options } = question;
  const judge = made.judge(scopes, parts);
  const refusals = new Refusals((act) => made.likeness(act));
  for await (const act of actsOf(sources, question, counts)) {
    const verdict = judge(act.act);
    if (verdict.kind === "permit") refusals.permitted(act.times);
    else refusals.denied(act, verdict.denial);
  }
  const { covered, refused, all } = refusals;
  const { unread } = counts;
  if (options.json)
    say(
      jsonText(
        plain({
          read: readOf(counts),
          covered,
          refused,
          refusals: all.map(({ rule, message, evidence, acts }) => ({
            rule,
            message,
            evidence,
            examples: acts.map(({ act }) => made.shown(act)),
          })),
        }),
        2,
      ),
    );
  else
    say(checkText(options.connection, made.act, (act) => made.shown(act), { covered, refused, unread, all }));
  tellRead(counts, 0, made.act);
  if (refused > 0 && options.schema === undefined)
    tell(
      "hint: --schema says which table has which column; without it more is refused than a session would refuse",
    );
  return refused === 0 && isWhole(counts) ? 0 : 3;
}

/** What operations grant and no act needed. */
async function unused(sources: readonly string[], question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, scopes, parts, options } = question;
  const each = scopes.map((scope) => ({
    ...scope,
    judge: made.judge([scope], parts),
    tally: new Tally((act) => made.likeness(act)),
  }));
  const together = made.judge(scopes, parts);
  let refused = 0;
  for await (const act of actsOf(sources, question, counts)) {
    const verdict = together(act.act);
    if (verdict.kind !== "permit") refused += act.times;
    // Of a text of several statements, several operations may cover one each.
    const covering = new Set(verdict.kind === "permit" ? verdict.operation.split(", ") : []);
    for (const { name, judge, tally } of each)
      if (covering.has(name) || judge(act.act).kind === "permit") tally.add(act);
  }
  const findings = each.map(({ name, scope, tally }) => ({
    operation: name,
    unused: made.unused(tally.all, scope, parts),
  }));
  const leftOut = each.reduce((sum, { tally }) => sum + tally.leftOut, 0);
  if (options.json)
    say(jsonText(plain({ read: readOf(counts), left_out: leftOut, operations: findings }), 2));
  else say(unusedText(findings, counts.unread + leftOut));
  tellRead(counts, leftOut, made.act);
  if (refused > 0)
    tell(
      `hint: ${countOf(refused, made.act)} would be refused, so that nothing counts as used by ${refused === 1 ? "it" : "them"}: --check says why`,
    );
  return findings.every(({ unused: parts }) => parts?.length === 0) && isWhole(counts, leftOut) ? 0 : 3;
}
