import type { Permit } from "../../../../gate/permit.ts";
import type { PostgresCover } from "../../act.ts";
import { sentBytes } from "../../guard/structure/splices.ts";
import { decodeParse } from "../../wire/codec.ts";
import { cstring, message } from "../../wire/build.ts";
import { type } from "../../wire/framing.ts";
import type { Text } from "../texts.ts";
import { UNIT_BYTES } from "../turns.ts";
import type { FrontendState } from "./state.ts";

/** What covers an act whose text goes upstream changed; undefined: it goes as it came. */
export function changedBy({ cover }: Permit<PostgresCover>): PostgresCover | undefined {
  return cover.splices === undefined ? undefined : cover;
}

/** Sends a Query: as it came, or with what its judging put into its text. */
export function sendQuery(
  state: FrontendState,
  permit: Permit<PostgresCover>,
  text: Text,
  start: number,
  end: number,
): void {
  const { splices, operations } = permit.cover;
  if (splices === undefined) return state.outgoing.act(permit, start, end);
  const sent = message(type.query, sentBytes(Buffer.from(text.sql), splices, operations), NUL);
  return sendInstead(state, permit, start, end, sent);
}

const NUL = Buffer.from([0]);

/** A short text may leave as a long one: the turn's share is of what leaves. */
function sendInstead(
  state: FrontendState,
  permit: Permit<PostgresCover>,
  start: number,
  end: number,
  sent: Buffer,
): void {
  state.options.share.spend(sent.length / UNIT_BYTES);
  return state.outgoing.actInstead(permit, start, end, sent);
}

/**
 * Sends a Parse, and what of the same act stands behind it.
 * @param parseEnd where the Parse ends
 */
export function sendParse(
  state: FrontendState,
  permit: Permit<PostgresCover>,
  text: Text,
  start: number,
  parseEnd: number,
  end: number,
): void {
  const { splices, operations } = permit.cover;
  const { chunk } = state;
  if (splices === undefined) return state.outgoing.act(permit, start, end);
  const { name, sqlEnd } = decodeParse(chunk, start + 5, parseEnd, Number.POSITIVE_INFINITY);
  const types = chunk.subarray(sqlEnd + 1, parseEnd);
  const parse = message(
    type.parse,
    cstring(name),
    sentBytes(Buffer.from(text.sql), splices, operations),
    NUL,
    types,
  );
  return sendInstead(state, permit, start, end, Buffer.concat([parse, chunk.subarray(parseEnd, end)]));
}
