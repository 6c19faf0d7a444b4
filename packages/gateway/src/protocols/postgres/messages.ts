import type { Remedy } from "../../gate/protocol.ts";
import { type } from "./framing.ts";
import { ownRoutine } from "./own-voice.ts";

/** Bytes that the gateway itself says, to clients and to servers (PostgreSQL manual, "Message Formats"). */

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** A string as the protocol writes it. The text holds no NUL: every caller's texts are its own or checked. */
function cstring(text: string): Buffer {
  return Buffer.from(`${text.replaceAll("\0", "")}\0`, "utf8");
}

function message(kind: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from([kind]), int32(length), ...parts], length + 1);
}

/** What an ErrorResponse says. */
export interface ErrorText {
  readonly severity: "ERROR" | "FATAL";
  /** The SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
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

/** AuthenticationSASL, offering SCRAM-SHA-256 alone. */
export function authenticationSasl(): Buffer {
  return message(type.authentication, int32(10), cstring("SCRAM-SHA-256"), Buffer.from([0]));
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

/** Flush ('H'). */
export const flush: Buffer = message(type.flush);

/** Sync ('S'). */
export const sync: Buffer = message(type.sync);

/** Terminate ('X'). */
export const terminate: Buffer = message(type.terminate);

/**
 * A Query that surely fails, whatever the transaction's state: its text does not parse. It goes upstream in the
 * place of a refused Query, so that the server itself aborts the transaction and answers in its turn; the error
 * that it sends is replaced by the denial.
 */
export const failingQuery: Buffer = message(type.query, cstring("/* refused by Mayfly */ !"));

/**
 * The same for a refused message of the extended protocol: the server then discards until Sync. Its name keeps the
 * unnamed statement alive.
 */
export const failingParse: Buffer = message(
  type.parse,
  cstring("mayfly refused"),
  cstring("/* refused by Mayfly */ !"),
  int16(0),
);

/** What queries of the gateway's own begin with, so that the database's log tells them from a client's. */
export const OWN_QUERY_MARK = "/* asked by Mayfly */";

/** Query ('Q') of the gateway's own. */
export function queryMessage(sql: string): Buffer {
  return message(type.query, cstring(`${OWN_QUERY_MARK} ${sql}`));
}

/**
 * Runs statements of the gateway's own by the extended protocol, up to a Sync. Statements and portals have a name, so
 * that the client's unnamed ones live on (a simple Query would drop both).
 */
export function ownStatements(name: string, statements: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const sql of statements) {
    parts.push(
      message(type.parse, cstring(name), cstring(sql), int16(0)),
      message(type.bind, cstring(name), cstring(name), int16(0), int16(0), int16(0)),
      message(type.execute, cstring(name), int32(0)),
      message(type.close, Buffer.from("P"), cstring(name)),
      message(type.close, Buffer.from("S"), cstring(name)),
    );
  }
  return Buffer.concat([...parts, sync]);
}
