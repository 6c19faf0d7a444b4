import { type Changes, placeOf, relationName, type ValueChange } from "./changes.ts";
import { inTemporarySchema, schemaBefore, temporaryPlaces } from "../temporary/places.ts";
import { TEMPORARY_SCHEMA } from "../search-path.ts";
import { checkOf } from "./checks.ts";
import { identifier } from "./sql.ts";
import type { Structure } from "./structure.ts";
import { applied, markOf, type Splice } from "./splices.ts";
import { Tokens } from "./tokens.ts";
import { changedReference, columnNamed } from "./references.ts";
import { otherPlace, placeOfValue } from "./value-places.ts";
import { areSame, replaced } from "./trees.ts";
import { heldTo, type HeldTo, unchangeable } from "./unchangeable.ts";
import { GuardDenied } from "../denied.ts";
import type { Work } from "../work.ts";
import { type Grammar, treeOf } from "./own-trees.ts";

/** What a character that is parsed once more costs, in units of Work. */
const WORK_PER_CHARACTER = 20;
/** What finding the place of a change costs for each character of the text: a look at its tokens, and at other changes. */
const WORK_PER_CHANGED_CHARACTER = 1;
/** What a change adds to the text that is parsed again: a mark, and what stands around a value. Characters. */
const MAX_MARK_CHARACTERS = 150;
/** What is changed in one text: each costs a look at the others. */
const MAX_CHANGES = 200;
/** The longest text that goes upstream, characters. */
const MAX_SENT_CHARACTERS = 1_048_576;

/**
 * Puts what a statement's judging asked for into its text. What is sent is judged: with a mark for each of the gateway's
 * own sub-selects, it must parse to exactly the tree that was judged with those marks at the places that the judging
 * named, and nothing else changed. A mark is a sub-select in parentheses as what it stands for is, `(SELECT 'key')`: the
 * grammar reads both as one `select_with_parens`, whatever is inside, and goes on in the same state behind it.
 * @param statements the text's parse trees
 * @param changes what is to be changed, one entry a statement
 * @returns in the order of their places; none overlaps another
 * @throws GuardDenied when a change is not possible where it is needed
 */
export function rewrite(
  sql: string,
  statements: readonly unknown[],
  changes: readonly Changes[],
  structure: Structure | undefined,
  grammar: Grammar,
  work: Work,
): readonly Splice[] {
  const count = changes.reduce((sum, { items, values }) => sum + items.size + values.size, 0);
  const positions = changes.reduce((sum, each) => sum + each.positions.size, 0);
  if (count + positions > MAX_CHANGES)
    throw new GuardDenied(
      "limits",
      count === 0
        ? "too many names in GROUP BY could mean columns that are not granted"
        : "the statement asks the catalogue too much at once",
      count === 0 ? "group by position: GROUP BY 1" : "split it",
      "correct",
    );
  // All of it before any of it is done: a text that costs too much here goes to a worker, which may be stopped.
  const temporaries = changes.reduce((sum, { temporary }) => sum + temporary.size, 0);
  const marks = count * MAX_MARK_CHARACTERS + temporaries * `${TEMPORARY_SCHEMA}.`.length;
  work.spend(
    (3 * sql.length + 2 * marks) * WORK_PER_CHARACTER + count * sql.length * WORK_PER_CHANGED_CHARACTER,
  );
  // A sample differs each time, and the planner does not know that: it may look at one and use another.
  if (statements.some((statement, at) => changes[at]?.asksCatalogue === true && holdsSample(statement)))
    throw new GuardDenied(
      "catalog",
      "TABLESAMPLE in a statement that asks the catalogue is denied",
      undefined,
      "correct",
    );
  const scanned = grammar.scan(sql);
  const tokens = new Tokens(scanned);
  const named = temporaryPlaces(statements, changes, scanned);
  const bytes = Buffer.from(sql);
  const splices = changes
    .flatMap((each) => splicesOf(each, structure, tokens, bytes))
    .concat(named.map((start) => ({ ...schemaBefore(start), rank: 0 })))
    .toSorted(inOrder)
    .map(({ start, end, parts }) => ({ start, end, parts }));
  const marked = applied(bytes, splices, markOf).toString("utf8");
  const expected = statements.map((statement, index) => {
    const of = changes[index];
    return of === undefined || of.isEmpty ? statement : changed(statement, of, structure, grammar);
  });
  const held = heldTo(changes);
  if (!areSame(expected, parsed(marked, held, grammar))) throw unchangeable(held);
  let length = sql.length;
  for (const { parts } of splices)
    for (const part of parts)
      length += typeof part === "string" ? part.length : (structure?.fragment(part.fragment).length ?? 0);
  // Without a part of the catalogue it has grown by a schema's name here and there.
  if (count > 0 && length > MAX_SENT_CHARACTERS)
    throw new GuardDenied("limits", "the statement names the catalogue too often", "split it");
  return splices;
}

const holdsSample = (statement: unknown): boolean => JSON.stringify(statement).includes('"RangeTableSample"');

/** @throws GuardDenied when a fragment does not fit where it stands (`TABLE`, `ONLY`), or the text has become too long */
function parsed(marked: string, held: HeldTo, grammar: Grammar): readonly unknown[] {
  try {
    return grammar.parse(marked);
  } catch (error) {
    throw error instanceof GuardDenied && error.rule === "limits" ? error : unchangeable(held);
  }
}

/** Of two splices at one place, what ends there stands before what begins there, and what is inside within what is around. */
interface Placed extends Splice {
  readonly rank: number;
}

function inOrder(one: Placed, other: Placed): number {
  return one.start - other.start || one.rank - other.rank;
}

function splicesOf(
  changes: Changes,
  structure: Structure | undefined,
  tokens: Tokens,
  bytes: Buffer,
): readonly Placed[] {
  const found: Placed[] = [];
  const held = heldTo([changes]);
  // First of all: the text of a value may stand in another's check too.
  for (const reference of changes.unqualified) {
    const start = placeOf(reference);
    const end = tokens.secondName(start);
    if (end === undefined) throw unchangeable(held);
    found.push({ start, end, parts: [], rank: 2 });
  }
  for (const [reference, position] of changes.positions) {
    const start = placeOf(reference);
    const end = tokens.nameEnd(start);
    if (end === undefined) throw unchangeable(held);
    found.push({ start, end, parts: [String(position)], rank: 0 });
  }
  for (const [relation, full] of changes.items) {
    const start = placeOf(relation);
    const end = tokens.nameEnd(start);
    if (end === undefined || structure === undefined) throw unchangeable(held);
    const alias = "alias" in relation ? [] : [` AS ${identifier(relationName(relation))}`];
    const fragment = structure.key(full, changes.withTableoid);
    found.push({ start, end, parts: [{ fragment }, ...alias], rank: 0 });
  }
  for (const change of changes.values.values()) {
    const place = placeOfValue(change, tokens);
    if (place === undefined) throw unchangeable(held);
    const other = change.other === undefined ? undefined : otherPlace(change, change.other.index, tokens);
    const { before, after } = checkOf(
      change.check,
      change.label,
      other === undefined ? "NULL" : textOf(other, found, bytes),
    );
    const size = place.end - place.start;
    found.push(
      { start: place.start, end: place.start, parts: before, rank: 1 / (size + 2) },
      { start: place.end, end: place.end, parts: after, rank: -1 / (size + 2) },
    );
  }
  return found;
}

/** The text of an argument, without the schemas that are left out in it. */
function textOf(
  { start, end }: { readonly start: number; readonly end: number },
  found: readonly Placed[],
  bytes: Buffer,
): string {
  const within = found
    .filter((splice) => splice.parts.length === 0 && splice.start >= start && splice.end <= end)
    .toSorted(inOrder)
    .map((splice) => ({ start: splice.start - start, end: splice.end - start, parts: [] }));
  return applied(bytes.subarray(start, end), within, markOf).toString("utf8");
}

/** Stands for the client's own expressions while the gateway's fragments are parsed. */
const VALUE_MARK = "mayfly value";
const OTHER_MARK = "mayfly other";

/** The tree of a statement as its judging wants it to be. */
function changed(
  statement: unknown,
  changes: Changes,
  structure: Structure | undefined,
  grammar: Grammar,
): unknown {
  const instead = (node: object): unknown => {
    if (changes.temporary.has(node)) return inTemporarySchema(node);
    const value = changes.values.get(node);
    if (value !== undefined) return checked(node, value);
    if ("ColumnRef" in node) return changedReference(node.ColumnRef, changes);
    if (!("RangeVar" in node)) return undefined;
    const { RangeVar: relation } = node as { readonly RangeVar: object };
    const full = changes.items.get(relation);
    if (full === undefined || structure === undefined) return undefined;
    const subquery = selectOf(structure.key(full, changes.withTableoid), grammar);
    const alias = "alias" in relation ? relation.alias : { aliasname: relationName(relation) };
    return { RangeSubselect: { subquery, alias } };
  };
  const within = (node: object): unknown => {
    // The value itself is not looked up again: what stands in it is.
    if ("ColumnRef" in node) return changedReference(node.ColumnRef, changes) ?? node;
    const copy: Record<string, unknown> = {};
    for (const [name, each] of Object.entries(node)) copy[name] = replaced(each, instead);
    return copy;
  };
  const checked = (node: object, change: ValueChange): unknown => {
    const tree = checkTree(change, grammar);
    const marks: ReadonlyMap<string, unknown> = new Map([
      [VALUE_MARK, within(node)],
      [OTHER_MARK, replaced(change.other?.node, instead)],
    ]);
    return replaced(targetOf(tree), (each) => marks.get(columnNamed(each) ?? ""));
  };
  return replaced(statement, instead);
}

function checkTree({ check, label }: ValueChange, grammar: Grammar): unknown {
  const { before, after } = checkOf(check, label, identifier(OTHER_MARK));
  const marked = [...before, identifier(VALUE_MARK), ...after].map((part) =>
    typeof part === "string" ? part : markOf(part.fragment),
  );
  return treeOf(`SELECT ${marked.join("")}`, grammar);
}

/** The query of a mark. */
function selectOf(key: string, grammar: Grammar): unknown {
  return treeOf(markOf(key).slice(1, -1), grammar);
}

/** The one expression that a SELECT gives. */
function targetOf(tree: unknown): unknown {
  const select = (tree as { SelectStmt?: { targetList?: readonly { ResTarget?: { val?: unknown } }[] } })
    .SelectStmt;
  return select?.targetList?.[0]?.ResTarget?.val;
}
