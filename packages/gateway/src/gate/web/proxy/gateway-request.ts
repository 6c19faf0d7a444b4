import type { Dispatch, OutgoingRequest, RequestControl } from "../http1/dispatch.ts";
import { createByteQueue } from "./byte-queue.ts";
import type { Credentials } from "./upstream.ts";

/** An upstream's answer to a request of the gateway's own. */
export interface GatewayResponse {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends an upstream a request of the gateway's own: a list of plain names, the segments of a path, read with GET. It
 * has no method, header, query or body through which a client's act could leave without a permit.
 * @throws Error when there is no answer within its bounds
 */
export type GatewayRequest = (names: readonly string[]) => Promise<GatewayResponse>;

/** The largest answer, bytes. */
const MAX_ANSWER_BYTES = 4_194_304;
const TIMEOUT_MS = 10_000;
/** Nothing that a server could read as anything but a name (RFC 3986, section 3.3: unreserved characters and the colon). */
const plainName = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,252}$/;

/** Makes the sender for one upstream. */
export function createGatewayRequests(
  dispatch: Dispatch,
  base: string,
  credentials: Credentials,
): GatewayRequest {
  return async (names) => {
    for (const name of names) if (!plainName.test(name)) throw new TypeError("a question is made of names");
    const own = await credentials.headers();
    return answerTo(dispatch, {
      path: `${base}/${names.join("/")}`,
      method: "GET",
      headers: ["accept", "application/json", ...Object.entries(own).flat()],
      body: null,
    });
  };
}

/** Sends a request and reads its answer whole. */
function answerTo(dispatch: Dispatch, request: OutgoingRequest): Promise<GatewayResponse> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const read = createByteQueue();
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const control: RequestControl = dispatch(request, {
      head: (code) => {
        status = code;
      },
      data(chunk) {
        read.push(chunk);
        if (read.length <= MAX_ANSWER_BYTES) return;
        control.abort();
        fail(new Error("the answer is larger than it may be"));
      },
      end() {
        clearTimeout(timer);
        resolve({ status, text: Buffer.concat(read.shift(read.length)).toString("utf8") });
      },
      failed: fail,
      upgraded(_, socket) {
        socket.destroy();
        fail(new Error("the answer changes the protocol"));
      },
    });
    const timer = setTimeout(() => {
      control.abort();
      fail(new Error("the answer did not come in time"));
    }, TIMEOUT_MS);
    timer.unref();
  });
}
