import type { SignalRefusal } from "../signal-refused.ts";

/** Error codes of RFC 8935, section 2.4. */
export type SsfErrorCode =
  | "invalid_request"
  | "invalid_key"
  | "invalid_issuer"
  | "invalid_audience"
  | "authentication_failed"
  | "access_denied";

/** The error code of each refusal; the missing one does not blame the message. */
export const ssfErrorCodes: Readonly<Record<Exclude<SignalRefusal, "keys_unavailable">, SsfErrorCode>> = {
  malformed: "invalid_request",
  type: "invalid_request",
  time: "invalid_request",
  replayed: "invalid_request",
  unauthenticated: "authentication_failed",
  issuer: "invalid_issuer",
  audience: "invalid_audience",
  key: "invalid_key",
  sender: "access_denied",
  subject: "access_denied",
};
