import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Outcome } from "../../gate/gate.ts";
import type { Compiled } from "./compile.ts";
import { headersDown } from "./headers.ts";
import { maskJson } from "./mask.ts";

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
  readonly cookies: readonly string[];
}

/** The largest answer that is held to be masked, bytes, where the scope names no bound. */
const mostMasked = 10_485_760;

/** Headers as names and values in turn. */
function pairs(headers: IncomingHttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers))
    for (const each of Array.isArray(value) ? value : [value ?? ""]) flat.push(name, each);
  return flat;
}

/** What no header of Node's may hold: it would throw in the middle of an answer. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;

/** Brings an answer down. The client's socket sets the pace: a slow reader pauses its own upstream and nobody else's. */
export function createAnswer(
  response: ServerResponse,
  scope: Compiled,
  method: string,
  flow: Flow,
): AnswerDown {
  let status: number | undefined;
  let bytes = 0;
  let met: readonly string[] = [];
  let held: Buffer[] | undefined;
  let head: [string, string][] = [];
  const most = scope.maxAnswer ?? (scope.mask.length > 0 ? mostMasked : undefined);

  const begin = (): void => {
    response.writeHead(
      status ?? 502,
      head.flatMap(([name, value]) => [name, value]),
    );
  };

  return {
    start(code, headers) {
      status = code;
      head = headersDown(pairs(headers), flow.cookies, scope.dropHeaders);
      if (head.some(([, value]) => unsendable.test(value))) return "answer_malformed";
      const length = Number(headers["content-length"] ?? 0);
      const hasBody = method !== "HEAD" && code !== 204 && code !== 304;
      if (hasBody && most !== undefined && length > most) return "answer_too_large";
      if (scope.mask.length > 0 && hasBody) {
        // Only what can be read whole can be masked.
        if (headers["content-encoding"] !== undefined) return "answer_not_maskable";
        held = [];
        return undefined;
      }
      begin();
      if (!hasBody) return undefined;
      response.flushHeaders?.();
      return undefined;
    },
    data(chunk) {
      bytes += chunk.length;
      if (most !== undefined && bytes > most) return "answer_too_large";
      if (held !== undefined) {
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
        const masked = all.length === 0 ? { text: "", met: [] } : maskText(all, scope);
        if (masked === undefined) return "answer_not_maskable";
        met = masked.met;
        head = head.filter(([name]) => !["content-length", "etag", "digest", "content-md5"].includes(name));
        head.push(["content-length", String(Buffer.byteLength(masked.text))]);
        begin();
        response.end(masked.text);
        return undefined;
      }
      const after = Object.entries(trailers).filter(([name]) => !scope.dropHeaders.has(name));
      if (after.length > 0)
        response.addTrailers(after.map(([name, value]): [string, string] => [name, String(value)]));
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

function maskText(bytes: Buffer, scope: Compiled): ReturnType<typeof maskJson> {
  try {
    return maskJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), scope.mask);
  } catch {
    return undefined;
  }
}
