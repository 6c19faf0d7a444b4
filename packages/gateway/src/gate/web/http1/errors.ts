/** What is wrong with an upstream's answer: each limit and each rule by a name of its own. */
export type ResponseFault =
  | "ANSWER_CHUNK_END_MALFORMED"
  | "ANSWER_CHUNK_EXTENSIONS_TOO_LARGE"
  | "ANSWER_CHUNK_SIZE_MALFORMED"
  | "ANSWER_CODING_AND_LENGTH"
  | "ANSWER_CODING_TWICE"
  | "ANSWER_CODING_UNKNOWN"
  | "ANSWER_CODING_WITHOUT_HTTP_1_1"
  | "ANSWER_CONTROL_CHARACTER"
  | "ANSWER_CUT_SHORT"
  | "ANSWER_FRAMING_WITH_TAB"
  | "ANSWER_HEADER_FOLDED"
  | "ANSWER_HEADER_MALFORMED"
  | "ANSWER_HEADERS_TOO_MANY"
  | "ANSWER_HEAD_TOO_LARGE"
  | "ANSWER_INTERIM_CLOSES"
  | "ANSWER_INTERIM_TOO_MANY"
  | "ANSWER_INTERIM_WITH_BODY"
  | "ANSWER_INTERIM_WITHOUT_HTTP_1_1"
  | "ANSWER_LENGTH_MALFORMED"
  | "ANSWER_LENGTH_TWICE"
  | "ANSWER_LINE_BREAK_MALFORMED"
  | "ANSWER_STATUS_LINE_MALFORMED"
  | "ANSWER_SWITCHED_UNASKED"
  | "ANSWER_TRAILERS_TOO_LARGE"
  | "ANSWER_TRAILER_FRAMES";

/** An upstream's bytes are no answer that can be read in one way only. Says nothing of what they hold. */
export class ResponseError extends Error {
  readonly code: ResponseFault;

  constructor(code: ResponseFault) {
    super(code);
    this.code = code;
  }
}

/** What went wrong around an answer. */
type ClientFault =
  /** A request of ours could not be written as HTTP/1.1. */
  | "REQUEST_MALFORMED"
  /** A body was shorter or longer than its head said. */
  | "REQUEST_LENGTH_WRONG"
  | "UPSTREAM_BUSY_TIMEOUT"
  | "UPSTREAM_CLOSED"
  | "UPSTREAM_CONNECT_TIMEOUT"
  | "UPSTREAM_HEAD_TIMEOUT";

/** A request could not be sent, or its answer did not come. */
export class ClientError extends Error {
  readonly code: ClientFault;

  constructor(code: ClientFault) {
    super(code);
    this.code = code;
  }
}
