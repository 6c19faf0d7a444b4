import { keepsPin } from "../../upstream/parameters.ts";
import { decodeParameterStatus } from "../../wire/codec.ts";
import { type, WireError } from "../../wire/framing.ts";
import { commandComplete } from "./command-complete.ts";
import { copyInResponse } from "./copy-in.ts";
import { errorResponse, noticeResponse } from "./error-response.ts";
import { notificationResponse } from "./notification.ts";
import { readyForQuery } from "./ready-for-query.ts";
import type { BackendState } from "./state.ts";

/**
 * One message of the server's, whole or as much of it as decides something.
 * @returns the bytes that go on in its place, or undefined for its own
 * @throws WireError when the server breaks the protocol
 */
export function message(state: BackendState, chunk: Buffer, at: number, end: number): Buffer | undefined {
  switch (chunk[at]) {
    case type.commandComplete:
      commandComplete(state, chunk, at, end);
      return undefined;
    case type.readyForQuery:
      readyForQuery(state, chunk, at, end);
      return undefined;
    case type.parseComplete:
      state.finish(state.head(type.parse), true);
      return undefined;
    case type.bindComplete:
      state.finish(state.head(type.bind), true);
      return undefined;
    case type.closeComplete:
      state.finish(state.head(type.close), true);
      return undefined;
    case type.rowDescription: {
      const entry = state.head(type.describe, type.query, type.execute);
      state.masking?.described(entry, state.commands, chunk, at);
      if (entry.kind === type.describe) state.finish(entry, true);
      return undefined;
    }
    case type.noData:
      state.finish(state.head(type.describe), true);
      return undefined;
    case type.parameterDescription:
      state.head(type.describe);
      return undefined;
    case type.emptyQueryResponse: {
      const entry = state.head(type.query, type.execute);
      if (entry.kind === type.execute) state.finish(entry, true);
      return undefined;
    }
    case type.portalSuspended:
      state.tag = "suspended";
      state.rows = state.dataRows;
      state.finish(state.head(type.execute), true);
      return undefined;
    case type.errorResponse:
      return errorResponse(state, chunk, at, end);
    case type.noticeResponse:
      return noticeResponse(state, chunk, at, end);
    case type.parameterStatus:
      parameterStatus(state, chunk, at, end);
      return undefined;
    case type.copyInResponse:
      copyInResponse(state);
      return undefined;
    case type.copyOutResponse:
    case type.copyDone:
      state.head(type.query, type.execute);
      return undefined;
    case type.notificationResponse:
      return notificationResponse(state, chunk, at, end);
    default:
      throw new WireError("08P01", `the database sent a message of unknown type ${chunk[at]}`);
  }
}

/** ParameterStatus ('S'): what the gateway has fixed has to stay as it is. */
function parameterStatus({ options }: BackendState, chunk: Buffer, at: number, end: number): void {
  const { name, value } = decodeParameterStatus(chunk, at + 5, end);
  const pin = options.pinned.get(name);
  if (pin !== undefined && !keepsPin(name, pin, value))
    throw new WireError("08P01", `the database changed ${name}, which the gateway had fixed`);
  if (name === "application_name") options.called(value);
}
