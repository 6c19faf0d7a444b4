import type { SessionRefused } from "../../../gate/gate.ts";
import type { Denial } from "../../../gate/protocol.ts";
import { errorResponse } from "../wire/messages.ts";

/**
 * A denial of one statement, as PostgreSQL would say that a privilege is missing, or that the statement is wrong. The
 * session goes on.
 */
export function denialResponse(denial: Denial): Buffer {
  const { fault, remedy } = denial;
  if (fault !== undefined) return errorResponse({ severity: "ERROR", ...fault, remedy });
  return errorResponse({
    severity: "ERROR",
    code: "42501",
    message: denial.message,
    detail: `Refused by ${denial.rule}.`,
    hint: denial.hint,
    remedy: denial.remedy,
  });
}

/** Why a session was not opened: SQLSTATEs as PostgreSQL's manual lists them in appendix A. */
const refusalCodes: Readonly<Record<SessionRefused["code"], string>> = {
  unauthenticated: "28P01",
  no_grant: "28000",
  locked_down: "57P03",
  unavailable: "57P03",
  too_many: "53300",
};

/** A session that the gate did not open. */
export function refusalResponse(refusal: SessionRefused): Buffer {
  return errorResponse({
    severity: "FATAL",
    code: refusalCodes[refusal.code],
    message: refusal.denial.message,
    hint: refusal.denial.hint,
    remedy: refusal.denial.remedy,
  });
}

/** The last words of a session that was ended: deadline, release, revocation, lockdown, shutdown. */
export type LastWords = (why: string) => Buffer;

/** Makes them, and keeps the newest: a thousand sessions of one grant end with the same. */
export function createLastWords(): LastWords {
  let newest: { readonly why: string; readonly response: Buffer } | undefined;
  return (why) => {
    if (newest?.why !== why) newest = { why, response: wordsOf(why) };
    return newest.response;
  };
}

function wordsOf(reason: string): Buffer {
  return errorResponse({
    severity: "FATAL",
    code: "57P01",
    message: `terminating connection: ${reason}`,
    hint: "access through Mayfly ends with its grant; ask again with: mayfly request",
  });
}
