import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { Cut } from "./relay.ts";
import type { Upstream } from "./upstream.ts";

/** What a server answers to a key (RFC 6455, section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A connection that the upstream has changed to what was asked for. */
export interface Opened {
  readonly headers: IncomingHttpHeaders;
  readonly socket: Duplex;
}

/** The upstream answered, and did not change the connection: a redirect is such an answer, and not followed. */
export class NotUpgraded extends Cut {
  readonly status: number;
  /** The answer's beginning. */
  readonly body: string;

  constructor(status: number, body: string) {
    super(`upstream_status_${status}`);
    this.status = status;
    this.body = body;
  }
}

const mostBody = 65_536;

/**
 * Asks the upstream to change the connection to another protocol.
 * @throws NotUpgraded, or Cut when the grant ends meanwhile
 */
export function openUpgrade(
  upstream: Upstream,
  ask: {
    readonly method: "GET" | "POST";
    /** Path and query after the upstream's base. */
    readonly target: string;
    readonly headers: string[];
    /** For example `websocket`. */
    readonly upgrade: string;
  },
  ended: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let over = false;
    let answered: number | undefined;
    let body = "";
    let cut = (): void => undefined;
    const finish = (): void => {
      over = true;
      clearTimeout(waiting);
      ended.removeEventListener("abort", cut);
    };
    const fail = (error: Error): void => {
      finish();
      reject(error);
    };
    // Nobody waits for a connection upstream, or for its answer, for longer than a request does.
    const waiting = setTimeout(() => {
      fail(new Cut("UPSTREAM_BUSY_TIMEOUT"));
      cut();
    }, upstream.timeout);
    waiting.unref();
    upstream.pool.dispatch(
      { path: upstream.base + ask.target, method: ask.method, headers: ask.headers, upgrade: ask.upgrade },
      {
        onRequestStart(controller) {
          cut = () => controller.abort(new Cut("grant_ended"));
          if (ended.aborted || over) cut();
          else ended.addEventListener("abort", cut, { once: true });
        },
        onRequestUpgrade(_, status, headers, socket) {
          // What is not 101 is never taken for a tunnel.
          if (over || status !== 101) {
            socket.destroy();
            fail(new Cut(`upstream_status_${status}`));
            return;
          }
          finish();
          if (String(headers["upgrade"] ?? "").toLowerCase() !== ask.upgrade.toLowerCase()) {
            socket.destroy();
            reject(new Cut("upgrade_malformed"));
            return;
          }
          resolve({ headers, socket });
        },
        onResponseStart(_, status) {
          if (status >= 200) answered = status;
        },
        onResponseData(controller, chunk) {
          body += chunk.toString("utf8");
          if (body.length <= mostBody) return;
          fail(new NotUpgraded(answered ?? 0, ""));
          controller.abort(new Cut("answer_too_large"));
        },
        onResponseEnd: () => fail(new NotUpgraded(answered ?? 0, body)),
        onResponseError: (_, error) => fail(error),
      },
    );
  });
}
