import type { AuditLog } from "../audit/log.ts";
import type { Grants } from "../grants/grants.ts";
import { DpopError } from "../identity/dpop/error.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import type { SessionEnd, SessionRefused } from "./gate.ts";
import type { TooManyGuesses } from "./limits/guesses.ts";
import type { Reach } from "./limits/quota.ts";
import type { Denial } from "./protocol.ts";

const refusal = (code: SessionRefused["code"], denial: Denial): SessionRefused => ({
  kind: "refused",
  code,
  denial,
});

/** Every refusal before a session says the same of a grant that is unknown, over, or somebody else's. */
export const noGrant: SessionRefused = refusal("no_grant", {
  rule: "grant",
  message: "there is no active grant of that id for you on this connection",
  remedy: "ask",
  hint: "ask for access: mayfly operations lists what you may request, mayfly request asks for it",
});

/** How a grant ended, for whoever proved its secret. */
export function grantClosed(reason: string): SessionRefused {
  return refusal("no_grant", {
    rule: "grant",
    message: reason,
    remedy: "ask",
    hint: "access ends with its grant; ask again: mayfly request",
  });
}

/** The refusal of a grant that is for one host, whose direct paths were probed closed, at another. */
export function otherHost(address: string, from: string): SessionRefused {
  return refusal("no_grant", {
    rule: "grant",
    message: `this grant is for the host at ${address}, which asked for it, and this connection comes from ${from}`,
    remedy: "ask",
    hint: "ask again from here: mayfly request says what this host lacks",
  });
}

/** The refusal of an access token for a grant that is for a command in a sandbox. */
export const sandboxOnly: SessionRefused = refusal("no_grant", {
  rule: "grant",
  message:
    "this grant is for a command in a sandbox, which has its secret: an access token does not stand for it",
  remedy: "ask",
  hint: "run the command with mayfly run --sandbox; or ask without a sandbox: mayfly request",
});

/** The refusal of a session over HTTP where a grant or a principal has as many as it may. */
export function tooManyWebSessions(full: Reach): SessionRefused {
  return refusal("too_many", {
    rule: "limits",
    message: `this ${full} has as many sessions as it may`,
    remedy: "retry",
    hint: "close connections that are not used, or send many requests on one",
  });
}

/** How many sessions the other gateways have cannot be said now. */
export function placesUncounted(error: unknown): SessionRefused {
  return refusal("unavailable", {
    rule: "limits",
    message: `the gateway's store cannot say how many sessions there are: ${messageOf(error)}`,
    remedy: "retry",
    hint: "connect again once the store answers",
  });
}

/** The gateway has as many sessions as it may. */
export const tooManySessions: SessionRefused = refusal("too_many", {
  rule: "limits",
  message: "the gateway serves as many sessions as it may",
  remedy: "retry",
  hint: "try again in a moment",
});

/** The refusal of a secret that is not looked at. */
export function tooManyGuesses({ message }: TooManyGuesses): SessionRefused {
  return refusal("too_many", {
    rule: "limits",
    message,
    remedy: "retry",
    hint: "wait a minute, then show the grant's secret as Mayfly gave it, or get a new one",
  });
}

/** The refusal of a holder whose identity nobody vouches for now. */
export function identityUnknown(why: string): SessionRefused {
  return refusal("unauthenticated", {
    rule: "identity",
    message: `your identity cannot be verified now: ${why}`,
    remedy: "correct",
    hint: "show a fresh access token: call the API with one, as mayfly grants does, and connect again",
  });
}

/** The refusal of a session whose opening could not be recorded. */
export function openingUnrecorded(error: unknown): SessionRefused {
  return refusal("unavailable", {
    rule: "audit log",
    message: messageOf(error),
    remedy: "retry",
    hint: "try again later",
  });
}

/** The refusal of an identity that could not be verified; `error` is what the verification threw. */
export function identityUnverified(error: unknown): SessionRefused {
  const known = error instanceof MayflyError ? error : undefined;
  const isForLater = known?.status === 503 || known?.status === 429;
  const code = known?.status === 503 ? "unavailable" : known?.status === 429 ? "too_many" : "unauthenticated";
  return {
    ...refusal(code, {
      rule: "identity",
      message: known?.message ?? "the access token could not be verified",
      remedy: isForLater ? "retry" : "correct",
      hint: known?.hint ?? "get a fresh access token and connect again",
    }),
    ...(known instanceof DpopError ? { challenge: known.challenge } : {}),
  };
}

/** The refusal of a session that would be new while the gateway drains. */
export const draining: SessionRefused = refusal("unavailable", {
  rule: "gateway",
  message: "this gateway is draining: it opens no new sessions",
  remedy: "retry",
  hint: "connect again: your grant stands, and another gateway, or this one once it is back, serves it",
});

/** The end of a session at rest whose client may go to another gateway. */
export const movedOn: SessionEnd = {
  cause: "stopping",
  words: "this gateway is being stopped: connect again, your grant stands",
};

/** Why nobody is served now; undefined when all that a session needs is there. */
export function unavailableNow(
  stopping: SessionEnd | undefined,
  grants: Pick<Grants, "locked" | "unavailable">,
  log: Pick<AuditLog, "unavailable">,
): SessionRefused | undefined {
  if (stopping !== undefined) {
    return refusal("unavailable", {
      rule: "gateway",
      message: stopping.words,
      remedy: "retry",
      hint: "connect again in a moment",
    });
  }
  if (grants.locked !== undefined) {
    return refusal("locked_down", {
      rule: "lockdown",
      message: "the gateway is locked down: every grant has ended and nothing is served",
      remedy: "operator",
      hint: "an operator lifts it with: mayfly lockdown --lift",
    });
  }
  // Why is the operator's to know: it may name the gateway's files, and whoever connects is not known yet.
  const away =
    grants.unavailable !== undefined
      ? "the gateway cannot serve grants now"
      : log.unavailable !== undefined
        ? "the gateway's audit log cannot take records now"
        : undefined;
  if (away === undefined) return undefined;
  return refusal("unavailable", {
    rule: "gateway",
    message: away,
    remedy: "retry",
    hint: "try again; the operator sees why at /readyz",
  });
}
