import { createHash, randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { PassThrough, type Duplex, Readable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeCertificate } from "../../../configuration/testing/certificate.ts";
import { createHttp1Client, type Http1ClientOptions } from "./client.ts";
import type { Dispatch, OutgoingRequest, RequestControl } from "./dispatch.ts";

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server that is a function of what it has read on one connection: it writes what it likes. */
interface Upstream {
  readonly origin: string;
  /** What each connection has brought, in the order in which they came. */
  readonly brought: string[];
  /** The connections themselves. */
  readonly connections: Socket[];
}

type Serve = (text: string, socket: Socket, connection: number) => void;

async function start(serve: Serve, tls?: { certificate: string; key: string }): Promise<Upstream> {
  const brought: string[] = [];
  const connections: Socket[] = [];
  const accept = (socket: Socket): void => {
    const at = connections.push(socket) - 1;
    brought.push("");
    sockets.add(socket);
    socket.setEncoding("latin1").on("error", () => undefined);
    socket.on("data", (text: string) => {
      brought[at] += text;
      serve(brought[at] ?? "", socket, at);
    });
  };
  const server =
    tls === undefined
      ? createServer(accept)
      : createTlsServer({ cert: tls.certificate, key: tls.key }, accept);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`, brought, connections };
}

const client = ({ origin }: Upstream, more: Partial<Http1ClientOptions> = {}): Dispatch =>
  createHttp1Client({ origin, maxConnections: 4, timeout: 5000, ...more });

const get: OutgoingRequest = { method: "GET", path: "/", headers: [], body: null };

interface Answer {
  readonly control: RequestControl;
  /** The status and the body; or `failed CODE`. */
  readonly over: Promise<string>;
  readonly socket: Promise<Duplex>;
  /** Resolves with the first bytes of the body. */
  readonly first: Promise<void>;
}

function send(dispatch: Dispatch, request: Partial<OutgoingRequest> = {}): Answer {
  const over = Promise.withResolvers<string>();
  const socket = Promise.withResolvers<Duplex>();
  const first = Promise.withResolvers<undefined>();
  let text = "";
  const control = dispatch(
    { ...get, ...request },
    {
      head: (status) => (text += `${status} `),
      data(chunk) {
        text += chunk.toString("latin1");
        first.resolve(undefined);
      },
      end: (trailers) => over.resolve(text + trailers.join(":")),
      failed: (error) => over.resolve(`failed ${"code" in error ? String(error.code) : error.message}`),
      upgraded: (_, taken) => socket.resolve(taken),
    },
  );
  return { control, over: over.promise, socket: socket.promise, first: first.promise };
}

const ok = (body = ""): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
/** Answers each head with the same bytes. */
const always =
  (answer: string): Serve =>
  (text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.write(answer, "latin1");
  };
const countOf = (text: string | undefined): number => text?.match(/ HTTP\/1\.1\r\n/g)?.length ?? 0;
/** A moment, and behind it all that has come meanwhile is read: after a pause, timers would run first. */
const turn = (): Promise<void> =>
  new Promise((resolve) => setTimeout(() => setImmediate(() => setImmediate(resolve)), 20));

/** Time that passes only when it is told to. */
function standingTime(): { readonly now: () => number; pass: (ms: number) => void } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
    vi.advanceTimersByTime(ms);
  };
  return { now: () => now, pass };
}

describe("a connection", () => {
  it("carries one request after another", async () => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream);
    expect(await send(dispatch).over).toBe("200 a");
    expect(await send(dispatch).over).toBe("200 a");
    expect(upstream.brought.map(countOf)).toEqual([2]);
  });

  it.each([
    [
      "the server says that it closes it",
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
    ],
    ["bytes follow the answer", `${ok("a")}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb`],
    [
      "the server keeps it for no time",
      `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 1\r\n\r\na`,
    ],
  ])("carries no other once %s", async (_, answer) => {
    const upstream = await start(always(answer));
    const dispatch = client(upstream);
    expect(await send(dispatch).over).toBe("200 a");
    expect(await send(dispatch).over).toBe("200 a");
    expect(upstream.brought.map(countOf)).toEqual([1, 1]);
  });

  it.each([
    ["brings bytes that nobody asked for", (socket: Socket) => socket.write(ok("evil"))],
    ["is closed", (socket: Socket) => socket.end()],
    ["is reset", (socket: Socket) => socket.resetAndDestroy()],
  ])("that %s while it is idle is not used again", async (_, act) => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream);
    expect(await send(dispatch).over).toBe("200 a");
    act(upstream.connections[0] as Socket);
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true);
    await turn();
    expect(await send(dispatch).over).toBe("200 a");
    expect(upstream.brought.map(countOf)).toEqual([1, 1]);
  });

  it("is not used again past its time", async () => {
    let now = 0;
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream, { now: () => now });
    for (const at of [0, 29_000, 60_000]) {
      now = at;
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await send(dispatch).over).toBe("200 a");
    }
    expect(upstream.brought.map(countOf)).toEqual([2, 1]);
  });

  it("that fails loses its request: nobody sends it again", async () => {
    let requests = 0;
    const upstream = await start((text, socket) => {
      if (!text.endsWith("\r\n\r\n")) return;
      requests += 1;
      if (requests === 1) socket.write(ok("a"));
      else socket.destroy();
    });
    const dispatch = client(upstream);
    expect(await send(dispatch).over).toBe("200 a");
    expect(await send(dispatch).over).toBe("failed ANSWER_CUT_SHORT");
    await turn();
    expect(requests).toBe(2);
  });

  it("hears nothing of a request that is over", async () => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream);
    const first = send(dispatch);
    await first.over;
    const second = send(dispatch);
    first.control.pause();
    first.control.abort();
    expect(await second.over).toBe("200 a");
    expect(upstream.brought.map(countOf)).toEqual([2]);
  });

  it("is read on for the next request where the last one had paused it", async () => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream);
    const first = send(dispatch);
    first.control.pause();
    const paused: RequestControl = await new Promise((resolve) => {
      const control = dispatch(get, {
        head: () => undefined,
        data: () => control.pause(),
        end: () => resolve(control),
        failed: () => undefined,
        upgraded: () => undefined,
      });
    });
    paused.resume();
    expect(await send(dispatch).over).toBe("200 a");
    first.control.abort();
  });
});

describe("an answer", () => {
  it.each([
    [
      "with chunks and trailers",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: 1\r\n\r\n",
      "200 ax:1",
    ],
    [
      "after interim ones",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok("a")}`,
      "100 103 200 a",
    ],
    [
      "that is malformed",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "failed ANSWER_LENGTH_TWICE",
    ],
    [
      "that changes the protocol unasked",
      "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n",
      "failed ANSWER_SWITCHED_UNASKED",
    ],
  ])("%s", async (_, bytes, told) => {
    expect(await send(client(await start(always(bytes)))).over).toBe(told);
  });

  it("that its connection ends is whole only where nothing else frames it", async () => {
    const framed = await start((_, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"));
    expect(await send(client(framed)).over).toBe("failed ANSWER_CUT_SHORT");
    const open = await start((_, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\na"));
    expect(await send(client(open)).over).toBe("200 a");
    const reset = await start((_, socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\na", () => setTimeout(() => socket.resetAndDestroy(), 20));
    });
    expect(await send(client(reset)).over).toBe("failed ECONNRESET");
  });

  it("comes at its reader's pace", async () => {
    const size = 8_000_000;
    const upstream = await start((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write("x".repeat(size));
    });
    const answer = send(client(upstream));
    await answer.first;
    answer.control.pause();
    await turn();
    expect(upstream.connections[0]?.writableLength).toBeGreaterThan(0);
    answer.control.resume();
    expect((await answer.over).length).toBe(size + 4);
  });

  it("keeps each chunk until it is released, and reads into it again after that", async () => {
    const whole = randomBytes(6_000_000);
    const upstream = await start((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n`);
      socket.write(whole);
    });
    const memory = new Set<ArrayBufferLike>();
    const digest = createHash("sha256");
    const held: { readonly chunk: Buffer; readonly release: (() => void) | undefined }[] = [];
    /** Looks at the oldest: whatever was read meanwhile must not have been read over it. */
    const look = (): void => {
      const { chunk, release } = held.shift() ?? { chunk: Buffer.alloc(0) };
      digest.update(chunk);
      if (release !== undefined) memory.add(chunk.buffer);
      release?.();
      release?.();
    };
    await new Promise<void>((resolve) => {
      client(upstream)(get, {
        head: () => undefined,
        data(chunk, release) {
          held.push({ chunk, release });
          if (held.length > 3) look();
        },
        end: () => resolve(),
        failed: () => undefined,
        upgraded: () => undefined,
      });
    });
    while (held.length > 0) look();
    expect(digest.digest("hex")).toBe(createHash("sha256").update(whole).digest("hex"));
    expect(memory.size).toBeGreaterThan(0);
    expect(memory.size).toBeLessThan(10);
  });

  it("that does not begin in time is given up, and its connection with it", async () => {
    const upstream = await start(() => undefined);
    expect(await send(client(upstream, { timeout: 50 })).over).toBe("failed UPSTREAM_HEAD_TIMEOUT");
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true);
  });

  it("that was begun may take as long as it likes", async () => {
    const { now, pass } = standingTime();
    const upstream = await start((_, socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"),
    );
    const answer = send(client(upstream, { timeout: 50, now }));
    await answer.first;
    pass(150);
    upstream.connections[0]?.write("b");
    expect(await answer.over).toBe("200 ab");
  });
});

describe("a request", () => {
  const asText = (parts: readonly string[]): Readable =>
    Readable.from(parts.map((each) => Buffer.from(each)));

  it("waits for a connection where all are taken, and goes when one is free", async () => {
    const upstream = await start(() => undefined);
    const dispatch = client(upstream, { maxConnections: 1 });
    const first = send(dispatch);
    const second = send(dispatch);
    const third = send(dispatch);
    await expect.poll(() => countOf(upstream.brought[0])).toBe(1);
    await turn();
    expect(upstream.connections).toHaveLength(1);
    third.control.abort();
    upstream.connections[0]?.write(ok("a"));
    expect(await first.over).toBe("200 a");
    await expect.poll(() => countOf(upstream.brought[0])).toBe(2);
    upstream.connections[0]?.write(ok("b"));
    expect(await second.over).toBe("200 b");
    await turn();
    expect(upstream.brought.map(countOf)).toEqual([2]);
  });

  it("that waits goes over a new connection when the old one fails", async () => {
    const upstream = await start((_, socket, at) => {
      if (at === 0) socket.destroy();
      else socket.write(ok("a"));
    });
    const dispatch = client(upstream, { maxConnections: 1 });
    const first = send(dispatch);
    expect(await send(dispatch).over).toBe("200 a");
    expect(await first.over).toBe("failed ANSWER_CUT_SHORT");
  });

  it("that waits for too long is told so", async () => {
    const { now, pass } = standingTime();
    const upstream = await start((_, socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na"),
    );
    const dispatch = client(upstream, { maxConnections: 1, timeout: 50, now });
    await send(dispatch).first;
    const waiting = send(dispatch);
    pass(50);
    expect(await waiting.over).toBe("failed UPSTREAM_BUSY_TIMEOUT");
    expect(upstream.brought.map(countOf)).toEqual([1]);
  });

  it("fails where nobody listens, and so does the next", async () => {
    const upstream = await start(() => undefined);
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    const dispatch = client(upstream, { maxConnections: 1 });
    const both = [send(dispatch), send(dispatch)];
    expect(await Promise.all(both.map(({ over }) => over))).toEqual([
      "failed ECONNREFUSED",
      "failed ECONNREFUSED",
    ]);
  });

  it("that cannot be written does not leave", async () => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream);
    expect(await send(dispatch, { path: "/a b" }).over).toBe("failed REQUEST_MALFORMED");
    expect(upstream.connections).toHaveLength(0);
  });

  it("that is given up takes its connection with it, and tells nothing more", async () => {
    const upstream = await start((_, socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na"),
    );
    const dispatch = client(upstream, { maxConnections: 1 });
    const answer = send(dispatch);
    await answer.first;
    answer.control.abort();
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true);
    expect(await Promise.race([answer.over, turn().then(() => "silence")])).toBe("silence");
    // Its place is free again.
    await send(dispatch).first;
  });

  it("fails where no connection can even be begun, and takes no place", async () => {
    const upstream = await start(() => undefined);
    const own = await makeCertificate();
    // The key of another certificate.
    const certificate = { certificate: own.certificate, key: (await makeCertificate()).key };
    const origin = upstream.origin.replace("http:", "https:");
    const dispatch = client({ ...upstream, origin }, { maxConnections: 1, certificate });
    for (let at = 0; at < 3; at += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await send(dispatch).over).toMatch(/^failed ERR_/);
  });

  it("that is given up before it has a connection never leaves", async () => {
    const upstream = await start(always(ok("a")));
    const dispatch = client(upstream, { maxConnections: 1 });
    send(dispatch).control.abort();
    expect(await send(dispatch).over).toBe("200 a");
    await turn();
    expect(upstream.brought.map(countOf).filter((count) => count > 0)).toEqual([1]);
  });

  it("has its body written as it comes, in chunks or by its length", async () => {
    const upstream = await start((text, socket) => {
      if (/\r\n0\r\n\r\n$|cd$/.test(text)) socket.write(ok("a"));
    });
    const dispatch = client(upstream);
    const put = { method: "PUT", body: asText(["ab", "cd"]) };
    expect(await send(dispatch, put).over).toBe("200 a");
    expect(
      await send(dispatch, { ...put, body: asText(["ab", "cd"]), headers: ["content-length", "4"] }).over,
    ).toBe("200 a");
    const [text = ""] = upstream.brought;
    expect(text).toContain("transfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
    expect(text).toContain("content-length: 4\r\n\r\nabcd");
  });

  it.each([
    ["longer", ["ab", "c"]],
    ["shorter", ["a"]],
  ])("whose body is %s than its length is broken off", async (_, parts) => {
    const upstream = await start(() => undefined);
    const answer = send(client(upstream), {
      method: "PUT",
      body: asText(parts),
      headers: ["content-length", "2"],
    });
    expect(await answer.over).toBe("failed REQUEST_LENGTH_WRONG");
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true);
    expect(upstream.brought[0] ?? "").not.toContain("abc");
  });

  it("whose answer is there before its body gets it, and its connection carries no other", async () => {
    const upstream = await start((text, socket) => {
      if (text.endsWith("ab\r\n")) socket.write(ok("early"));
    });
    const dispatch = client(upstream);
    const body = new PassThrough();
    body.write("ab");
    expect(await send(dispatch, { method: "PUT", body }).over).toBe("200 early");
    expect(body.destroyed).toBe(false);
    await expect.poll(() => upstream.connections[0]?.destroyed).toBe(true);
    send(dispatch);
    await expect.poll(() => upstream.connections.length).toBe(2);
  });

  it("that asks for another protocol gets the connection, with its first bytes", async () => {
    const upstream = await start((text, socket) => {
      if (text.endsWith("\r\n\r\n"))
        socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nfirst");
      else socket.write(text.slice(-4));
    });
    const dispatch = client(upstream, { maxConnections: 1 });
    const socket = await send(dispatch, { upgrade: "echo" }).socket;
    let text = "";
    socket.setEncoding("latin1").on("data", (more: string) => (text += more));
    socket.resume();
    socket.write("ping");
    await expect.poll(() => text).toBe("firstping");
    // It counts no more among the connections of the pool.
    send(dispatch);
    await expect.poll(() => upstream.connections.length).toBe(2);
    socket.destroy();
  });
});

it("that asks for another protocol gets the place of a connection that is idle, or of one that becomes so", async () => {
  const upstream = await start((text, socket) => {
    if (text.includes("upgrade: echo"))
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n");
  });
  const dispatch = client(upstream, { maxConnections: 1 });
  const first = send(dispatch);
  const second = send(dispatch, { upgrade: "echo" });
  await expect.poll(() => countOf(upstream.brought[0])).toBe(1);
  upstream.connections[0]?.write(ok("a"));
  expect(await first.over).toBe("200 a");
  (await second.socket).destroy();
  const third = send(dispatch);
  await expect.poll(() => countOf(upstream.brought[2])).toBe(1);
  upstream.connections[2]?.write(ok("a"));
  expect(await third.over).toBe("200 a");
  (await send(dispatch, { upgrade: "echo" }).socket).destroy();
  expect(upstream.brought.map(countOf)).toEqual([1, 1, 1, 1]);
});

it("that asks for another protocol in vain leaves a connection that carries no other", async () => {
  const upstream = await start(always(ok("a")));
  const dispatch = client(upstream);
  expect(await send(dispatch, { upgrade: "echo" }).over).toBe("200 a");
  expect(await send(dispatch).over).toBe("200 a");
  expect(upstream.brought.map(countOf)).toEqual([1, 1]);
});

describe("a server behind TLS", () => {
  it("is reached where its CA vouches for it and its certificate names it, and not otherwise", async () => {
    const [own, other, nameless] = await Promise.all([
      makeCertificate("127.0.0.1"),
      makeCertificate("127.0.0.1"),
      makeCertificate(),
    ]);
    const upstream = await start(always(ok("a")), own);
    const misnamed = await start(always(ok("a")), nameless);
    const told = (to: Upstream, ca: { certificate: string } | undefined): Promise<string> =>
      send(client(to, ca === undefined ? {} : { ca: ca.certificate })).over;
    expect(await told(upstream, undefined)).toBe("failed DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(await told(upstream, other)).toBe("failed DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(await told(misnamed, nameless)).toBe("failed ERR_TLS_CERT_ALTNAME_INVALID");
    expect([...upstream.brought, ...misnamed.brought].join("")).toBe("");
    expect(await told(upstream, own)).toBe("200 a");
  });
});
