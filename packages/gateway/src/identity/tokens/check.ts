import type { VerificationKeys } from "./keys.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import type { ReadToken } from "./token.ts";

/** What a check may know beside the token. */
export interface CheckContext {
  /** The provider whose issuer the token names; nobody else's keys or audience count. */
  readonly provider: TrustedProvider;
  /** That provider's keys. */
  readonly keys: VerificationKeys;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number;
}

/** Looks at one thing and throws an IdentityError when it is wrong; returning means it passed. */
export type Check = (token: ReadToken, context: CheckContext) => void | Promise<void>;

/** Milliseconds by which the provider's clock and ours may differ. */
export const CLOCK_SKEW_MS = 30_000;
