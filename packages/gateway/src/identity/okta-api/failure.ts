/**
 * Why Okta's API gave no usable answer.
 * - `away`: it could not be reached, was too slow, failed, or answered something unreadable.
 * - `limited`: its rate limit is used up until `retryIn` has passed.
 * - `refused`: it does not let the gateway ask; an administrator has something to change.
 * - `missing`: there is nothing of that id.
 */
export type OktaApiFailureKind = "away" | "limited" | "refused" | "missing";

/** A call of Okta's API without a usable answer. The message is for operators and never holds a secret. */
export class OktaApiFailure extends Error {
  override readonly name = "OktaApiFailure";
  readonly kind: OktaApiFailureKind;
  readonly hint: string | undefined;
  /** Milliseconds until the next try makes sense; 0 when unknown. */
  readonly retryIn: number;
  /** Whether Okta called the request itself wrong (400). */
  readonly isBadRequest: boolean;
  /** Whether the answer was longer than the limit: a smaller page may fit. */
  readonly isTooLong: boolean;

  constructor(
    kind: OktaApiFailureKind,
    message: string,
    more: {
      readonly hint?: string | undefined;
      readonly retryIn?: number;
      readonly isBadRequest?: boolean;
      readonly isTooLong?: boolean;
    } = {},
  ) {
    super(message);
    this.kind = kind;
    this.hint = more.hint;
    this.retryIn = more.retryIn ?? 0;
    this.isBadRequest = more.isBadRequest ?? false;
    this.isTooLong = more.isTooLong ?? false;
  }
}

/** Turns any error into one of ours; an error that is not Okta's answer keeps no words of its own. */
export function failureOf(thrown: unknown): OktaApiFailure {
  return thrown instanceof OktaApiFailure ? thrown : new OktaApiFailure("away", "Okta could not be asked");
}

/** What an administrator has to do about each of Okta's error codes, in the order in which they usually appear. */
const hints: Readonly<Record<string, string>> = {
  // The token endpoint (RFC 6749, section 5.2; RFC 9449).
  invalid_client:
    "check okta_api.client_id and that the public half of okta_api.key stands in the app (General, Client Credentials: Public key / Private key), is active, and has the name in key_id; the app must be active",
  unauthorized_client: "okta_api.client_id must be an app of the type API Services",
  invalid_scope:
    "grant the app every scope of okta_api.scopes (tab Okta API Scopes), and okta.logs.read for the System Log; take out of the list what is not granted",
  invalid_dpop_proof: "compare the clocks of this machine and of Okta",
  access_denied: "a policy of the org refuses the app: look into the System Log",
  // The API (Okta's error codes).
  E0000006:
    "assign the app an admin role (tab Admin roles: Read-only Administrator; registered AI agents take Super Administrator) and grant the scope (tab Okta API Scopes)",
  E0000005: "the app's token is no longer good: is the app still active?",
  E0000011: "the app's token is no longer good: is the app still active?",
  E0000015: "the org does not have this feature: take its scope out of okta_api.scopes",
  E0000021: "the proof of possession was refused: compare the clocks of this machine and of Okta",
  E0000022: "the org does not have this feature: take its scope out of okta_api.scopes",
  E0000031: "Okta does not take this search: tell the authors of Mayfly",
};

/** What to do about an error code of Okta's; undefined for one that is not known. */
export function hintOf(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(hints, code) ? hints[code] : undefined;
}
