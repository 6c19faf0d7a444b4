import type { Duplex } from "node:stream";
import type { Permit } from "../../permit.ts";
import { type RequestControl, valuesIn } from "../http1/dispatch.ts";
import { Cut } from "./relay.ts";
import type { Upstream } from "./upstream.ts";

/** A connection that the upstream has changed to what was asked for. */
export interface Opened {
  /** Names in lower case and values in turn. */
  readonly headers: readonly string[];
  /** Paused: whoever reads it resumes it. */
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

const MAX_ANSWER_BYTES = 65_536;

/** A permitted request to change the connection to another protocol. */
export interface UpgradeRequest {
  readonly method: "GET" | "POST";
  /** Path and query after the upstream's base. */
  readonly target: string;
  readonly headers: readonly string[];
  /** For example `websocket`. */
  readonly upgrade: string;
}

/**
 * Asks the upstream to change the connection to another protocol: who has no permit gets no connection.
 * @throws NotUpgraded, or Cut when the grant ends meanwhile
 */
export function openUpgrade(
  upstream: Upstream,
  permit: Permit<unknown>,
  ask: UpgradeRequest,
  ended: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let body = "";
    const cut = (): void => {
      control.abort();
      fail(new Cut("grant_ended"));
    };
    const finish = (): void => ended.removeEventListener("abort", cut);
    const fail = (error: Error): void => {
      finish();
      reject(error);
    };
    const control: RequestControl = upstream.send(permit, {
      request: {
        path: upstream.base + ask.target,
        method: ask.method,
        headers: ask.headers,
        body: null,
        upgrade: ask.upgrade,
      },
      handler: {
        head(status) {
          if (status >= 200) answered = status;
        },
        data(chunk) {
          body += chunk.toString("utf8");
          if (body.length <= MAX_ANSWER_BYTES) return;
          control.abort();
          fail(new NotUpgraded(answered, ""));
        },
        end: () => fail(new NotUpgraded(answered, body)),
        failed: fail,
        upgraded(headers, socket) {
          finish();
          const [named = "", ...others] = valuesIn(headers, "upgrade");
          if (others.length > 0 || named.toLowerCase() !== ask.upgrade.toLowerCase()) {
            socket.destroy();
            reject(new Cut("upgrade_malformed"));
            return;
          }
          resolve({ headers, socket });
        },
      },
    });
    if (ended.aborted) cut();
    else ended.addEventListener("abort", cut, { once: true });
  });
}
