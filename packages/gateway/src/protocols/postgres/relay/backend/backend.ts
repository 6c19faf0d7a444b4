import type { Writers } from "../../masks/rows.ts";
import { type, u32, WireError } from "../../wire/framing.ts";
import { endProbe } from "./copy-probe.ts";
import { message } from "./message.ts";
import { BackendState, type BackendOptions } from "./state.ts";

/**
 * The server's half (the manual's backend): walks the answers' headers, hands the bytes on as they came, and says what
 * became of acts.
 */
export interface Backend {
  /**
   * Takes what the server sent. Slices of it go to `forward` in order.
   * @returns how many messages began in it
   * @throws WireError when the server breaks the protocol: the session must end
   */
  consume(chunk: Buffer): number;
  /** Drops the answers that the server, discarding until Sync, will never give. Tells whether there were any. */
  discard(): boolean;
  /** The session is over: gives every act that is still owed an answer its outcome, with what had come of it. */
  abandon(error: string): void;
  /** Bytes of a message that has been forwarded in part and whose rest has not arrived. */
  readonly openBytes: number;
  /** Whether the server has said why it ends the session. */
  readonly saidFatal: boolean;
}

/** Of a message that is not read whole, this much tells all that is read of it. */
const READ_BYTES = 1024;
/** Messages that are read whole are no longer than this, errors that must not quote excepted. */
const MAX_READ_BYTES = 65_536;
/** An error or a notice is read whole where it must not quote, and what rows hold where some of it is masked. */
const MAX_WITHHELD_BYTES = 1_048_576;
/** PostgreSQL makes no message larger than this (MaxAllocSize). */
const MAX_MESSAGE_BYTES = 0x3fffffff;

const empty: Buffer = Buffer.alloc(0);

/** Makes the server's half of one session. */
export function createBackend(options: BackendOptions): Backend {
  const state = new BackendState(options);
  return {
    consume: (chunk) => consume(state, chunk),
    discard: () => state.discard(),
    abandon(why) {
      const { expected } = options.shared;
      for (let entry = expected.head(); entry !== undefined; entry = expected.head()) {
        state.error = why;
        state.finish(entry, false);
      }
    },
    get saidFatal() {
      return state.saidFatal;
    },
    get openBytes() {
      return state.masking?.isLong === true ? 0 : state.open;
    },
  };
}

function consume(state: BackendState, chunk: Buffer): number {
  const { carry } = state;
  const all = carry.length === 0 ? chunk : carry.add(chunk);
  const { length } = all;
  let at = Math.min(state.open, length);
  state.open -= at;
  /** From here on nothing has been forwarded. */
  let run = 0;
  if (at > 0 && state.masking?.isLong === true) {
    state.bytes += state.masking.more(all, at, state.open === 0);
    run = at;
  }
  let messages = 0;
  while (length - at >= 5) {
    const kind = all[at] ?? 0;
    const size = u32(all, at + 1);
    if (size < 4 || size > MAX_MESSAGE_BYTES)
      throw new WireError("08P01", "the database sent an impossible length");
    const end = at + 1 + size;
    const here = Math.min(end, length);
    const writers = kind === type.dataRow && state.masking !== undefined ? writersFor(state) : undefined;
    if (writers !== undefined) {
      if (at > run) send(state, all.subarray(run, at));
      run = at;
      const written = state.masking?.row(all, at, here, end, writers);
      if (written === undefined) break;
      row(state, written);
      run = here;
    } else if (kind === type.dataRow || kind === type.copyData) row(state, size + 1);
    else {
      if (length < readUpTo(state, kind, at, end)) break;
      state.bytes += size + 1;
      const instead = answer(state, all, at, here);
      if (instead !== undefined) {
        if (end > length) throw tooLarge();
        if (at > run) send(state, all.subarray(run, at));
        if (instead.length > 0) send(state, instead);
        run = end;
      }
    }
    state.open = end - here;
    at = here;
    messages += 1;
  }
  if (at > run) send(state, run === 0 && at === length ? all : all.subarray(run, at));
  else flush(state);
  if (at > 0 || carry.length === 0) carry.keep(at === length ? empty : all.subarray(at));
  return messages;
}

/** Hands bytes on behind what has been masked. */
function send(state: BackendState, bytes: Buffer): void {
  flush(state);
  state.options.forward(bytes);
}

function flush({ masking, options }: BackendState): void {
  const masked = masking?.take();
  if (masked !== undefined) options.forward(masked);
}

/** How the row that comes is masked; undefined: not at all. */
function writersFor({ masking, shared, commands }: BackendState): Writers | undefined {
  const entry = masking === undefined ? undefined : shared.expected.head();
  return entry === undefined ? undefined : masking?.writers(entry, commands);
}

/** Rows of a reader's whole result come this way: nothing is made per row. @param bytes as the client reads it */
function row(state: BackendState, bytes: number): void {
  if (state.shared.expected.length === 0)
    throw new WireError("08P01", "the database sent rows that nothing asked for");
  state.bytes += bytes;
  state.dataRows += 1;
}

/** Up to where a message has to be here before it is looked at: its content may decide something. */
function readUpTo(state: BackendState, kind: number, at: number, end: number): number {
  const size = end - at - 1;
  const isSaid = kind === type.errorResponse || kind === type.noticeResponse;
  if (isSaid && state.options.hideQuotes) {
    if (size > MAX_WITHHELD_BYTES) throw tooLarge();
    return end;
  }
  if (isSaid) return size <= MAX_READ_BYTES ? end : at + READ_BYTES;
  const isRead =
    kind === type.commandComplete ||
    kind === type.readyForQuery ||
    kind === type.parameterStatus ||
    kind === type.notificationResponse;
  const isDescribed = kind === type.rowDescription && state.masking !== undefined;
  if (isDescribed && size <= MAX_WITHHELD_BYTES) return end;
  if (!isRead && !isDescribed) return at;
  if (size > MAX_READ_BYTES) throw tooLarge();
  return end;
}

function tooLarge(): WireError {
  return new WireError("08P01", "the database sent a message that is too large");
}

/** A message, of which an answer to the gateway's own goes no further. @returns what goes on in its place */
function answer(state: BackendState, all: Buffer, at: number, end: number): Buffer | undefined {
  const { expected } = state.shared;
  if (all[at] === type.closeComplete) endProbe(state);
  const first = expected.head();
  const isOwn = first?.isOwn === true;
  const instead = message(state, all, at, end);
  if (!isOwn || isUnasked(all[at])) return instead;
  if (all[at] !== type.errorResponse) return empty;
  if (expected.head() !== first)
    throw new WireError("08006", "the database did not take the session's limits");
  // A fatal error answers nothing: it is the session's end.
  return instead;
}

/** Messages that a server sends by itself, whatever it is answering. */
function isUnasked(kind: number | undefined): boolean {
  return kind === type.noticeResponse || kind === type.notificationResponse || kind === type.parameterStatus;
}
