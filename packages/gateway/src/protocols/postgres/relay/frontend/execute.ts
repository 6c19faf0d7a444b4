import { hash } from "node:crypto";
import { Control } from "../../wire/control.ts";
import { decodeExecute } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { denialResponse } from "../denials.ts";
import { Expected } from "../expected.ts";
import { hasMasked, type Portal } from "../shared.ts";
import { beginEffects, namesTooMany, untold } from "./effects.ts";
import { settleParse } from "./pending-parse.ts";
import { changedBy, sendParse } from "./sending.ts";
import { errorOf, refuse, tooManyStatements, undescribed } from "./refusing.ts";
import type { FrontendState } from "./state.ts";

/** Values longer than this are recorded in full once a portal, and by their digest when it is executed again. */
const MAX_REPEATED_VALUES = 8192;

/** Execute ('E'): runs a portal. @returns false when it has to wait */
export function execute(state: FrontendState, start: number, end: number): boolean {
  const { portals, expected } = state.shared;
  const { portal: name, rows } = decodeExecute(state.chunk, start + 5, end);
  const portal = portals.lookup(name);
  if (portal === "unsettled") return false;
  if (portal === "unknown") {
    refuse(
      state,
      new Expected(type.execute),
      start,
      end,
      errorOf("34000", `portal "${name}" does not exist`),
    );
    return true;
  }
  const { statement } = portal;
  if (!state.isJudged(statement.text)) return false;
  const entry = new Expected(type.execute);
  entry.portal = portal;
  if (statement.prepared !== true && namesTooMany(state, statement.text)) {
    refuse(state, entry, start, end, tooManyStatements());
    return true;
  }
  const refused = statement.prepared === true ? undefined : untold(state, statement.effects ?? []);
  if (refused === "unsettled") return false;
  if (refused !== undefined) {
    refuse(state, entry, start, end, refused);
    return true;
  }
  if (hasMasked(statement) && statement.isDescribed !== true) {
    refuse(state, entry, start, end, undescribed());
    return true;
  }
  const together = state.pendingParse?.statement === statement ? state.pendingParse : undefined;
  if (together === undefined) settleParse(state);
  const same = rows > 0 ? undefined : repeatable(portal);
  const earlier = same === undefined ? undefined : state.repeats.earlier(same);
  const detail = earlier === undefined ? detailOf(state, portal, rows) : `{${valuesOf(state, portal)}}`;
  const decision = state.judge(statement.text, detail, earlier);
  if (decision.kind === "permit") {
    if (earlier === undefined) {
      state.seen.told(statement.text);
      if (hasLargeValues(portal)) state.toldValues.add(portal);
      if (same !== undefined) state.repeats.recorded(same, decision.permit, detail);
    }
    state.pendingParse = undefined;
    entry.permit = decision.permit;
    entry.changed = changedBy(decision.permit);
    if (together === undefined) state.outgoing.act(decision.permit, start, end);
    else {
      // With its Parse: they are one act, and what stands between them belongs to it.
      together.entry.changed = entry.changed;
      sendParse(state, decision.permit, statement.text, together.start, together.end, end);
    }
    if (statement.prepared !== true) beginEffects(state, entry, decision.permit.cover.effects);
    expected.add(entry);
  } else if (together !== undefined) {
    // The Parse fails in its own place; the server then discards what follows it, this Execute included.
    state.pendingParse = undefined;
    together.entry.refusal = denialResponse(decision.denial);
    state.outgoing.instead(together.start, together.end, Control.failingParse);
    state.outgoing.upTo(start);
    // It would be discarded as well, and without a permit it does not leave.
    state.outgoing.instead(start, end, Control.failingParse);
    expected.add(entry);
  } else {
    refuse(state, entry, start, end, denialResponse(decision.denial));
  }
  return true;
}

/** How an Execute is written down: canonical JSON. */
function detailOf(state: FrontendState, portal: Portal, rows: number): string {
  const { statement, statementName } = portal;
  const most = rows === 0 ? "" : `"most":${rows},`;
  const named =
    statementName === "" ? "" : (statement.member ??= `,"statement":${JSON.stringify(statementName)}`);
  return `{"kind":"execute",${most}${valuesOf(state, portal)},${state.seen.name(statement.text)}${named}}`;
}

/**
 * What executions of a portal have in common, where a record may refer to an earlier one. A prepared statement is named,
 * so that the act is the statement's; an unnamed one is made anew each time.
 */
function repeatable(portal: Portal): object | undefined {
  if (hasLargeValues(portal)) return undefined;
  return portal.statementName === "" ? portal.statement.text.unnamed : portal.statement;
}

function hasLargeValues(portal: Portal): boolean {
  return portal.parameters.length > MAX_REPEATED_VALUES;
}

/** Members of a record that tell a portal's values. */
function valuesOf({ toldValues }: FrontendState, portal: Portal): string {
  if (!hasLargeValues(portal) || !toldValues.has(portal)) return `"parameters":${portal.parameters}`;
  portal.digest ??= hash("sha256", portal.parameters, "hex");
  return `"parameters_sha256":"${portal.digest}"`;
}
