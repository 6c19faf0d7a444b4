import type { Outcome } from "../../gate/gate.ts";
import type { Permit } from "../../gate/permit.ts";
import { decodeFields, decodeParameterStatus } from "./codec.ts";
import type { Expected } from "./expected.ts";
import { rowsOf } from "./command-tag.ts";
import { type, u32, WireError } from "./framing.ts";
import type { Shared } from "./shared.ts";
import { withoutOwnVoice } from "./own-voice.ts";
import { withheldError, withheldNotice } from "./withheld.ts";

/** The server's half: walks the answers' headers, hands the bytes on as they came, and says what became of acts. */
export interface Responses {
  /**
   * Takes what the server sent. Slices of it go to `forward` in order.
   * @throws WireError when the server breaks the protocol: the session must end
   */
  take(chunk: Buffer): void;
  /** Drops the answers that the server, discarding until Sync, will never give. Tells whether there were any. */
  discard(): boolean;
  /** The session is over: gives every act that is still owed an answer its outcome, with what had come of it. */
  abandon(error: string): void;
  /** Bytes of a message that has been forwarded in part and whose rest has not arrived. */
  readonly openBytes: number;
}

export interface ResponsesOptions {
  readonly shared: Shared;
  readonly forward: (bytes: Buffer) => void;
  readonly complete: (permit: Permit, outcome: Outcome) => void;
  /** Parameters whose value upstream must stay as it was set. */
  readonly pinned: ReadonlyMap<string, string>;
  /** Whether errors and notices must not quote: something is hidden from the client. */
  readonly hideQuotes: boolean;
  /** Told how the server says that the session is called. */
  readonly called: (name: string) => void;
  /** Told of a ROLLBACK of any form. */
  readonly rolledBack: () => void;
  /** Whether a table, as `schema.name`, may be named in an error all the same. */
  readonly isGranted: (table: string) => boolean;
}

/** Of an error that has not arrived whole, this much tells its code; of other messages that are read, this is all. */
const enough = 1024;
const largestStatus = 65_536;
/** An error or a notice is read whole where it must not quote. */
const MAX_WITHHELD_BYTES = 1_048_576;
/** PostgreSQL makes no message larger than this (MaxAllocSize). */
const largestMessage = 0x3fffffff;

/** Makes the server's half of one session. */
export function createResponses(options: ResponsesOptions): Responses {
  const { shared, forward, complete, pinned, hideQuotes, isGranted } = options;
  const { expected, statements, portals } = shared;
  let carry: Buffer | undefined;
  let open = 0;
  /** After an error in the extended protocol the server discards until Sync. */
  let discarding = false;
  /** Of the act whose answer is under way. */
  let bytes = 0;
  let rows = 0;
  let dataRows = 0;
  let tag: string | undefined;
  let error: string | undefined;
  let commands = 0;

  /** What the client sent for a COPY, once. */
  const copied = (): Outcome["copied"] => {
    if (shared.copied === undefined) return undefined;
    const { digest, bytes: size } = shared.copied;
    shared.copied = undefined;
    return { bytes: size, sha256: digest.digest("hex") };
  };

  const settleNames = (entry: Expected, done: boolean): void => {
    if (entry.name !== undefined) {
      if (entry.kind === type.parse) statements.settle(entry.name, entry.statement, done);
      else if (entry.ofPortal === true) portals.settle(entry.name, entry.portal, done);
      else statements.settle(entry.name, undefined, done);
      // A Parse that fails has dropped the unnamed statement all the same.
      if (!done && entry.kind === type.parse && entry.name === "" && !discarding) statements.forget("");
    }
    if (entry.effects !== undefined) {
      for (const effect of entry.effects.slice(commands)) {
        if (effect.kind === "prepare" || effect.kind === "deallocate")
          statements.settle(effect.name, undefined, false);
        else if (effect.kind === "declare") portals.settle(effect.name, undefined, false);
      }
    }
  };

  /** The head's answer is over. */
  const finish = (entry: Expected, done: boolean): void => {
    expected.take();
    settleNames(entry, done);
    if (shared.copyAwaited === entry) {
      shared.copyAwaited = undefined;
      shared.syncOwed = !done && shared.syncLeftOut && entry.kind === type.execute;
      shared.syncLeftOut = false;
    }
    if (entry.permit !== undefined) {
      // No command tag counts the rows that came before an error.
      const count = error === undefined ? rows : Math.max(rows, dataRows);
      complete(entry.permit, { bytes, rows: count, tag, error, copied: copied() });
    }
    bytes = 0;
    rows = 0;
    dataRows = 0;
    tag = undefined;
    error = undefined;
    commands = 0;
  };

  const discard = (): boolean => {
    if (!discarding) return false;
    let dropped = false;
    for (
      let entry = expected.head();
      entry !== undefined && entry.kind !== type.sync;
      entry = expected.head()
    ) {
      // 25P02 would be a lie: the server never looked at it.
      error = "discarded";
      finish(entry, false);
      dropped = true;
    }
    return dropped;
  };

  const head = (kind: number, or?: number, orElse?: number): Expected => {
    const entry = expected.head();
    if (entry === undefined || (entry.kind !== kind && entry.kind !== or && entry.kind !== orElse)) {
      throw new WireError("08P01", "the database sent an answer that nothing asked for");
    }
    return entry;
  };

  const commandComplete = (entry: Expected, text: string): void => {
    const count = rowsOf(text);
    if (count !== undefined) rows += count;
    tag = tag === undefined ? text : `${tag}; ${text}`.slice(0, 200);
    const effect = entry.effects?.[commands];
    if (effect !== undefined) applyEffect(entry, effect);
    commands += 1;
    // Portals end with their transaction; where the text goes on with another, no ReadyForQuery tells.
    if (text === "COMMIT") portals.clear();
    if (text === "ROLLBACK") options.rolledBack();
    if (entry.kind === type.execute) finish(entry, true);
  };

  const applyEffect = (entry: Expected, effect: NonNullable<Expected["effects"]>[number]): void => {
    const statement = entry.statement ?? entry.portal?.statement;
    if (effect.kind === "prepare") {
      statements.settle(effect.name, statement && { text: statement.text, prepared: true }, true);
    } else if (effect.kind === "declare") portals.settle(effect.name, undefined, true);
    else if (effect.kind === "deallocate") statements.settle(effect.name, undefined, true);
    else if (effect.kind === "deallocate all") statements.clear();
  };

  const copyInStarts = (): void => {
    // What was sent behind the COPY the server reads as its data's end or as a mistake; only Sync it ignores.
    head(type.query, type.execute);
    const behind: Expected[] = [];
    for (let number = expected.next - expected.length + 1; number < expected.next; number += 1) {
      const entry = expected.at(number);
      if (entry !== undefined) behind.push(entry);
    }
    if (behind.some((entry) => entry.kind !== type.sync)) {
      throw new WireError("08P01", "messages were sent behind a COPY from stdin before it started");
    }
    expected.dropBehindHead();
    shared.copyIn = true;
  };

  const readyForQuery = (status: number | undefined): void => {
    discard();
    discarding = false;
    const entry = head(type.sync, type.query);
    shared.copyIn = false;
    if (status === idle) portals.clear();
    finish(entry, error === undefined);
    shared.readyStatus = status ?? 0;
    shared.readyNext = expected.next - expected.length;
  };

  /** What a client may read of an error of the database's, in the gateway's voice nothing. */
  const errorOf = (chunk: Buffer, at: number, end: number, isBind: boolean): Buffer | undefined => {
    if (!hideQuotes) return withoutOwnVoice(chunk, at, end);
    const quiet = withheldError(chunk, at, end, isBind, isGranted);
    return withoutOwnVoice(quiet, 0, quiet.length) ?? quiet;
  };

  /** An ErrorResponse. The bytes that go on in its place, or undefined for its own. */
  const errorResponse = (chunk: Buffer, at: number, end: number): Buffer | undefined => {
    const fields = decodeFields(chunk, at + 5, end);
    const entry = expected.head();
    const fatal = fields.severity === "FATAL" || fields.severity === "PANIC";
    shared.copyIn = false;
    if (entry === undefined || fatal) {
      if (!fatal) throw new WireError("08P01", "the database sent an error that nothing asked for");
      error = fields.code;
      return errorOf(chunk, at, end, false);
    }
    const refusal = entry.refusal;
    error = refusal === undefined ? fields.code : "42501";
    if (entry.kind !== type.query && entry.kind !== type.sync) {
      finish(entry, false);
      discarding = true;
      discard();
    }
    return refusal ?? errorOf(chunk, at, end, entry.kind === type.bind);
  };

  /** A whole message, or as much of it as `enough`. The bytes that go on in its place, or undefined for its own. */
  const message = (chunk: Buffer, at: number, end: number): Buffer | undefined => {
    switch (chunk[at]) {
      case type.commandComplete: {
        const nul = chunk.indexOf(0, at + 5);
        if (nul !== end - 1) throw new WireError("08P01", "the database sent a malformed command tag");
        commandComplete(head(type.query, type.execute), chunk.toString("latin1", at + 5, nul));
        return undefined;
      }
      case type.readyForQuery:
        if (end - at !== 6) throw new WireError("08P01", "the database sent a malformed ReadyForQuery");
        readyForQuery(chunk[at + 5]);
        return undefined;
      case type.parseComplete:
        finish(head(type.parse), true);
        return undefined;
      case type.bindComplete:
        finish(head(type.bind), true);
        return undefined;
      case type.closeComplete:
        finish(head(type.close), true);
        return undefined;
      case type.rowDescription: {
        const entry = head(type.describe, type.query, type.execute);
        if (entry.kind === type.describe) finish(entry, true);
        return undefined;
      }
      case type.noData:
        finish(head(type.describe), true);
        return undefined;
      case type.parameterDescription:
        head(type.describe);
        return undefined;
      case type.emptyQueryResponse: {
        const entry = head(type.query, type.execute);
        if (entry.kind === type.execute) finish(entry, true);
        return undefined;
      }
      case type.portalSuspended:
        tag = "suspended";
        rows = dataRows;
        finish(head(type.execute), true);
        return undefined;
      case type.errorResponse:
        return errorResponse(chunk, at, end);
      case type.parameterStatus: {
        const { name, value } = decodeParameterStatus(chunk, at + 5, end);
        const pin = pinned.get(name);
        if (pin !== undefined && pin !== value) {
          throw new WireError("08P01", `the database changed ${name}, which the gateway had fixed`);
        }
        if (name === "application_name") options.called(value);
        return undefined;
      }
      case type.copyInResponse:
        copyInStarts();
        return undefined;
      case type.copyOutResponse:
      case type.copyDone:
        head(type.query, type.execute);
        return undefined;
      case type.noticeResponse:
        return hideQuotes ? withheldNotice(chunk, at, end) : withoutOwnVoice(chunk, at, end);
      case type.notificationResponse:
        return undefined;
      default:
        throw new WireError("08P01", `the database sent a message of unknown type ${chunk[at]}`);
    }
  };

  const take = (chunk: Buffer): void => {
    const all = carry === undefined ? chunk : Buffer.concat([carry, chunk]);
    carry = undefined;
    let at = 0;
    let run = 0;
    if (open > 0) {
      at = Math.min(open, all.length);
      open -= at;
    }
    const { length } = all;
    while (length - at >= 5) {
      const kind = all[at];
      const size = u32(all, at + 1);
      const end = at + 1 + size;
      if (size < 4 || size > largestMessage)
        throw new WireError("08P01", "the database sent an impossible length");
      if (kind === type.dataRow || kind === type.copyData) {
        // Rows of a reader's whole result come this way: nothing is made per row.
        if (expected.length === 0)
          throw new WireError("08P01", "the database sent rows that nothing asked for");
        bytes += size + 1;
        dataRows += 1;
        if (end > length) {
          open = end - length;
          at = length;
        } else {
          at = end;
        }
        continue;
      }
      const isSaid = kind === type.errorResponse || kind === type.noticeResponse;
      const withheld = hideQuotes && isSaid;
      if (withheld && size > MAX_WITHHELD_BYTES)
        throw new WireError("08P01", "the database sent a message that is too large");
      const whole = withheld || kind === type.parameterStatus || (isSaid && size <= largestStatus);
      const stop = Math.min(end, whole ? end : at + enough);
      if (size > largestStatus && mustBeWhole.has(kind ?? 0)) {
        throw new WireError("08P01", "the database sent a message that is too large");
      }
      if (((withheld || mustBeWhole.has(kind ?? 0)) && end > length) || (isSaid && stop > length)) break;
      bytes += size + 1;
      const first = expected.head();
      let instead = message(all, at, Math.min(end, length));
      if (first?.own === true && !unasked.has(kind ?? 0)) {
        const isError = kind === type.errorResponse;
        if (isError && expected.head() !== first)
          throw new WireError("08006", "the database did not take the session's limits");
        // A fatal error answers nothing: it is the session's end.
        if (!isError) instead = empty;
      }
      if (instead !== undefined) {
        if (end > length) throw new WireError("08P01", "the database sent a message that is too large");
        if (at > run) forward(all.subarray(run, at));
        if (instead.length > 0) forward(instead);
        run = end;
      }
      if (end > length) open = end - length;
      at = Math.min(end, length);
    }
    if (at > run) forward(all.subarray(run, at));
    if (at < length) carry = Buffer.from(all.subarray(at));
  };

  return {
    take,
    discard,
    abandon(why) {
      for (let entry = expected.head(); entry !== undefined; entry = expected.head()) {
        error = why;
        finish(entry, false);
      }
    },
    get openBytes() {
      return open;
    },
  };
}

const idle = 0x49;
const empty: Buffer = Buffer.alloc(0);
/** Messages that a server sends by itself, whatever it is answering. */
const unasked: ReadonlySet<number> = new Set([
  type.noticeResponse,
  type.notificationResponse,
  type.parameterStatus,
]);
/** Messages that decide something by their content. */
const mustBeWhole: ReadonlySet<number> = new Set([
  type.commandComplete,
  type.readyForQuery,
  type.parameterStatus,
]);
