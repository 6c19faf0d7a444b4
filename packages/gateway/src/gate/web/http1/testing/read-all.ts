import { ResponseError, type ResponseFault } from "../errors.ts";
import { ResponseReader } from "../response-reader.ts";

/** What a reader made of an answer's bytes. */
export interface Read {
  readonly heads: readonly { readonly status: number; readonly headers: readonly string[] }[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly isWhole: boolean;
  readonly switched: readonly string[] | undefined;
  readonly fault: ResponseFault | undefined;
  readonly isReusable: boolean;
  readonly keepAliveMs: number | undefined;
  /** Bytes that were no part of the answer. */
  readonly left: number;
}

/** Feeds a reader, piece by piece, and closes the connection after them. */
export function readAll(
  pieces: readonly string[],
  options: {
    readonly method?: string;
    readonly isUpgrade?: boolean;
    readonly isExpected?: boolean;
    readonly stopAt?: "head" | "data";
  } = {},
): Read {
  const reader = new ResponseReader();
  const heads: { status: number; headers: readonly string[] }[] = [];
  let body = "";
  let trailers: readonly string[] = [];
  let isWhole = false;
  let switched: readonly string[] | undefined;
  let fault: ResponseFault | undefined;
  let left = 0;
  const sink = {
    head(status: number, headers: readonly string[]) {
      heads.push({ status, headers });
      if (options.stopAt === "head") reader.stop();
    },
    data(chunk: Buffer) {
      body += chunk.toString("latin1");
      if (options.stopAt === "data") reader.stop();
    },
    end(last: readonly string[]) {
      isWhole = true;
      trailers = last;
    },
    switched(headers: readonly string[]) {
      switched = headers;
    },
  };
  if (options.isExpected !== false) reader.expect(options.method ?? "GET", options.isUpgrade === true);
  let isReusable = false;
  try {
    for (const piece of pieces) left += piece.length - reader.feed(Buffer.from(piece, "latin1"), sink);
    ({ isReusable } = reader);
    reader.close(sink);
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    fault = error.code;
  }
  const { keepAliveMs } = reader;
  return { heads, body, trailers, isWhole, switched, fault, isReusable, keepAliveMs, left };
}
