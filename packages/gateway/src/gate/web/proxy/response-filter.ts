import type { ServerResponse } from "node:http";
import type { Outcome } from "../../gate.ts";
import { valuesIn } from "../http1/dispatch.ts";
import { headersDown } from "./headers-down.ts";
import { gathered, trailersDown, withoutBytes } from "./answer-headers.ts";
import { createRewrittenAnswer, type RewrittenAnswer, type Rewriting } from "./rewritten-answer.ts";
import { INLINE_BODY_BYTES } from "../../bounds.ts";
import { isGone } from "../router.ts";
import { type WatchedReader, watchReader } from "./slow-readers.ts";
import type { SharedUse } from "../sessions/sharing.ts";

/** What of an answer comes down. */
export interface AnswerRules {
  /** Names of cookies whose Set-Cookie does. */
  readonly cookies: readonly string[];
  /** Headers that do not, in lower case. */
  readonly drop: ReadonlySet<string>;
  /** The largest answer, bytes. */
  readonly max?: number;
  /** Rewrites an answer of a status, which is held whole: nothing of it comes down before all of it could be rewritten. */
  readonly rewrite?: (status: number) => Rewriting;
}

/** What is asked for upstream where an answer is rewritten: the one representation that can be, as it is. */
export const REWRITABLE = { accept: "application/json", "accept-encoding": "identity" } as const;

/** Request headers by which a client would choose a representation, or a part of one. */
const CHOOSING_HEADERS: ReadonlySet<string> = new Set([
  "a-im",
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-patch",
  "accept-post",
  "accept-profile",
  "if-none-match",
  "if-range",
  "prefer",
  "range",
  "te",
  "want-content-digest",
  "want-digest",
  "want-repr-digest",
]);

/** Whether a request's header is one by which its sender would choose how the answer looks. @param name in lower case */
export function choosesRepresentation(name: string): boolean {
  return CHOOSING_HEADERS.has(name);
}

/** A request's headers without those by which its sender would choose how the answer looks. */
export function withoutChoice(raw: readonly string[]): string[] {
  return raw.filter((_, at) => !choosesRepresentation((raw[at - (at % 2)] ?? "").toLowerCase()));
}

/**
 * Whether an answer is the representation that was asked for: JSON, whole and not encoded. Anything else, another media
 * type of JSON included, may say in another place what is masked.
 */
export function isRewritable(status: number, headers: readonly string[]): boolean {
  const types = valuesIn(headers, "content-type");
  if (status === 206 || valuesIn(headers, "content-range").length > 0 || types.length > 1) return false;
  if (!valuesIn(headers, "content-encoding").every((each) => /^(?:identity)?$/i.test(each))) return false;
  const [type] = types;
  return type === undefined || /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(type);
}

/** An answer on its way down: what of it the scope lets through. Each step gives a code when it must be cut. */
export interface AnswerDown {
  start(status: number, headers: readonly string[]): string | undefined;
  /** @param release may be called once the chunk has gone down */
  data(chunk: Buffer, release?: () => void): string | undefined;
  end(trailers: readonly string[]): Promise<string | undefined> | string | undefined;
  /** What has come down so far. */
  outcome(): Outcome;
}

interface Flow {
  readonly pause: () => void;
  readonly resume: () => void;
  /** The client takes nothing any more. */
  readonly tooSlow: () => void;
  /** What was to be rewritten cannot be: a code. */
  readonly fail: (code: string) => void;
}

/** A body up to this is written together with its head, bytes: copied once more, and written once less. */
const MAX_JOINED_BYTES = 4096;

/** The largest answer that is held to be rewritten, bytes, where no bound is given. */
const MAX_HELD_BYTES = 10_485_760;

/** Ends an answer whose head waits. A small body goes with it as one string: Node writes a buffer by itself. */
function endWith(response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined) response.end();
  else if (body.length <= MAX_JOINED_BYTES && !("stream" in response))
    response.end(body.toString("latin1"), "latin1");
  else response.end(body);
}

/** Brings an answer down. The client's socket sets the pace: a slow reader pauses its own upstream and nobody else's. */
export function createAnswer(
  response: ServerResponse,
  rules: AnswerRules,
  method: string,
  flow: Flow,
  account: Pick<SharedUse, "hold" | "heavy" | "key">,
): AnswerDown {
  let status: number | undefined;
  let bytes = 0;
  let met: readonly string[] = [];
  let slow: WatchedReader | undefined;
  let rewriting: RewrittenAnswer | undefined;
  let head: string[] = [];
  /** An answer's first bytes wait for what came with them: head, body and end are then one write. */
  let first: Buffer | undefined;
  let releaseFirst: (() => void) | undefined;
  let isBegun = false;
  let isOver = false;
  const { rewrite } = rules;
  const maxBytes = rules.max ?? (rewrite === undefined ? undefined : MAX_HELD_BYTES);

  const watch = (): WatchedReader => (slow ??= watchReader(response, flow.tooSlow));
  const begin = (): void => {
    isBegun = true;
    response.writeHead(status ?? 502, head);
  };
  /** What has come with one read of the upstream's socket goes down: no part of an answer waits for the next. */
  const flush = (): void => {
    if (isBegun || isOver || response.headersSent || isGone(response)) return;
    begin();
    if (first === undefined) response.flushHeaders?.();
    else writeDown(first, releaseFirst);
    first = undefined;
  };
  let isFull = false;
  const drained = (): void => {
    isFull = false;
    slow?.stop();
    flow.resume();
  };
  const writeDown = (chunk: Buffer, release?: () => void): void => {
    // Its callback comes when the socket has done with the chunk, whatever becomes of it.
    if (release === undefined ? response.write(chunk) : response.write(chunk, release)) return;
    // The rest of what came with one read comes still.
    if (isFull) return;
    isFull = true;
    flow.pause();
    watch().start();
    response.once("drain", drained);
  };
  const finish = (): void => {
    if (isBegun) response.end();
    else {
      begin();
      endWith(response, first);
    }
  };

  const sendRewritten = ({ held, end }: RewrittenAnswer): string | undefined => {
    if (response.headersSent || isGone(response)) return undefined; // It was cut while it waited for its turn.
    const masked = bytes === 0 ? { met: [] } : end();
    if (masked === undefined) return "answer_not_maskable";
    met = masked.met;
    head = withoutBytes(head);
    // Without a type its reader would guess one.
    if (!head.some((name, at) => at % 2 === 0 && name === "content-type") && held.length > 0)
      head.push("content-type", "application/json");
    head.push("content-length", String(held.length));
    begin();
    for (const part of held.shift(held.length)) response.write(part);
    response.end();
    watch().start();
    return undefined;
  };

  return {
    start(code, headers) {
      status = code;
      head = headersDown(headers, rules.cookies, rules.drop);
      const [length = ""] = valuesIn(headers, "content-length");
      const hasBody = method !== "HEAD" && code !== 204 && code !== 304;
      if (hasBody && maxBytes !== undefined && Number(length) > maxBytes) return "answer_too_large";
      if (rewrite !== undefined && hasBody) {
        // An answer that says its length is none is one of any type.
        if (length !== "0" && !isRewritable(code, headers)) return "answer_not_maskable";
        rewriting = createRewrittenAnswer(rewrite(code), flow, account);
        return undefined;
      }
      // Without its body an answer says the same of the body's bytes.
      if (rewrite !== undefined) head = withoutBytes(head);
      queueMicrotask(flush);
      return undefined;
    },
    data(chunk, release) {
      bytes += chunk.length;
      if (maxBytes !== undefined && bytes > maxBytes) return "answer_too_large";
      if (rewriting !== undefined) return rewriting.add(chunk, bytes > INLINE_BODY_BYTES);
      if (!isBegun && first === undefined) {
        first = chunk;
        releaseFirst = release;
        return undefined;
      }
      flush();
      writeDown(chunk, release);
      return undefined;
    },
    end(trailers) {
      const own = rewriting;
      if (own !== undefined) {
        const { underWay } = own;
        return underWay === undefined ? sendRewritten(own) : underWay.then(() => sendRewritten(own));
      }
      isOver = true;
      const after = trailersDown(trailers, rules.drop);
      if (after.length > 0) {
        if (!isBegun) begin();
        if (first !== undefined) response.write(first);
        first = undefined;
        // Of HTTP/2 the response takes an object alone.
        response.addTrailers("stream" in response ? gathered(after) : after);
      }
      finish();
      if (response.writableLength > 0 || "stream" in response) watch().start();
      return undefined;
    },
    outcome: () => ({
      ...(status === undefined ? {} : { status }),
      bytes,
      ...(met.length === 0 ? {} : { masked: met }),
    }),
  };
}
