import { digestOf } from "../kernel/canonical.ts";
import { formatDuration } from "../kernel/durations.ts";
import { hidesSomething, seenLength } from "../kernel/unseen.ts";
import { invalid } from "./errors.ts";
import type { Ask } from "./grants.ts";

/** An ask whose form is right. */
export interface ReadAsk {
  readonly connection: string;
  readonly operations: readonly string[];
  readonly reason: string;
  readonly ttl?: number;
  readonly breakGlass: boolean;
  readonly clientAddress: string;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}

const mostOperations = 16;
const longestReason = 500;
const longestName = 200;
/** Whoever breaks glass says more than "urgent". */
const shortestEmergency = 15;
const longestComment = 1000;
const shortestTtl = 1000;

function nameOf(text: unknown, what: string): string {
  if (typeof text !== "string" || text === "" || text.length > longestName || hidesSomething(text)) {
    throw invalid(`${what} is not a name`, `1 to ${longestName} characters, as GET /v1/operations lists it`);
  }
  return text;
}

/**
 * Reads why something is asked, revoked or stopped: trimmed, 1 to 500 characters, none that only a machine sees.
 * @throws invalid_request
 */
export function readReason(text: unknown): string {
  const reason = typeof text === "string" ? text.trim() : "";
  if (reason.length > longestReason || hidesSomething(reason) || seenLength(reason) === 0) {
    throw invalid(
      `a reason has 1 to ${longestReason} characters on one line, all of them seen`,
      "say for which task, for people to read; some policies ask for a ticket's number",
    );
  }
  return reason;
}

/** Reads a reviewer's comment: at most 1000 characters, lines allowed. @throws invalid_request */
export function readComment(text: unknown): string {
  const comment = typeof text === "string" ? text.trim() : "";
  if (comment.length > longestComment || hidesSomething(comment, "lines")) {
    throw invalid(`a comment has at most ${longestComment} printable characters`);
  }
  return comment;
}

/**
 * Checks an ask's form; whether its names exist is the plan's to say.
 * @throws invalid_request
 */
export function readAsk(ask: Ask): ReadAsk {
  const connection = nameOf(ask.connection, "the connection");
  if (
    !Array.isArray(ask.operations) ||
    ask.operations.length === 0 ||
    ask.operations.length > mostOperations
  ) {
    throw invalid(
      `a request names 1 to ${mostOperations} operations`,
      "ask for what this task needs, and no more",
    );
  }
  const operations = (ask.operations as unknown[]).map((name) => nameOf(name, "an operation"));
  if (new Set(operations).size !== operations.length) throw invalid("an operation is named twice");
  const reason = readReason(ask.reason);
  const { ttl, idempotencyKey, breakGlass = false } = ask;
  if (typeof (breakGlass as unknown) !== "boolean") throw invalid("break_glass is true or false");
  if (breakGlass && seenLength(reason) < shortestEmergency) {
    throw invalid(
      `breaking glass takes a reason of at least ${shortestEmergency} characters`,
      "say what is broken and what you are going to do: everybody who is told of it reads this",
    );
  }
  if (ttl !== undefined && (!Number.isSafeInteger(ttl) || ttl < shortestTtl)) {
    throw invalid(`a time-to-live is at least ${formatDuration(shortestTtl)}, in whole milliseconds`);
  }
  const asked = { connection, operations, reason, ...(ttl === undefined ? {} : { ttl }) };
  return {
    ...asked,
    breakGlass,
    clientAddress: ask.clientAddress,
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
