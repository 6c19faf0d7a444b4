import type { Refusal } from "../../gate/gate.ts";
import type { Denial } from "../../gate/protocol.ts";
import { errorResponse } from "./messages.ts";

/** A denial of one statement, as PostgreSQL would say that a privilege is missing. The session goes on. */
export function denialResponse(denial: Denial): Buffer {
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
const refusalCodes: Readonly<Record<Refusal["code"], string>> = {
  unauthenticated: "28P01",
  no_grant: "28000",
  locked_down: "57P03",
  unavailable: "57P03",
  too_many: "53300",
};

/** A session that the gate did not open. */
export function refusalResponse(refusal: Refusal): Buffer {
  return errorResponse({
    severity: "FATAL",
    code: refusalCodes[refusal.code],
    message: refusal.refused.message,
    hint: refusal.refused.hint,
    remedy: refusal.refused.remedy,
  });
}

/** The last words of a session that was ended: deadline, release, revocation, lockdown, shutdown. */
export function endedResponse(reason: string): Buffer {
  return errorResponse({
    severity: "FATAL",
    code: "57P01",
    message: `terminating connection: ${reason}`,
    hint: "access through Mayfly ends with its grant; ask again with: mayfly request",
  });
}
