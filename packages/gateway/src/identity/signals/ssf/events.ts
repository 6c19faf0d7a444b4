import type { SignalEffect } from "../signal.ts";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";

/** What is read from an event besides its type. */
type EventBody = Readonly<Record<string, unknown>>;

/** The effect of an event, where its content decides. */
type EffectOf = SignalEffect | ((body: EventBody) => SignalEffect);

/** A deleted credential no longer proves anything; a new or changed one ends nothing. */
const ofCredential: EffectOf = ({ change_type: change }) =>
  change === "revoke" || change === "delete" ? "end" : "refresh";

/**
 * The effect of each event of CAEP 1.0, section 3, and RISC 1.0, section 2. Any other event has none.
 */
const effects: ReadonlyMap<string, EffectOf> = new Map<string, EffectOf>([
  [`${CAEP}session-revoked`, "end"],
  [`${CAEP}credential-change`, ofCredential],
  [`${CAEP}token-claims-change`, "judge_again"],
  [`${CAEP}assurance-level-change`, "judge_again"],
  [`${CAEP}risk-level-change`, "judge_again"],
  [`${CAEP}device-compliance-change`, "judge_again"],
  [`${RISC}account-disabled`, "end"],
  [`${RISC}account-purged`, "end"],
  [`${RISC}account-credential-change-required`, "end"],
  [`${RISC}credential-compromise`, "end"],
  // Deprecated in favour of CAEP's session-revoked, and still sent.
  [`${RISC}sessions-revoked`, "end"],
  // The identifier now belongs to somebody else.
  [`${RISC}identifier-recycled`, "end"],
  [`${RISC}identifier-changed`, "refresh"],
  [`${RISC}account-enabled`, "refresh"],
]);

/** Messages about the stream itself (SSF 1.0, sections 8.1.4 and 8.1.5): accepted, without effect. */
const streamEvents: ReadonlySet<string> = new Set([
  "https://schemas.openid.net/secevent/ssf/event-type/verification",
  "https://schemas.openid.net/secevent/ssf/event-type/stream-updated",
]);

/** The effect of an event; undefined where it has none here. */
export function effectOf(type: string, body: EventBody): SignalEffect | undefined {
  const effect = effects.get(type);
  return typeof effect === "function" ? effect(body) : effect;
}

/** Whether an event is about the stream; its subject is then the stream's id. */
export function isStreamEvent(type: string): boolean {
  return streamEvents.has(type);
}
