import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Outcome } from "../gate.ts";
import { headersDown } from "./headers-down.ts";
import { INLINE_BODY_BYTES, SLOW_READER_MS } from "../bounds.ts";
import { type Account, Busy } from "./sharing.ts";

/** What of an answer comes down. */
export interface AnswerRules {
  /** Names of cookies whose Set-Cookie does. */
  readonly cookies: readonly string[];
  /** Headers that do not, in lower case. */
  readonly drop: ReadonlySet<string>;
  /** The largest answer, bytes. */
  readonly max?: number;
  /** Rewrites an answer, which is held whole: nothing of it comes down before all of it could be rewritten. */
  readonly rewrite?: () => Rewriting;
}

/** An answer that is rewritten as it comes. */
export interface Rewriting {
  /** What the bytes become; undefined when they cannot be rewritten. */
  take(chunk: Buffer): readonly Buffer[] | undefined;
  /** The names of what was masked; undefined when the answer was not whole. */
  end(): { readonly met: readonly string[] } | undefined;
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

/** A request's headers without those by which its sender would choose how the answer looks. */
export function withoutChoice(raw: readonly string[]): string[] {
  return raw.filter((_, at) => !CHOOSING_HEADERS.has((raw[at - (at % 2)] ?? "").toLowerCase()));
}

/**
 * Whether an answer is the representation that was asked for: JSON, whole and not encoded. Anything else, another media
 * type of JSON included, may say in another place what is masked.
 */
export function isRewritable(status: number, headers: IncomingHttpHeaders): boolean {
  const { "content-type": type } = headers;
  // Of two values undici gives a list.
  const one = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === "string";
  if (status === 206 || headers["content-range"] !== undefined || !one(type)) return false;
  if (!/^(?:identity)?$/i.test(headers["content-encoding"] ?? "")) return false;
  return type === undefined || /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(type);
}

/** An answer on its way down: what of it the scope lets through. Each step gives a code when it must be cut. */
export interface AnswerDown {
  start(status: number, headers: IncomingHttpHeaders): string | undefined;
  data(chunk: Buffer): string | undefined;
  end(trailers: IncomingHttpHeaders): Promise<string | undefined> | string | undefined;
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

/** The largest answer that is held to be rewritten, bytes, where no bound is given. */
const MAX_HELD_BYTES = 10_485_760;

/** Headers as names and values in turn. */
function pairs(headers: IncomingHttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers))
    for (const each of Array.isArray(value) ? value : [value ?? ""]) flat.push(name, each);
  return flat;
}

/** Headers that say something of an answer's bytes that is not true of them, or too much, once a value is masked. */
const invalidatedByMasking: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-encoding",
  "content-length",
  "content-md5",
  "digest",
  "etag",
  "repr-digest",
  "signature",
  "signature-input",
  "x-content-length",
  "x-goog-hash",
]);
/** Fields that RFC 9110, section 6.5.1, keeps out of trailers, as far as a client could act on them. */
const notTrailers: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "location",
  "set-cookie",
  "trailer",
  "www-authenticate",
]);

/** What no header of Node's may hold: it would throw in the middle of an answer. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;

/** Brings an answer down. The client's socket sets the pace: a slow reader pauses its own upstream and nobody else's. */
export function createAnswer(
  response: ServerResponse,
  rules: AnswerRules,
  method: string,
  flow: Flow,
  account: Pick<Account, "hold" | "heavy" | "key">,
): AnswerDown {
  let status: number | undefined;
  let bytes = 0;
  let met: readonly string[] = [];
  let slow: ReturnType<typeof watchReader> | undefined;
  let rewriting: Rewriting | undefined;
  const held: Buffer[] = [];
  let heldBytes = 0;
  let head: [string, string][] = [];
  const { rewrite } = rules;
  const most = rules.max ?? (rewrite === undefined ? undefined : MAX_HELD_BYTES);

  const watch = (): ReturnType<typeof watchReader> => (slow ??= watchReader(response, flow.tooSlow));
  /** Chunks that wait to be rewritten, and the last piece of that work. */
  let waiting = 0;
  let working: Promise<unknown> = Promise.resolve();
  const keep = (chunk: Buffer, made: readonly Buffer[] | undefined): string | undefined => {
    if (made === undefined) return "answer_not_maskable";
    const whole = made.length === 1 ? made[0] : Buffer.concat(made);
    if (whole === undefined) return undefined;
    held.push(whole);
    heldBytes += whole.length;
    // What stands in a value's place may be longer than the value.
    return whole.length > chunk.length ? holdMore(whole.length - chunk.length) : undefined;
  };
  const holdMore = (more: number): string | undefined => {
    try {
      account.hold(more);
      return undefined;
    } catch (error) {
      if (error instanceof Busy) return "busy";
      throw error;
    }
  };
  /** A large answer is rewritten in its principal's turn: what comes meanwhile waits upstream. */
  const rewriteLater = (own: Rewriting, chunk: Buffer): void => {
    waiting += 1;
    flow.pause();
    working = account.heavy
      .run(account.key, () => keep(chunk, own.take(chunk)))
      .then((code) => {
        waiting -= 1;
        if (code !== undefined) flow.fail(code);
        else if (waiting === 0) flow.resume();
        return undefined;
      });
  };
  const begin = (): void => {
    response.writeHead(
      status ?? 502,
      head.flatMap(([name, value]) => [name, value]),
    );
  };

  const sendRewritten = (own: Rewriting): string | undefined => {
    const masked = bytes === 0 ? { met: [] } : own.end();
    if (masked === undefined) return "answer_not_maskable";
    met = masked.met;
    head = head.filter(([name]) => !invalidatedByMasking.has(name));
    // Without a type its reader would guess one.
    if (!head.some(([name]) => name === "content-type") && heldBytes > 0)
      head.push(["content-type", "application/json"]);
    head.push(["content-length", String(heldBytes)]);
    begin();
    for (const part of held) response.write(part);
    response.end();
    watch().start();
    return undefined;
  };

  return {
    start(code, headers) {
      status = code;
      head = headersDown(pairs(headers), rules.cookies, rules.drop);
      if (head.some(([, value]) => unsendable.test(value))) return "answer_malformed";
      const length = Number(headers["content-length"] ?? 0);
      const hasBody = method !== "HEAD" && code !== 204 && code !== 304;
      if (hasBody && most !== undefined && length > most) return "answer_too_large";
      if (rewrite !== undefined && hasBody) {
        // An answer that says its length is none is one of any type.
        if (headers["content-length"] !== "0" && !isRewritable(code, headers)) return "answer_not_maskable";
        rewriting = rewrite();
        return undefined;
      }
      // Without its body an answer says the same of the body's bytes.
      if (rewrite !== undefined) head = head.filter(([name]) => !invalidatedByMasking.has(name));
      begin();
      if (!hasBody) return undefined;
      response.flushHeaders?.();
      return undefined;
    },
    data(chunk) {
      bytes += chunk.length;
      if (most !== undefined && bytes > most) return "answer_too_large";
      if (rewriting !== undefined) {
        const full = holdMore(chunk.length);
        if (full !== undefined) return full;
        if (bytes <= INLINE_BODY_BYTES) return keep(chunk, rewriting.take(chunk));
        rewriteLater(rewriting, chunk);
        return undefined;
      }
      if (response.write(chunk)) return undefined;
      flow.pause();
      watch().start();
      response.once("drain", () => {
        slow?.stop();
        flow.resume();
      });
      return undefined;
    },
    end(trailers) {
      const own = rewriting;
      if (own !== undefined)
        return waiting === 0 ? sendRewritten(own) : working.then(() => sendRewritten(own));
      const after = headersDown(pairs(trailers), [], rules.drop).filter(
        ([name, value]) => !notTrailers.has(name) && !unsendable.test(value),
      );
      // Of HTTP/2 the response takes an object alone.
      if (after.length > 0) response.addTrailers("stream" in response ? gathered(after) : after);
      response.end();
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

/** How often it is looked whether a client takes what waits for it, milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** Watches whether a client takes what waits for it: any of it, however slowly. */
function watchReader(
  response: ServerResponse,
  tooSlow: () => void,
): { readonly start: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearInterval(timer);
  // Node's response of HTTP/2 knows its stream alone.
  const waits = (): number =>
    "stream" in response
      ? (response as unknown as Http2ServerResponse).stream.writableLength
      : response.writableLength + (response.socket?.writableLength ?? 0);
  response.once("close", stop);
  return {
    start() {
      stop();
      let before = waits();
      let moved = performance.now();
      timer = setInterval(() => {
        const now = waits();
        if (now !== before) moved = performance.now();
        before = now;
        if (performance.now() - moved > SLOW_READER_MS) tooSlow();
      }, LOOK_EVERY_MS);
      timer.unref();
    },
    stop,
  };
}

/** Fields by their name, those of one name together. */
function gathered(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of fields) all[name] = name in all ? `${all[name]}, ${value}` : value;
  return all;
}
