import { digestOf } from "../../kernel/canonical.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MAX_LEASE_MS, MIN_LEASE_MS } from "../../kernel/leases.ts";
import { hasInvisible, visibleLength } from "../../kernel/invisible-characters.ts";
import { MAX_COMMENT_CHARACTERS, MAX_OPERATIONS, MAX_REASON_CHARACTERS } from "../../kernel/text-limits.ts";
import { readTraceparent, writeTraceparent } from "../../kernel/traceparent.ts";
import { invalid } from "../errors.ts";
import type { Ask } from "../grants.ts";

/** A request whose form was checked. */
export interface ParsedAsk {
  readonly connection: string;
  readonly operations: readonly string[];
  readonly reason: string;
  readonly ttl?: number;
  readonly breakGlass: boolean;
  readonly lease?: number;
  readonly sandbox?: true;
  readonly traceparent?: string;
  readonly clientAddress: string;
  readonly key?: string;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}

const MAX_NAME_CHARACTERS = 200;
/** The least length of a reason for breaking glass: more than "urgent". Characters. */
const MIN_EMERGENCY_REASON_CHARACTERS = 15;
const MIN_TTL_MS = 1000;

function nameOf(text: unknown, what: string): string {
  if (typeof text !== "string" || text === "" || text.length > MAX_NAME_CHARACTERS || hasInvisible(text)) {
    throw invalid(
      `${what} is not a name`,
      `1 to ${MAX_NAME_CHARACTERS} characters, as the list of operations has it`,
    );
  }
  return text;
}

/**
 * Reads the reason of a request, a revocation or a lock-down: trimmed, 1 to 500 characters, none of them invisible.
 * @throws invalid_request
 */
export function readReason(text: unknown): string {
  const reason = typeof text === "string" ? text.trim() : "";
  if (reason.length > MAX_REASON_CHARACTERS || hasInvisible(reason) || visibleLength(reason) === 0) {
    throw invalid(
      `the reason is not on one line of 1–${MAX_REASON_CHARACTERS} visible characters`,
      `use 1–${MAX_REASON_CHARACTERS} visible characters that say for which task; some policies ask for a ticket's number`,
    );
  }
  return reason;
}

/** Reads a reviewer's comment: at most 1000 characters, lines allowed. @throws invalid_request */
export function readComment(text: unknown): string {
  const comment = typeof text === "string" ? text.trim() : "";
  if (comment.length > MAX_COMMENT_CHARACTERS || hasInvisible(comment, "lines")) {
    throw invalid(`a comment has at most ${MAX_COMMENT_CHARACTERS} printable characters`);
  }
  return comment;
}

/** Reads the note of a review: 1 to 1000 characters, lines allowed. @throws invalid_request */
export function readNote(text: unknown): string {
  const note = readComment(text);
  if (visibleLength(note) === 0) throw invalid("the note is empty", "say what you found");
  return note;
}

/**
 * Checks an ask's form; whether its names exist is the plan's to say.
 * @throws invalid_request
 */
export function readAsk(ask: Ask): ParsedAsk {
  const connection = nameOf(ask.connection, "the connection");
  if (
    !Array.isArray(ask.operations) ||
    ask.operations.length === 0 ||
    ask.operations.length > MAX_OPERATIONS
  ) {
    throw invalid(
      `a request names 1 to ${MAX_OPERATIONS} operations`,
      "ask for what this task needs, and no more",
    );
  }
  const operations = (ask.operations as unknown[]).map((name) => nameOf(name, "an operation"));
  if (new Set(operations).size !== operations.length) throw invalid("an operation is named twice");
  const reason = readReason(ask.reason);
  const { ttl, idempotencyKey, lease, breakGlass = false, sandbox } = ask;
  if (typeof (breakGlass as unknown) !== "boolean") throw invalid("break_glass is true or false");
  if (breakGlass && visibleLength(reason) < MIN_EMERGENCY_REASON_CHARACTERS) {
    throw invalid(
      `breaking glass takes a reason of at least ${MIN_EMERGENCY_REASON_CHARACTERS} characters`,
      "say what is broken and what you are going to do: everybody who is told of it reads this",
    );
  }
  if (ttl !== undefined && (!Number.isSafeInteger(ttl) || ttl < MIN_TTL_MS)) {
    throw invalid(`a time-to-live is at least ${formatDuration(MIN_TTL_MS)}, in whole milliseconds`);
  }
  if (lease !== undefined && (!Number.isSafeInteger(lease) || lease < MIN_LEASE_MS || lease > MAX_LEASE_MS)) {
    throw invalid(`a lease is of ${formatDuration(MIN_LEASE_MS)} to ${formatDuration(MAX_LEASE_MS)}`);
  }
  const asked = {
    connection,
    operations,
    reason,
    ...(ttl === undefined ? {} : { ttl }),
    ...(lease === undefined ? {} : { lease }),
    ...(sandbox === true ? { sandbox } : {}),
  };
  const parent = readTraceparent(ask.traceparent);
  return {
    ...asked,
    breakGlass,
    // Not a part of what is asked for: the same ask under another span is the same.
    ...(parent === undefined ? {} : { traceparent: writeTraceparent(parent) }),
    clientAddress: ask.clientAddress,
    ...(ask.key === undefined ? {} : { key: ask.key }),
    ...(idempotencyKey === undefined
      ? {}
      : {
          idempotency: {
            key: nameOf(idempotencyKey, "the idempotency key"),
            fingerprint: digestOf({
              ...asked,
              operations: operations.toSorted(),
              ...(breakGlass ? { break_glass: true } : {}),
            }),
          },
        }),
  };
}
