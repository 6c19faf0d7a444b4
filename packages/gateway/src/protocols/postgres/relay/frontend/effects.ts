import type { Effect } from "../../guard/effects.ts";
import type { Expected } from "../expected.ts";
import { effectsKnown, type Text } from "../texts.ts";
import type { FrontendState } from "./state.ts";

/** Until the server has answered, names that a text gives or drops are unsettled. */
export function beginEffects(state: FrontendState, entry: Expected, effects: readonly Effect[]): void {
  const { statements, portals } = state.shared;
  if (effects.every(({ kind }) => kind === "none" || kind === "fetch")) return;
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
  const { statements, portals } = state.shared;
  const kinds = effectsKnown(text).map(({ kind }) => kind);
  return (
    (kinds.includes("prepare") && state.isFull(statements)) ||
    (kinds.includes("declare") && state.isFull(portals))
  );
}

/**
 * The portal that a text would run by FETCH or MOVE though Bind made it, which may be a write: the text's record would tell
 * neither what runs nor its values, and no operation's budget would count it.
 * @returns undefined when there is none; "unsettled" when answers must come first
 */
export function portalFetched(
  state: FrontendState,
  text: Text,
): { readonly name: string } | "unsettled" | undefined {
  for (const effect of effectsKnown(text)) {
    if (effect.kind !== "fetch") continue;
    const portal = state.shared.portals.lookup(effect.name);
    if (portal === "unsettled") return portal;
    if (portal !== "unknown" && portal.isCursor !== true) return effect;
  }
  return undefined;
}
