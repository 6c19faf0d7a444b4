import type { Remedy } from "../../../gate/protocol.ts";
import { cstring, int32, message } from "./build.ts";
import { type } from "./framing.ts";
import { ownRoutine } from "../relay/errors/own-voice.ts";

/** Bytes that the gateway itself says, to clients and to servers (PostgreSQL manual, "Message Formats"). */

/** What an ErrorResponse says. */
export interface ErrorText {
  readonly severity: "ERROR" | "FATAL";
  /** The SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Where in the statement's text, in characters from 1. */
  readonly position?: number;
  /** Of a denial: what can help. */
  readonly remedy?: Remedy;
}

/** ErrorResponse ('E'), with the fields in the order PostgreSQL itself uses. */
export function errorResponse(error: ErrorText): Buffer {
  const fields = [
    cstring(`S${error.severity}`),
    cstring(`V${error.severity}`),
    cstring(`C${error.code}`),
    cstring(`M${error.message}`),
  ];
  if (error.detail !== undefined) fields.push(cstring(`D${error.detail}`));
  if (error.hint !== undefined) fields.push(cstring(`H${error.hint}`));
  if (error.position !== undefined) fields.push(cstring(`P${error.position}`));
  fields.push(cstring(`R${ownRoutine(error.remedy)}`));
  return message(type.errorResponse, ...fields, Buffer.from([0]));
}

/** AuthenticationOk. */
export function authenticationOk(): Buffer {
  return message(type.authentication, int32(0));
}

/** AuthenticationCleartextPassword. */
export function authenticationCleartext(): Buffer {
  return message(type.authentication, int32(3));
}

/** AuthenticationSASL, with the mechanisms offered. */
export function authenticationSasl(mechanisms: readonly string[]): Buffer {
  return message(type.authentication, int32(10), ...mechanisms.map(cstring), Buffer.from([0]));
}

/** AuthenticationSASLContinue. */
export function authenticationSaslContinue(text: string): Buffer {
  return message(type.authentication, int32(11), Buffer.from(text, "utf8"));
}

/** AuthenticationSASLFinal. */
export function authenticationSaslFinal(text: string): Buffer {
  return message(type.authentication, int32(12), Buffer.from(text, "utf8"));
}

/** ParameterStatus ('S'). */
export function parameterStatus(name: string, value: string): Buffer {
  return message(type.parameterStatus, cstring(name), cstring(value));
}

/** BackendKeyData ('K'). */
export function backendKeyData(key: Buffer): Buffer {
  return message(type.backendKeyData, key);
}

/** ReadyForQuery ('Z'), idle. */
export function readyForQuery(): Buffer {
  return message(type.readyForQuery, Buffer.from("I"));
}

/** NegotiateProtocolVersion ('v'): 3.0 is what is spoken here, and these options are not known. */
export function negotiateProtocolVersion(unknown: readonly string[]): Buffer {
  return message(
    type.negotiateProtocolVersion,
    int32(0x30000),
    int32(unknown.length),
    ...unknown.map(cstring),
  );
}

/** StartupMessage of protocol 3.0. */
export function startupMessage(parameters: ReadonlyMap<string, string>): Buffer {
  const parts = [int32(0x30000)];
  for (const [name, value] of parameters) parts.push(cstring(name), cstring(value));
  parts.push(Buffer.from([0]));
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([int32(length), ...parts], length);
}

/** SSLRequest. */
export function sslRequest(): Buffer {
  return Buffer.concat([int32(8), int32(80_877_103)]);
}

/** CancelRequest. */
export function cancelRequest(key: Buffer): Buffer {
  return Buffer.concat([int32(8 + key.length), int32(80_877_102), key]);
}

/** PasswordMessage ('p'): a password or its md5 form. */
export function passwordMessage(text: string): Buffer {
  return message(type.password, cstring(text));
}

/** SASLInitialResponse ('p') for SCRAM-SHA-256. */
export function saslInitialResponse(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  return message(type.password, cstring("SCRAM-SHA-256"), int32(body.length), body);
}

/** SASLResponse ('p'). */
export function saslResponse(text: string): Buffer {
  return message(type.password, Buffer.from(text, "utf8"));
}

/** What queries of the gateway's own begin with, so that the database's log tells them from a client's. */
export const OWN_QUERY_MARK = "/* asked by Mayfly */";

/** Query ('Q') of the gateway's own. */
export function queryMessage(sql: string): Buffer {
  return message(type.query, cstring(`${OWN_QUERY_MARK} ${sql}`));
}
