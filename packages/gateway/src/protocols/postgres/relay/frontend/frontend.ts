import type { Denial } from "../../../../gate/protocol.ts";
import { decodeEmpty } from "../../wire/codec.ts";
import { Control } from "../../wire/control.ts";
import { restOf, type, u32, WireError } from "../../wire/framing.ts";
import { denialResponse } from "../denials.ts";
import { MAX_SMALL_MESSAGE } from "../memory.ts";
import { MESSAGE_UNITS, UNIT_BYTES } from "../turns.ts";
import { bind } from "./bind.ts";
import { close } from "./close.ts";
import { copy, leaveOut } from "./copy.ts";
import { describe } from "./describe.ts";
import { execute } from "./execute.ts";
import { functionCall } from "./function-call.ts";
import { parse } from "./parse.ts";
import { settleParse } from "./pending-parse.ts";
import { query } from "./query.ts";
import { refuseActs } from "./refuse-acts.ts";
import { FrontendState, type FrontendOptions } from "./state.ts";
import { flush, sync } from "./sync.ts";

export type Stopped = "no" | "waiting" | "judging" | "yielding" | "throttled" | "terminated";

/** The client's half (the manual's frontend): turns messages into acts, has them judged, and lists what may go upstream. */
export interface Frontend {
  /**
   * Takes whole messages off the front of `bytes` and judges them; they stay referenced until they have left.
   * @returns how many bytes were taken, and what stopped it: nothing, a message that must wait for answers, one whose
   * text is being judged, the turn's share being used up, the principal's pace or its share for large messages, or Terminate
   * @throws WireError when the client breaks the protocol: the session must end
   */
  consume(bytes: Buffer): { taken: number; stopped: Stopped };
  /** Turns every act that is held into a refused one: the log could not take the turn's records. */
  refuseHeld(denial: Denial): void;
}

const MAX_EXPECTED = 1024;
/** Of texts and values, in characters, that the answers owed may hold; one message may go above it. */
const MAX_OWED = 4_194_304;

/** Makes the client's half of one session. */
export function createFrontend(options: FrontendOptions): Frontend {
  const state = new FrontendState(options);
  const { shared, outgoing } = state;
  return {
    consume(bytes) {
      state.begin(bytes);
      let at = 0;
      let stopped: Stopped = "no";
      while (bytes.length - at >= 5) {
        const end = at + 1 + lengthAt(bytes, at, options.messageBytes);
        if (end > bytes.length) break;
        stopped = step(state, at, end);
        if (stopped !== "no" && stopped !== "terminated") break;
        if (stopped === "terminated") {
          settleParse(state);
          outgoing.instead(at, end, Control.terminate);
          at = end;
          break;
        }
        at = end;
      }
      settleParse(state);
      // The server may keep its answers back until the next Sync, which stands behind what waits.
      outgoing.finish(at, stopped === "waiting" ? Control.flush : undefined);
      state.chunk = empty;
      return { taken: at, stopped };
    },
    refuseHeld(denial) {
      state.forgetTold();
      outgoing.replace(refuseActs(outgoing.list, outgoing.from, shared.expected, denialResponse(denial)));
    },
  };
}

const empty: Buffer = Buffer.alloc(0);
const tableOf = (...kinds: readonly number[]): readonly boolean[] =>
  Array.from({ length: 256 }, (_, kind) => kinds.includes(kind));
/** By its type, whether a message brings an act. */
const acts = tableOf(type.query, type.parse, type.execute);
/** By its type, whether a cursor or a statement may be gone behind a message. */
const runs = tableOf(type.query, type.execute, type.close, type.sync);

/** A message's length. @throws WireError when there is none of that length */
function lengthAt(bytes: Buffer, at: number, limit: number): number {
  const length = u32(bytes, at + 1);
  if (length < 4) throw new WireError("08P01", "invalid message length");
  if (length > limit)
    throw new WireError(
      "54000",
      `a message of ${length} bytes is above the limit of ${limit}`,
      restOf(bytes.subarray(at)),
    );
  return length;
}

/** One whole message, in whatever state the session is. */
function step(state: FrontendState, start: number, end: number): Stopped {
  const { shared } = state;
  const kind = state.chunk[start] ?? 0;
  if (shared.expected.length >= MAX_EXPECTED || shared.expected.weight > MAX_OWED) return "waiting";
  const { share } = state.options;
  if (share.isUsedUp()) return "yielding";
  share.spend(MESSAGE_UNITS + (end - start) / UNIT_BYTES);
  if (kind === type.terminate) {
    decodeEmpty(start + 5, end);
    return "terminated";
  }
  if (shared.copyIn) {
    copy(state, kind, start, end);
    return "no";
  }
  // Data for the COPY, or a message that the COPY's failure would let through: the answer tells.
  if (shared.copyAwaited !== undefined) return "waiting";
  if (kind === type.copyData || kind === type.copyDone || kind === type.copyFail) {
    // PostgreSQL ignores them outside of a COPY; they never go on.
    leaveOut(state, start, end);
    return "no";
  }
  if (acts[kind] === true && state.options.pause() > 0) return "throttled";
  if (end - start > MAX_SMALL_MESSAGE && state.options.largeWait() > 0) return "throttled";
  if (timed(state, kind, start, end)) return "no";
  return state.awaited === undefined ? "waiting" : "judging";
}

/** `message`, whose time counts when it is a large one. Twice, since it is recorded as well. */
function timed(state: FrontendState, kind: number, start: number, end: number): boolean {
  if (end - start <= MAX_SMALL_MESSAGE) return message(state, kind, start, end);
  const began = performance.now();
  const isTaken = message(state, kind, start, end);
  state.options.largeTook(2 * (performance.now() - began));
  return isTaken;
}

/** One whole message by its kind. False when it has to wait, for answers or a verdict. */
function message(state: FrontendState, kind: number, start: number, end: number): boolean {
  if (runs[kind] === true) state.ran += 1;
  switch (kind) {
    case type.query:
      return query(state, start, end);
    case type.parse:
      return parse(state, start, end);
    case type.bind:
      return bind(state, start, end);
    case type.execute:
      return execute(state, start, end);
    case type.describe:
      return describe(state, start, end);
    case type.close:
      close(state, start, end);
      return true;
    case type.sync:
      sync(state, start, end);
      return true;
    case type.flush:
      flush(start, end);
      return true;
    case type.functionCall:
      functionCall(state, start, end);
      return true;
    default:
      throw new WireError("08P01", `invalid frontend message type ${kind}`);
  }
}
