import { Control } from "../../wire/control.ts";
import { denialResponse } from "../denials.ts";
import { changedBy, sendParse } from "./sending.ts";
import type { FrontendState } from "./state.ts";

/** Judges a Parse that no Execute followed as the act that it is, in its place. */
export function settleParse(state: FrontendState): void {
  const { pendingParse: pending, outgoing } = state;
  if (pending === undefined) return;
  state.pendingParse = undefined;
  const { start, end, entry, statement, name } = pending;
  const decision = state.judge(
    statement.text,
    `{"kind":"parse",${state.seen.name(statement.text)},"statement":${JSON.stringify(name)}}`,
  );
  if (decision.kind === "permit") {
    state.seen.told(statement.text);
    entry.permit = decision.permit;
    entry.changed = changedBy(decision.permit);
    sendParse(state, decision.permit, statement.text, start, end, end);
  } else {
    entry.refusal = denialResponse(decision.denial);
    outgoing.instead(start, end, Control.failingParse);
  }
}
