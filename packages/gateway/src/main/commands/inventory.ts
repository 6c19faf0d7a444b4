import { systemClock } from "../../kernel/clock.ts";
import { checkText } from "../inventory/check-text.ts";
import { closeAll, openUntilBegun, unopened } from "../inventory/given.ts";
import { begunKind, toldKind } from "../inventory/kind.ts";
import { checkOptions, type InventoryOptions, sinceOf } from "../inventory/options.ts";
import { createProgress } from "../inventory/progress.ts";
import { connectionOf, kinds, type Question, questionOf } from "../inventory/question.ts";
import { noCounts, type ReadCounts, readSources } from "../inventory/read-sources.ts";
import { Refusals } from "../inventory/refusals.ts";
import { plain, readOf, tellRead } from "../inventory/report.ts";
import { Tally } from "../inventory/tally.ts";
import { unusedText } from "../inventory/unused-text.ts";
import { countOf } from "../inventory/words.ts";
import { proposalYaml } from "../inventory/yaml.ts";
import { jsonText, say, tell, tellAsIs } from "../terminal.ts";

/**
 * `mayflyd inventory`: what was done at a target, as operations.
 * @returns the exit code: 3 where the configuration would refuse something, or grants what nobody used, and that was asked;
 * and where the sources hold nothing that counts, or something that cannot be read
 */
export async function inventory(paths: readonly string[], options: InventoryOptions): Promise<number> {
  checkOptions(options);
  const { config, connection } = options;
  const configured = config === undefined ? undefined : await connectionOf(config, connection);
  const told = toldKind(kinds, {
    ...options,
    ...(configured === undefined ? {} : { configured: configured.kind }),
  });
  const { sources, begun } = told === undefined ? await openUntilBegun(paths) : unopened(paths);
  try {
    const kind = told ?? begunKind(kinds, connection, begun);
    const question = await questionOf(options, kind, configured, sources);
    await kind.protocol.ready();
    const counts = noCounts();
    if (options.check) return await check(question, counts);
    if (options.unused) return await unused(question, counts);
    return await propose(question, counts);
  } finally {
    await closeAll(sources);
  }
}

/** The acts that count, one after another, with how far it is at a terminal. */
async function* actsOf(
  { inventory: made, sources, options, within }: Question,
  counts: ReadCounts,
): ReturnType<typeof readSources> {
  const progress = createProgress(process.stderr.isTTY ? tellAsIs : undefined, () => systemClock.monotonic());
  const ago = sinceOf(options);
  try {
    yield* readSources(
      sources,
      made,
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

async function propose(question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, configured, scopes, parts, options, within } = question;
  const judge = scopes.length === 0 ? undefined : made.judge(scopes, parts);
  const tally = new Tally((act) => made.likeness(act));
  let covered = 0;
  for await (const act of actsOf(question, counts)) {
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
        freely: made.freely,
        unread: counts.unread,
        ...(configured === undefined
          ? { target: made.targetDraft(options.connection, within ?? [...counts.within][0], parts.target) }
          : { covered }),
      }),
    );
  tellRead(counts, tally.leftOut, made);
  return isWhole(counts, tally.leftOut) ? 0 : 3;
}

/** Whether the answer rests on anything, and on all that the sources hold. */
const isWhole = ({ acts, unread }: ReadCounts, leftOut = 0): boolean => acts > 0 && unread + leftOut === 0;

async function check(question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, scopes, parts, options } = question;
  const judge = made.judge(scopes, parts);
  const refusals = new Refusals((act) => made.likeness(act));
  for await (const act of actsOf(question, counts)) {
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
  tellRead(counts, 0, made);
  if (refused > 0 && options.schema === undefined && made.checkHint !== undefined)
    tell(`hint: ${made.checkHint}`);
  return refused === 0 && isWhole(counts) ? 0 : 3;
}

/** What operations grant and no act needed. */
async function unused(question: Question, counts: ReadCounts): Promise<number> {
  const { inventory: made, scopes, parts, options } = question;
  const each = scopes.map((scope) => ({
    ...scope,
    judge: made.judge([scope], parts),
    tally: new Tally((act) => made.likeness(act)),
  }));
  const together = made.judge(scopes, parts);
  let refused = 0;
  for await (const act of actsOf(question, counts)) {
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
  tellRead(counts, leftOut, made);
  if (refused > 0)
    tell(
      `hint: ${countOf(refused, made.act)} would be refused, so that nothing counts as used by ${refused === 1 ? "it" : "them"}: --check says why`,
    );
  return findings.every(({ unused: parts }) => parts?.length === 0) && isWhole(counts, leftOut) ? 0 : 3;
}
