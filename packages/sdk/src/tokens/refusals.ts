import { MayflyError } from "../errors.ts";
import { hintRows, noToken, type Told } from "./refusal-table.ts";

/** Which request an authorization server refused. */
export type Stage =
  /** A service app asks by itself. */
  | "client_credentials"
  /** An agent asks the org for an ID-JAG. */
  | "exchange"
  /** An agent hands the ID-JAG to the custom authorization server. */
  | "redeem"
  /** A person signs in. */
  | "sign_in"
  /** A refresh token is used. */
  | "refresh";

/** What was asked, for the words of a refusal. */
export interface Asked {
  readonly stage: Stage;
  readonly issuer: string;
  readonly clientId: string;
  readonly scope?: string;
  readonly resource?: string;
  /** Of an exchange: what the agent showed. */
  readonly subject?: "id_token" | "access_token";
}

/** The longest description of an authorization server's that is repeated, characters. */
const MAX_DESCRIPTION = 300;

/** Whether an authorization server wants a proof of a key (RFC 9449, section 5). */
export function isDemandOfProof(thrown: unknown): boolean {
  return toldOf(thrown).error === "invalid_dpop_proof";
}

/** Whether an ID-JAG was used before: it is good for one request, and the next exchange gives another. */
export function isUsedAssertion(thrown: unknown): boolean {
  const { error, says } = toldOf(thrown);
  return error === "invalid_grant" && /already (?:been )?used/i.test(says);
}

/**
 * The error of a request to a token endpoint that failed. Neither it nor its cause holds a token: what the library threw
 * may quote the whole answer.
 */
export function refusalOf(thrown: unknown, asked: Asked): MayflyError {
  if (thrown instanceof MayflyError) return thrown;
  const told = toldOf(thrown);
  const row = hintRows.find(
    ({ stages, errors, says, status }) =>
      (stages === undefined || stages.includes(asked.stage)) &&
      (errors === undefined || errors.includes(told.error)) &&
      (says === undefined || says.test(`${told.error}: ${told.says}`)) &&
      (status === undefined || status === told.status),
  );
  const words = [told.error, told.says].filter((one) => one !== "").join(": ");
  const what = `${asked.issuer} ${(row?.what ?? noToken)(asked)}`;
  return new MayflyError(row?.code ?? "login_failed", words === "" ? what : `${what}: ${words}`, {
    status: 401,
    hint:
      row?.hint(asked) ??
      "check the issuer, the client id, the key and the scope with whoever set the client up",
  });
}

/** The error of an authorization server that does not answer as one. */
export function unreachableServer(issuer: string, thrown: unknown): MayflyError {
  const { says } = toldOf(thrown);
  const what = `the authorization server ${issuer} cannot be reached or is not one`;
  return new MayflyError("login_failed", says === "" ? what : `${what}: ${says}`, {
    status: 401,
    hint: "give its Issuer URI as Okta's console shows it under Security > API > Authorization Servers",
  });
}

/** What an answer says, as far as it may be repeated. */
function toldOf(thrown: unknown): Told {
  if (!(thrown instanceof Error)) return { error: "", says: "", status: undefined };
  const {
    error,
    error_description: description,
    status,
    cause,
  } = thrown as Error & {
    readonly error?: unknown;
    readonly error_description?: unknown;
    readonly status?: unknown;
  };
  const answered = cause instanceof Response ? cause.status : undefined;
  if (typeof error === "string")
    return {
      error: repeatable(error),
      says: typeof description === "string" ? repeatable(description) : "",
      status: typeof status === "number" ? status : answered,
    };
  // The library's own words quote nothing; the cause of a failed connection says more than "fetch failed".
  const reason = cause instanceof Error && !(cause instanceof MayflyError) ? cause.message : "";
  const says = [thrown.message, reason].filter((one) => one !== "").join(": ");
  return { error: "", says: repeatable(says), status: answered };
}

/** Text of another server on one line, bounded, without anything that could be a token or a part of one. */
function repeatable(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .replaceAll(/eyJ[\w-]*(?:\.[\w-]*)*/g, "…")
    .replaceAll(/[\w-]{40,}/g, "…")
    .slice(0, MAX_DESCRIPTION)
    .trim();
}
