import type { Bounds } from "../../act.ts";
import type { Effect } from "../../guard/effects.ts";
import type { Expected } from "../expected.ts";
import { hasMasked } from "../shared.ts";
import { effectsKnown, type Text } from "../texts.ts";
import { notExecuted, notFetched, notMasked, notMeasured } from "./refusing.ts";
import { type Passed, tooLong } from "./measure.ts";
import type { FrontendState } from "./state.ts";

/** What runs and changes no name by itself: FETCH, MOVE, EXECUTE, and all that has no effect. */
const namesNothing: ReadonlySet<Effect["kind"]> = new Set(["none", "fetch", "execute"]);

/** Until the server has answered, names that a text gives or drops are unsettled. */
export function beginEffects(state: FrontendState, entry: Expected, effects: readonly Effect[]): void {
  if (effects.length === 0) return;
  const { statements, portals } = state.shared;
  if (effects.every(({ kind }) => namesNothing.has(kind))) return;
  entry.effects = effects;
  for (const effect of effects) {
    if (effect.kind === "prepare" || effect.kind === "deallocate") statements.begin(effect.name, undefined);
    else if (effect.kind === "declare") portals.begin(effect.name, undefined);
    else if (effect.kind === "copy in") state.shared.copyAwaited = entry;
  }
  // Not part of a segment: SQL's effects are certain only once the server has said so.
  statements.endSegment();
  portals.endSegment();
}

/** Whether a text would prepare statements or declare cursors while the session may have no more. */
export function namesTooMany(state: FrontendState, text: Text): boolean {
  const effects = effectsKnown(text);
  if (effects.length === 0) return false;
  const { statements, portals } = state.shared;
  const kinds = effects.map(({ kind }) => kind);
  return (
    (kinds.includes("prepare") && state.isFull(statements)) ||
    (kinds.includes("declare") && state.isFull(portals))
  );
}

/**
 * Whether a text would run what its record does not tell. By FETCH or MOVE that is a portal that Bind made, which may be a
 * write: neither the statement nor its values would be told, and no operation's budget would count it. By EXECUTE it is a
 * statement that Parse made and that has effects, such as FETCH, PREPARE or DEALLOCATE: what is known of names would be wrong.
 * @returns the error that refuses it, undefined when there is none; "unsettled" when answers must come first
 */
export function untold(
  { shared }: FrontendState,
  effects: readonly Effect[],
  bounds: Bounds = [],
): Buffer | "unsettled" | undefined {
  if (effects.length === 0) return undefined;
  const prepared = new Set<string>();
  for (const effect of effects) {
    if (effect.kind === "prepare") prepared.add(effect.name);
    if (effect.kind === "fetch") {
      const portal = shared.portals.lookup(effect.name);
      if (portal === "unsettled") return portal;
      if (portal !== "unknown" && portal.isCursor !== true) return notFetched(effect.name);
    } else if (effect.kind === "execute") {
      // What the text itself prepares before, nobody knows yet.
      const statement = prepared.has(effect.name) ? { bounds } : shared.statements.lookup(effect.name);
      if (statement === "unsettled") return statement;
      if (statement === "unknown") continue;
      if ("effects" in statement && (statement.effects ?? []).length > 0) return notExecuted(effect.name);
      if ("masks" in statement && hasMasked(statement)) return notMasked(effect.name);
      const long = tooLong(statement.bounds ?? [], (number) => passed(effect.values, number));
      if (long !== undefined) return notMeasured(effect.name, long);
    }
  }
  return undefined;
}

/** A value that EXECUTE passes; null: none. */
function passed(values: readonly (string | undefined)[], number: number): Passed | null | undefined {
  if (number > values.length) return null;
  const value = values[number - 1];
  return value === undefined ? undefined : { bytes: Buffer.from(value), isBinary: false };
}
