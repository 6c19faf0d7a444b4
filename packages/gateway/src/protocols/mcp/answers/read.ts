import { MAX_JSON_VALUES, MAX_MCP_ANSWER_BYTES } from "../../../gate/bounds.ts";
import { ValueCount } from "../../../kernel/json-values.ts";
import { createByteQueue } from "../../../gate/web/proxy/byte-queue.ts";
import type { SharedUse } from "../../../gate/web/sessions/sharing.ts";

/** An upstream server said more at a time than is passed on. */
export class AnswerTooLarge extends Error {
  constructor() {
    super("the server's answer is larger than the gateway passes on");
  }
}

/** Whose the answers are: what they take counts there. */
export type AnswerShare = Pick<SharedUse, "borrow" | "heavy" | "key">;

/** Bytes that are parsed as soon as they have come. */
const INLINE_BYTES = 16_384;

/**
 * Reads an answer in JSON whole, within its bound, and parses it in its principal's turn.
 * @throws AnswerTooLarge; Busy when there is no room for it in memory
 */
export async function readAnswer(answer: Response, share: AnswerShare | undefined): Promise<Response> {
  const read = createByteQueue();
  const borrowed: (() => void)[] = [];
  const count = new ValueCount();
  let value: unknown;
  try {
    for await (const chunk of answer.body ?? []) {
      count.feed(chunk);
      if (read.length + chunk.length > MAX_MCP_ANSWER_BYTES || count.values > MAX_JSON_VALUES)
        throw new AnswerTooLarge();
      const giveBack = share?.borrow(chunk.length);
      if (giveBack !== undefined) borrowed.push(giveBack);
      read.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    const parse = (): unknown => JSON.parse(Buffer.concat(read.shift(read.length)).toString()) as unknown;
    const { length } = read;
    if (length > 0)
      value =
        share === undefined || length <= INLINE_BYTES ? parse() : await share.heavy.run(share.key, parse);
  } finally {
    for (const giveBack of borrowed) giveBack();
  }
  const { status, statusText, headers } = answer;
  return Object.assign(new Response(null, { status, statusText, headers }), {
    json: () => Promise.resolve(value),
  });
}

/** Follows a stream of events: one event is no longer than an answer may be. */
export function boundEvents(answer: Response, over: (error: Error) => void): Response {
  let length = 0;
  let count = new ValueCount();
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      // WHATWG HTML, section 9.2.6: an empty line ends an event.
      const end = Math.max(
        bytes.lastIndexOf("\n\n"),
        bytes.lastIndexOf("\r\n\r\n"),
        bytes.lastIndexOf("\r\r"),
      );
      length = end < 0 ? length + bytes.length : bytes.length - end;
      if (end >= 0) count = new ValueCount();
      count.feed(bytes.subarray(Math.max(end, 0)));
      if (length > MAX_MCP_ANSWER_BYTES || count.values > MAX_JSON_VALUES) {
        const error = new AnswerTooLarge();
        over(error);
        controller.error(error);
      } else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body?.pipeThrough(bound) ?? null, { status, statusText, headers });
}
