import { WireError } from "../wire/framing.ts";
import type { ErrorText } from "../wire/messages.ts";
import type { Startup } from "./startup.ts";

/** Where a start-up packet came from. */
export interface StartupPlace {
  readonly tls: boolean;
  /** Whether the client is on this machine, and may speak without TLS there. */
  readonly isTrustedLoopback: boolean;
}

/** Why a start-up packet is refused for the way it came; undefined when it is not. No credential before TLS. */
export function startupProblem(
  { method }: Startup,
  { tls, isTrustedLoopback }: StartupPlace,
): ErrorText | undefined {
  if (tls) return undefined;
  if (!isTrustedLoopback)
    return {
      severity: "FATAL",
      code: "28000",
      message: "no encryption: Mayfly is reached over TLS only",
      hint: "connect with sslmode=verify-full (or at least sslmode=require)",
    };
  if (method !== "token") return undefined;
  return {
    severity: "FATAL",
    code: "28000",
    message: "an access token is taken over TLS only",
    hint: "connect with sslmode=verify-full",
  };
}

/** What a client is told whose session could not be opened: of a fault of the gateway's own, that it was one. */
export function openingProblem(error: unknown): ErrorText {
  return error instanceof WireError
    ? { severity: "FATAL", code: error.code, message: error.message }
    : { severity: "FATAL", code: "XX000", message: "the gateway could not open the session" };
}
