import { rowsOf } from "../../wire/command-tag.ts";
import { type, WireError } from "../../wire/framing.ts";
import type { Expected } from "../expected.ts";
import type { Portal, Statement } from "../shared.ts";
import type { BackendState } from "./state.ts";

/** CommandComplete ('C'): one statement of a text is done. @throws WireError when its tag is malformed */
export function commandComplete(state: BackendState, chunk: Buffer, at: number, end: number): void {
  const entry = state.head(type.query, type.execute);
  if (!isTag(chunk, at + 5, end, state.lastTag)) {
    const nul = chunk.indexOf(0, at + 5);
    if (nul !== end - 1) throw new WireError("08P01", "the database sent a malformed command tag");
    const read = chunk.toString("latin1", at + 5, nul);
    state.lastTag = { text: read, rows: rowsOf(read) ?? 0 };
  }
  const { text, rows } = state.lastTag;
  state.rows += rows;
  state.tag = state.tag === undefined ? text : `${state.tag}; ${text}`.slice(0, 200);
  const effect = entry.effects?.[state.commands];
  if (effect !== undefined) applyEffect(state, entry, effect);
  state.commands += 1;
  state.masking?.completed();
  // Portals end with their transaction; where the text goes on with another, no ReadyForQuery tells.
  if (text === "COMMIT") state.shared.portals.clear();
  if (text === "ROLLBACK") state.options.limits.rolledBack();
  if (entry.kind === type.execute) state.finish(entry, true);
}

/** Whether a tag with its NUL is the one that came last: most are. */
function isTag(chunk: Buffer, at: number, end: number, { text }: BackendState["lastTag"]): boolean {
  if (end - at - 1 !== text.length || chunk[end - 1] !== 0) return false;
  for (let place = 0; place < text.length; place += 1)
    if (chunk[at + place] !== text.charCodeAt(place)) return false;
  return true;
}

/** A cursor of SQL's is a portal too: executed by the protocol, it is recorded as the text that declared it. */
function cursorOf({ statement, portal }: Expected, name: string): Portal | undefined {
  const text = (statement ?? portal?.statement)?.text;
  if (text === undefined) return undefined;
  // Under a name: it is another act than declaring it, and does not declare it again.
  const cursor = { text, prepared: true };
  return { statement: cursor, statementName: name, isCursor: true, parameters: portal?.parameters ?? "[]" };
}

/** A statement that PREPARE made. Its text may prepare several: what is passed to one is bounded as to any of them. */
function preparedBy({ text }: Statement, { permit }: Expected): Statement {
  const bounds = permit?.cover.bounds;
  return { text, prepared: true, ...(bounds === undefined ? {} : { bounds }) };
}

function applyEffect(
  { options, shared: { statements, portals } }: BackendState,
  entry: Expected,
  effect: NonNullable<Expected["effects"]>[number],
): void {
  const statement = entry.statement ?? entry.portal?.statement;
  if (effect.kind === "prepare")
    statements.settle(effect.name, statement && preparedBy(statement, entry), true);
  else if (effect.kind === "declare") portals.settle(effect.name, cursorOf(entry, effect.name), true);
  else if (effect.kind === "deallocate") statements.settle(effect.name, undefined, true);
  else if (effect.kind === "deallocate all" || effect.kind === "discard all") statements.clear();
  if (effect.kind === "set time-out") options.limits.changed(effect.name, effect.ms, effect.isLocal);
  else if (effect.kind === "reset all" || effect.kind === "discard all") options.limits.reset();
}
