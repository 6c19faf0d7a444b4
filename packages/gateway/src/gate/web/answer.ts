import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Outcome } from "../gate.ts";
import { headersDown } from "./headers-down.ts";
import { heldBy } from "./held.ts";

/** What of an answer comes down. */
export interface AnswerRules {
  /** Names of cookies whose Set-Cookie does. */
  readonly cookies: readonly string[];
  /** Headers that do not, in lower case. */
  readonly drop: ReadonlySet<string>;
  /** The largest answer, bytes. */
  readonly max?: number;
  /**
   * Rewrites an answer that is held whole: its text, and the names of what was masked. Undefined when it cannot: then
   * nothing of the answer comes down.
   */
  readonly rewrite?: (text: string) => { readonly text: string; readonly met: readonly string[] } | undefined;
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
  end(trailers: IncomingHttpHeaders): string | undefined;
  /** What has come down so far. */
  outcome(): Outcome;
}

interface Flow {
  readonly pause: () => void;
  readonly resume: () => void;
}

/** The largest answer that is held to be rewritten, bytes, where no bound is given. */
const mostHeld = 10_485_760;

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
): AnswerDown {
  let status: number | undefined;
  let bytes = 0;
  let met: readonly string[] = [];
  let held: Buffer[] | undefined;
  let head: [string, string][] = [];
  const { rewrite } = rules;
  const most = rules.max ?? (rewrite === undefined ? undefined : mostHeld);

  const begin = (): void => {
    response.writeHead(
      status ?? 502,
      head.flatMap(([name, value]) => [name, value]),
    );
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
        held = [];
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
      if (held !== undefined) {
        try {
          heldBy(response).take(chunk.length);
        } catch {
          return "busy";
        }
        held.push(chunk);
        return undefined;
      }
      if (response.write(chunk)) return undefined;
      flow.pause();
      response.once("drain", flow.resume);
      return undefined;
    },
    end(trailers) {
      if (held !== undefined) {
        const all = Buffer.concat(held);
        const masked = all.length === 0 ? { text: "", met: [] } : rewriteText(all, rewrite);
        if (masked === undefined) return "answer_not_maskable";
        met = masked.met;
        head = head.filter(([name]) => !invalidatedByMasking.has(name));
        // Without a type its reader would guess one.
        if (!head.some(([name]) => name === "content-type") && all.length > 0)
          head.push(["content-type", "application/json"]);
        head.push(["content-length", String(Buffer.byteLength(masked.text))]);
        begin();
        response.end(masked.text);
        return undefined;
      }
      const after = headersDown(pairs(trailers), [], rules.drop).filter(
        ([name, value]) => !notTrailers.has(name) && !unsendable.test(value),
      );
      // Of HTTP/2 the response takes an object alone.
      if (after.length > 0) response.addTrailers("stream" in response ? gathered(after) : after);
      response.end();
      return undefined;
    },
    outcome: () => ({
      ...(status === undefined ? {} : { status }),
      bytes,
      ...(met.length === 0 ? {} : { masked: met }),
    }),
  };
}

/** Fields by their name, those of one name together. */
function gathered(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of fields) all[name] = name in all ? `${all[name]}, ${value}` : value;
  return all;
}

function rewriteText(
  bytes: Buffer,
  rewrite: AnswerRules["rewrite"],
): { readonly text: string; readonly met: readonly string[] } | undefined {
  try {
    return rewrite?.(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
