import { decodeQuery } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { denialResponse } from "../denials.ts";
import { Expected } from "../expected.ts";
import { beginEffects, namesTooMany, untold } from "./effects.ts";
import { changedBy, sendQuery } from "./sending.ts";
import { settleParse } from "./pending-parse.ts";
import { refuse, tooLong, tooManyStatements } from "./refusing.ts";
import { effectsKnown, boundsKnown } from "../texts.ts";
import type { FrontendState } from "./state.ts";

/** Query ('Q'): one text of any number of statements, which is one act. @returns false when it has to wait */
export function query(state: FrontendState, start: number, end: number): boolean {
  settleParse(state);
  if (end - start - 6 > state.options.statementBytes) {
    decodeQuery(state.chunk, start + 5, end, false);
    const error = tooLong(state, "query", start + 5, end - 1);
    refuse(state, new Expected(type.query), start, end, error);
    return true;
  }
  const text = state.textOf(decodeQuery(state.chunk, start + 5, end));
  if (!state.isJudged(text)) return false;
  const entry = new Expected(type.query);
  entry.statement = { text };
  if (namesTooMany(state, text)) {
    refuse(state, entry, start, end, tooManyStatements());
    return true;
  }
  const refused = untold(state, effectsKnown(text), boundsKnown(text));
  if (refused === "unsettled") return false;
  if (refused !== undefined) {
    refuse(state, entry, start, end, refused);
    return true;
  }
  const earlier = state.repeats.earlier(text);
  const detail = earlier === undefined ? `{"kind":"query",${state.seen.name(text)}}` : "{}";
  const decision = state.judge(text, detail, earlier);
  if (decision.kind !== "permit") {
    refuse(state, entry, start, end, denialResponse(decision.denial));
    return true;
  }
  if (earlier === undefined) {
    state.seen.told(text);
    state.repeats.recorded(text, decision.permit, detail);
  }
  entry.permit = decision.permit;
  entry.changed = changedBy(decision.permit);
  sendQuery(state, decision.permit, text, start, end);
  beginEffects(state, entry, decision.permit.cover.effects);
  state.shared.expected.add(entry);
  return true;
}
