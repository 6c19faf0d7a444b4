import { createServer as createPlain, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { until } from "../../../notifications/testing/harness.ts";
import { makeCertificate, type TestCertificate } from "../../../protocols/postgres/testing/wire.ts";
import { range, recordsOf, turns } from "../../testing/stream.ts";
import type { Destination, Handover } from "../../destination.ts";
import { syslogDestination } from "./syslog.ts";

// A receiver that behaves as no receiver should, and one that ends connections as it likes.

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await makeCertificate(["localhost"]);
});
afterAll(() => certificate.remove());

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const step of undo.splice(0).toReversed()) await step();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A receiver over TLS. @param meet what it does with each connection */
async function receiver(meet: (socket: TLSSocket, n: number) => void, halfOpen = false): Promise<number> {
  let n = 0;
  const { certificate: cert, key } = certificate;
  const server = createServer({ cert, key, allowHalfOpen: halfOpen }, (socket) => {
    socket.on("error", () => undefined);
    n += 1;
    meet(socket, n);
  });
  server.on("tlsClientError", () => undefined);
  return listen(server);
}

function destinationAt(port: number, more: { host?: string; ca?: string } = {}) {
  const clock = fakeClock();
  const destination = syslogDestination(
    { kind: "syslog", host: "localhost", port, ca: certificate.authority, resend: 60_000, ...more },
    { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" },
    clock,
  );
  return { clock, destination };
}
const never = new AbortController().signal;
const batch = (from: number, to: number) => ({ records: recordsOf(range(from, to)), next: to });
const pending = { kind: "pending" };

/** What is wrong, as soon as it is known. */
async function failureOf(destination: Destination): Promise<Handover | undefined> {
  let answer: Handover | undefined;
  const giveUp = Date.now() + 15_000;
  while (answer?.kind !== "failed" && Date.now() < giveUp) {
    await turns(1);
    answer = await destination.settle?.(never);
  }
  return answer;
}

/** Lets what is on its way over the loopback address come. */
const breathe = (): Promise<void> => turns(200);

test("what the receiver has read counts as delivered once the next connection has lived for `resend`", async () => {
  const got: string[] = [];
  const port = await receiver((socket) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("end", () => got.push(text));
  });
  const { clock, destination } = destinationAt(port);
  expect(await destination.send(batch(0, 3), never)).toEqual(pending);
  expect(await destination.send(batch(3, 5), never)).toEqual(pending);
  clock.advance(1999);
  expect(await destination.settle?.(never)).toEqual(pending);
  expect(got).toEqual([]);
  clock.advance(1);
  expect(await destination.settle?.(never)).toEqual(pending);
  expect(got.join("").match(/seq="\d+"/g)).toEqual(range(0, 5).map((seq) => `seq="${seq}"`));
  clock.advance(59_999);
  expect(await destination.settle?.(never)).toEqual(pending);
  clock.advance(1);
  expect(await destination.settle?.(never)).toEqual({ kind: "delivered", delivered: 5 });
  await destination.close();
});

test("a connection that breaks takes with it what was sent over it, and what was read not long before", async () => {
  const open: TLSSocket[] = [];
  const port = await receiver((socket) => {
    open.push(socket);
    socket.resume();
  });
  const { clock, destination } = destinationAt(port);
  await destination.send(batch(0, 3), never);
  clock.advance(2000);
  expect(await destination.settle?.(never)).toEqual(pending);
  expect(open).toHaveLength(2);
  clock.advance(59_000);
  // Nothing was sent over this one: it tells that the receiver died.
  open[1]?.destroy();
  expect(await failureOf(destination)).toMatchObject({ kind: "failed" });
  clock.advance(10_000);
  expect(await destination.settle?.(never)).toEqual(pending);
  await destination.close();
});

test("a connection that breaks when nothing is at risk is no failure", async () => {
  const open: TLSSocket[] = [];
  const port = await receiver((socket) => {
    open.push(socket);
    socket.resume();
  });
  const { clock, destination } = destinationAt(port);
  await destination.send(batch(0, 1), never);
  clock.advance(2000);
  await destination.settle?.(never);
  clock.advance(60_000);
  expect(await destination.settle?.(never)).toEqual({ kind: "delivered", delivered: 1 });
  open[1]?.end();
  // It is closed here once it was closed there.
  await until(() => open[1]?.closed === true);
  expect(await destination.settle?.(never)).toEqual(pending);
  expect(await destination.send(batch(1, 2), never)).toEqual(pending);
  await until(() => open.length === 3);
  await destination.close();
});

test("a receiver that does not close when it is told the end may have read nothing", async () => {
  let isEnded = false;
  const port = await receiver((socket) => {
    socket.resume();
    socket.once("end", () => {
      isEnded = true;
    });
  }, true);
  const { clock, destination } = destinationAt(port);
  await destination.send(batch(0, 1), never);
  clock.advance(2000);
  const settled = destination.settle?.(never);
  await until(() => isEnded);
  clock.advance(30_000);
  expect(await settled).toEqual({
    kind: "failed",
    why: "the receiver did not close the connection within 30 s of its end",
  });
  await destination.close();
});

test("a stop waits for no receiver that does not close", async () => {
  let isEnded = false;
  const port = await receiver((socket) => {
    socket.resume();
    socket.once("end", () => {
      isEnded = true;
    });
  }, true);
  const stopping = new AbortController();
  const { clock, destination } = destinationAt(port);
  await destination.send(batch(0, 1), stopping.signal);
  clock.advance(2000);
  const settled = destination.settle?.(stopping.signal);
  await until(() => isEnded);
  stopping.abort();
  expect(await settled).toEqual({ kind: "failed", why: "the gateway stops" });
  await destination.close();
});

test("a stop waits for no receiver that takes nothing", async () => {
  let isMet = false;
  const port = await receiver((socket) => {
    socket.pause();
    isMet = true;
  });
  const stopping = new AbortController();
  const { destination } = destinationAt(port);
  const text = JSON.stringify({ text: "x".repeat(900_000) });
  const records = range(0, 30).map((seq) => ({ seq, at: 0, type: "act.intent", text }));
  const sent = destination.send({ records, next: 30 }, stopping.signal);
  await until(() => isMet);
  await breathe();
  stopping.abort();
  expect(await sent).toEqual({ kind: "failed", why: "the gateway stops" });
  await destination.close();
});

test("a receiver that takes nothing is given up, and its records are kept", async () => {
  let isMet = false;
  const port = await receiver((socket) => {
    socket.pause();
    isMet = true;
  });
  const { clock, destination } = destinationAt(port);
  const text = JSON.stringify({ text: "x".repeat(900_000) });
  const records = range(0, 30).map((seq) => ({ seq, at: 0, type: "act.intent", text }));
  const sent = destination.send({ records, next: 30 }, never);
  await until(() => isMet);
  await breathe();
  clock.advance(30_000);
  expect(await sent).toEqual({ kind: "failed", why: "the receiver took nothing for 30 s" });
  await destination.close();
});

test("what talks without end is no receiver of syslog", async () => {
  const port = await receiver((socket) => {
    const talk = (): void => {
      if (!socket.destroyed) socket.write("x".repeat(8192), () => setImmediate(talk));
    };
    talk();
  });
  const { destination } = destinationAt(port);
  const answer = await destination.send(batch(0, 1), never);
  expect(answer.kind === "failed" ? answer : await failureOf(destination)).toEqual({
    kind: "failed",
    why: "what answers there is no receiver of syslog",
  });
  await destination.close();
});

test("garbage instead of TLS, silence, and nobody there are failures", async () => {
  const garbage = await listen(createPlain((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
  expect(await destinationAt(garbage).destination.send(batch(0, 1), never)).toMatchObject({ kind: "failed" });
  const silent = await listen(createPlain());
  const { clock, destination } = destinationAt(silent);
  const sent = destination.send(batch(0, 1), never);
  clock.advance(10_000);
  expect(await sent).toEqual({ kind: "failed", why: "no connection within 10 s" });
  const nobody = await destinationAt(1).destination.send(batch(0, 1), never);
  expect(nobody).toMatchObject({ kind: "failed", why: /ECONNREFUSED/ });
});

test.each([undefined, "0"])(
  "the receiver's certificate is verified: its CA, and the name that was asked for (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
  async (variable) => {
    if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
    let calls = 0;
    const port = await receiver(() => {
      calls += 1;
    });
    const other = await makeCertificate(["localhost"]);
    undo.push(other.remove);
    const stranger = await destinationAt(port, { ca: other.authority }).destination.send(batch(0, 1), never);
    expect(stranger).toMatchObject({ kind: "failed", why: /certificate/ });
    const misnamed = await destinationAt(port, { host: "127.0.0.1" }).destination.send(batch(0, 1), never);
    expect(misnamed).toMatchObject({ kind: "failed", why: /altnames/ });
    await breathe();
    expect(calls).toBe(0);
  },
);

test("a stop ends a connection that is being made", async () => {
  const silent = await listen(createPlain());
  const stopping = new AbortController();
  const sent = destinationAt(silent).destination.send(batch(0, 1), stopping.signal);
  await breathe();
  stopping.abort();
  expect(await sent).toEqual({ kind: "failed", why: "the gateway stops" });
});
