import { decodeFields } from "../../wire/codec.ts";
import { type, WireError } from "../../wire/framing.ts";
import { withoutOwnVoice } from "../errors/own-voice.ts";
import { withheldError, withheldNotice } from "../errors/withheld.ts";
import { expectProbe } from "./copy-probe.ts";
import { clientPlace } from "../../guard/structure/places.ts";
import { isSchemaOfName, withoutSchema } from "../../guard/temporary/places.ts";
import type { Expected } from "../expected.ts";
import { withPlace } from "../errors/place.ts";
import type { BackendState } from "./state.ts";

/**
 * ErrorResponse ('E').
 * @returns the bytes that go on in its place, or undefined for its own
 * @throws WireError when nothing asked for it
 */
export function errorResponse(
  state: BackendState,
  chunk: Buffer,
  at: number,
  end: number,
): Buffer | undefined {
  const { shared } = state;
  const fields = decodeFields(chunk, at + 5, end);
  const entry = shared.expected.head();
  const isFatal = fields.severity === "FATAL" || fields.severity === "PANIC";
  shared.copyIn = false;
  if (entry === undefined || isFatal) {
    if (!isFatal) throw new WireError("08P01", "the database sent an error that nothing asked for");
    state.error = fields.code;
    state.saidFatal = true;
    return readable(state, chunk, at, end, false);
  }
  const { refusal } = entry;
  const isUncertain = shared.copyAwaited === entry && shared.syncInCopy;
  state.options.limits.rolledBack();
  state.error = refusal === undefined ? fields.code : "42501";
  if (entry.kind !== type.query && entry.kind !== type.sync) {
    state.finish(entry, false);
    state.isDiscarding = true;
    state.discard();
  }
  if (isUncertain) expectProbe(shared);
  if (refusal !== undefined) return refusal;
  const own = readable(state, chunk, at, end, entry.kind === type.bind);
  return entry.changed === undefined ? own : (inClientsText(entry, own ?? chunk.subarray(at, end)) ?? own);
}

/** The place that an error names, in the client's own text. @returns undefined where it names none */
function inClientsText({ changed, statement, portal }: Expected, error: Buffer): Buffer | undefined {
  const text = statement?.text ?? portal?.statement.text;
  const structure = changed?.operations.find((each) => each.common)?.common;
  if (text === undefined || changed?.splices === undefined || structure === undefined) return undefined;
  const { splices } = changed;
  const place = (at: number): number | undefined => clientPlace(at, text.sql, splices, structure);
  return splices.some(isSchemaOfName) ? withPlace(error, place, withoutSchema) : withPlace(error, place);
}

/** NoticeResponse ('N'). @returns the bytes that go on in its place, or undefined for its own */
export function noticeResponse(
  state: BackendState,
  chunk: Buffer,
  at: number,
  end: number,
): Buffer | undefined {
  return state.options.hideQuotes ? withheldNotice(chunk, at, end) : withoutOwnVoice(chunk, at, end);
}

/** What a client may read of an error of the database's, in the gateway's voice nothing. */
function readable(
  { options }: BackendState,
  chunk: Buffer,
  at: number,
  end: number,
  isBind: boolean,
): Buffer | undefined {
  if (!options.hideQuotes) return withoutOwnVoice(chunk, at, end);
  const quiet = withheldError(chunk, at, end, isBind, options.isGranted);
  return withoutOwnVoice(quiet, 0, quiet.length) ?? quiet;
}
