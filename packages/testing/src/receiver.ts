import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An event as it arrived, and whether its signature is right. */
export interface Arrived {
  readonly id: string;
  readonly type: string;
  readonly body: Record<string, unknown>;
  readonly verified: boolean;
}

/** A receiver of signed events (Standard Webhooks), written by hand so that it shares no code with the sender. */
export interface Receiver {
  readonly url: string;
  /** `whsec_…`, for the gateway's configuration. */
  readonly secret: string;
  readonly arrived: readonly Arrived[];
  /** Waits for an event that `wanted` accepts; those that have arrived count. */
  next(wanted: (event: Arrived) => boolean): Promise<Arrived>;
  /** What it answers from now on; 204 at the start. */
  answer(status: number): void;
  stop(): Promise<void>;
}

/** Starts a receiver on a free port of the loopback address. */
export async function startReceiver(): Promise<Receiver> {
  const key = randomBytes(32);
  const arrived: Arrived[] = [];
  const waiting = new Set<() => void>();
  let status = 204;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const header = (name: string): string => String(request.headers[name] ?? "");
      const id = header("webhook-id");
      const timestamp = header("webhook-timestamp");
      // https://www.standardwebhooks.com: the id, the time and the body, joined by dots.
      const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${text}`).digest();
      const verified =
        Math.abs(Date.now() / 1000 - Number(timestamp)) < 300 &&
        header("webhook-signature")
          .split(" ")
          .map((signature) => Buffer.from(signature.replace(/^v1,/, ""), "base64"))
          .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
      const body = JSON.parse(text) as Record<string, unknown>;
      arrived.push({ id, type: String(body["type"]), body, verified });
      for (const wake of waiting) wake();
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    secret: `whsec_${key.toString("base64")}`,
    arrived,
    async next(wanted) {
      for (;;) {
        const found = arrived.find(wanted);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    answer(next) {
      status = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
