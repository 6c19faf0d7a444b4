import type { Bound } from "../../act.ts";
import type { TooLong } from "./measure.ts";
import type { Denial } from "../../../../gate/protocol.ts";
import { Control } from "../../wire/control.ts";
import { type } from "../../wire/framing.ts";
import { errorResponse } from "../../wire/messages.ts";
import { denialResponse } from "../denials.ts";
import type { Expected } from "../expected.ts";
import { settleParse } from "./pending-parse.ts";
import type { FrontendState } from "./state.ts";

/**
 * Refuses one message in its place in the order: what surely fails goes upstream for it, and the client reads `error`
 * where the server answers that.
 */
export function refuse(
  state: FrontendState,
  entry: Expected,
  start: number,
  end: number,
  error: Buffer,
): void {
  settleParse(state);
  entry.refusal = error;
  state.shared.expected.add(entry);
  const { failingQuery, failingParse } = Control;
  state.outgoing.instead(start, end, entry.kind === type.query ? failingQuery : failingParse);
}

/** An error of the gateway's own that is no denial. */
export function errorOf(code: string, message: string, hint?: string): Buffer {
  return errorResponse({ severity: "ERROR", code, message, ...(hint === undefined ? {} : { hint }) });
}

/** SQL would run a portal of the protocol's. */
export function notFetched(name: string): Buffer {
  return errorOf(
    "0A000",
    `portal "${name}" was made by a Bind message, and FETCH and MOVE run cursors of DECLARE alone`,
    "send Execute for the portal, or declare a cursor",
  );
}

/** SQL would run a statement of the protocol's that is no query. */
export function notExecuted(name: string): Buffer {
  return errorOf(
    "0A000",
    `prepared statement "${name}" was made by a Parse message, and EXECUTE runs none of these that is no query`,
    "send Bind and Execute for the statement",
  );
}

/** SQL would run a statement whose rows the gateway masks by what the protocol's Describe was answered. */
export function notMasked(name: string): Buffer {
  return errorOf(
    "0A000",
    `prepared statement "${name}" gives masked columns, and EXECUTE runs none of these`,
    "send Bind and Execute for the statement",
  );
}

/** Where the masked values of a statement's rows are, the answer to Describe tells. */
export function undescribed(): Buffer {
  return errorOf(
    "0A000",
    "the statement gives masked columns, and has not been described",
    "send Describe for the statement or its portal before Execute, as drivers do",
  );
}

/** SQL would pass a value to a statement that takes shorter ones alone, or one that nobody knows. */
export function notMeasured(name: string, { number, bound }: TooLong): Buffer {
  return errorOf(
    "54000",
    `EXECUTE "${name}" may pass a value for $${number} with which nothing could end the statement: ${takes(bound)}`,
    "write a shorter value in EXECUTE, or bound what it is compared with in the statement: left(…, 1000)",
  );
}

/** With a value, what the statement does could not be ended. */
export function tooLongValue({ number, length, bound }: TooLong): Buffer {
  const has = Number.isFinite(length)
    ? `has ${length} ${bound.of === "members" ? "members" : "characters"}`
    : "compares two paths";
  return errorOf(
    "54000",
    `the value of $${number} ${has}, and nothing could end this statement: ${takes(bound)}`,
    "pass a shorter one, or bound what it is compared with: left(…, 1000)",
  );
}

function takes({ of, most }: Bound): string {
  return of === "path"
    ? `it takes a path of at most ${most} characters that compares with values alone`
    : `it takes ${most} ${of} at most`;
}

export function tooManyStatements(): Buffer {
  return errorOf("54000", "too many prepared statements or cursors in one session");
}

/** Records an act that no text stands for: the text given parses to nothing, so that the guard denies it. */
export function unreadable(
  state: FrontendState,
  sql: string,
  detail: string,
  denial: (denied: Denial | undefined) => Denial,
): Buffer {
  const decision = state.judge({ sql }, detail);
  return denialResponse(denial(decision.kind === "deny" ? decision.denial : undefined));
}

/** Records that a text is too long to be judged, by how it begins, and answers it. */
export function tooLong(state: FrontendState, kind: "query" | "parse", at: number, end: number): Buffer {
  const begins = state.chunk.toString("utf8", at, Math.min(end, at + 2000)).toWellFormed();
  const bytes = end - at;
  return unreadable(
    state,
    `a text of ${bytes} bytes is not SQL`,
    `{"bytes":${bytes},"kind":"${kind}","sql_begins":${JSON.stringify(begins)}}`,
    (denied) => ({
      rule: (denied?.rule ?? "protocol").replace(/: .*/, ": limits"),
      message: `a statement of ${bytes} bytes is refused: ${state.options.statementBytes} are the limit`,
      remedy: "correct",
      hint: "send many rows with COPY, as bind values or in several statements; the limit is limits.statement_bytes of the gateway's configuration",
    }),
  );
}
