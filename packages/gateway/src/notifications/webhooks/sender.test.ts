import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { issue, makeAuthority } from "../../main/tls/make-certificate.ts";
import { startReceiver, until } from "../testing/harness.ts";
import { httpSender, type Sender } from "./sender.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A sender whose time stands still: whatever ends, no timer ended it. */
function senderOf(url: string, clock: Clock = fakeClock()): Sender {
  const sender = httpSender({ url, clock, connections: 2, timeout: 15_000 });
  undo.push(() => sender.close());
  return sender;
}

async function receiver(...of: Parameters<typeof startReceiver>): ReturnType<typeof startReceiver> {
  const started = await startReceiver(...of);
  undo.push(() => started.close());
  return started;
}

const never = new AbortController().signal;

test("an answer without end is cut by its length alone", async () => {
  let isCut = false;
  const at = await receiver((response) => {
    response.on("close", () => {
      isCut = true;
    });
    response.writeHead(200);
    const write = (): void => {
      if (!response.destroyed) response.write("x".repeat(8192), () => setImmediate(write));
    };
    write();
  });
  expect(await senderOf(at.url).send("{}", {}, never)).toEqual({ status: 200 });
  await until(() => isCut, "the cut");
});

test("an answer that trickles is cut when its time is over", async () => {
  const clock = fakeClock();
  let isCut = false;
  const at = await receiver((response) => {
    response.on("close", () => {
      isCut = true;
    });
    response.writeHead(200);
    response.write("x");
  });
  expect(await senderOf(at.url, clock).send("{}", {}, never)).toEqual({ status: 200 });
  expect(isCut).toBe(false);
  clock.advance(1000);
  await until(() => isCut, "the cut");
});

test("a connection is used again, and one that the receiver closed meanwhile costs nothing", async () => {
  const ports: (number | undefined)[] = [];
  const at = await receiver((response, n, request) => {
    ports.push(request.socket.remotePort);
    response.writeHead(204).end();
    // Closes as an idle connection is closed: after the answer.
    if (n === 2) response.on("finish", () => request.socket.destroy());
  });
  const sender = senderOf(at.url);
  for (let i = 0; i < 4; i++) expect(await sender.send("{}", {}, never)).toEqual({ status: 204 });
  expect(ports[1]).toBe(ports[0]);
  expect(ports[2]).not.toBe(ports[0]);
  expect(at.calls).toHaveLength(4);
});

test.each([
  ["120", 120_000],
  ["0", 0],
  ["Thu, 01 Jan 2026 12:01:00 GMT", 60_000],
  ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
])("a pause of %s is read", async (header, ms) => {
  const at = await receiver((response) => response.writeHead(429, { "retry-after": header }).end());
  expect(await senderOf(at.url).send("{}", {}, never)).toEqual({ status: 429, retryAfter: ms });
});

test.each(["soon", "-1", "1e9", "99999999999"])("a pause of %s is none", async (header) => {
  const at = await receiver((response) => response.writeHead(503, { "retry-after": header }).end());
  const { retryAfter } = await senderOf(at.url).send("{}", {}, never);
  expect(retryAfter === undefined || retryAfter >= 0).toBe(true);
});

test("nobody there, and a stop, are said in words", async () => {
  const at = await receiver();
  await at.close();
  undo.length = 0;
  const result = await senderOf(at.url).send("{}", {}, never);
  expect(result.error).toMatch(/ECONNREFUSED/);
  expect(await senderOf(at.url).send("{}", {}, AbortSignal.abort())).toEqual({ error: "the gateway stops" });
});

test.each([undefined, "0"])(
  "over TLS the receiver's certificate is verified: with the public CAs, or with the one that is named (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
  async (variable) => {
    if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
    const now = Date.now();
    const [authority, other] = [await makeAuthority(now), await makeAuthority(now)];
    const { certificate, key } = await issue(authority, ["localhost"], now);
    let calls = 0;
    const server = createServer({ cert: certificate, key }, (_request, response) => {
      calls += 1;
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    undo.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const send = async (host: string, ca?: string) => {
      const sender = httpSender({
        url: `https://${host}:${port}/`,
        clock: fakeClock(),
        connections: 1,
        timeout: 15_000,
        ...(ca === undefined ? {} : { ca }),
      });
      const result = await sender.send("{}", {}, never);
      sender.close();
      return result;
    };
    expect(await send("localhost", authority.certificate)).toEqual({ status: 204 });
    for (const refused of [
      await send("localhost"),
      await send("localhost", other.certificate),
      await send("127.0.0.1", authority.certificate),
    ]) {
      expect(refused.status).toBeUndefined();
      expect(refused.error).toMatch(/certificate|altnames/i);
    }
    expect(calls).toBe(1);
  },
);
