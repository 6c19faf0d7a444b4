import { randomBytes } from "node:crypto";
import type { PresentedToken } from "./presented-token.ts";

/** A bearer that replaces a bound token while one request is served, in this process alone. */
export interface Loan {
  readonly bearer: string;
  /** Revokes it. */
  end(): void;
}

/** A token with the request that showed it. */
interface LentToken {
  readonly token: string;
  readonly shown: PresentedToken;
}

/**
 * MCP tools call the other endpoints in memory, as a client would, for a request whose proof has been used by then.
 * They authenticate with a loan: 256 random bits, known to nobody outside, revoked when the request ends.
 */
export interface Loans {
  lend(token: string, shown: PresentedToken): Loan;
  find(bearer: string): LentToken | undefined;
}

const prefix = "mfl_";

/** Makes an empty register of loans. The request that made a loan ends it. */
export function createLoans(): Loans {
  const lent = new Map<string, LentToken>();
  return {
    lend(token, shown) {
      const bearer = `${prefix}${randomBytes(32).toString("base64url")}`;
      lent.set(bearer, { token, shown });
      return { bearer, end: () => void lent.delete(bearer) };
    },
    find: (bearer) => (bearer.startsWith(prefix) ? lent.get(bearer) : undefined),
  };
}
