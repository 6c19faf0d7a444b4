import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
} from "node:http2";
import { createServer as createTcp, type Server as TcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bearer, head, type Rig, startRig } from "./testing/rig.ts";

let rig: Rig;
let bad: TcpServer | undefined;

afterEach(async () => {
  await rig.close();
  bad?.close();
  bad = undefined;
});

const secret = "ada@example.com";
const json = JSON.stringify({ id: 7, customer: { email: secret } });
const done = /\r\n0\r\n\r\n$|\r\n\r\n\{.*\}$/s;

/** Answers ranges as a static file server does. */
function ranged(request: IncomingMessage, response: ServerResponse): void {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  response.setHeader("content-type", "application/json");
  if (match === null) {
    response.end(json);
    return;
  }
  const [from, to] = [Number(match[1]), Number(match[2])];
  response.writeHead(206, { "content-range": `bytes ${from}-${to}/${json.length}` });
  response.end(json.slice(from, to + 1));
}

describe("a masked answer", () => {
  const operations = {
    read: { requests: ["GET /v1/{x}"], query: [], response: { mask: ["/customer/email"] } },
  };

  it("can't be cut into a part that is JSON by itself", async () => {
    rig = await startRig({ api: ranged, operations });
    const at = json.indexOf(`"${secret}"`);
    const answer = await rig.raw(
      head("GET", "/v1/a", { Range: `bytes=${at}-${at + secret.length + 1}` }),
      done,
    );
    expect(answer).not.toContain(secret);
    expect(answer).toContain('"email":"***"');
  });

  it("is refused in parts, whatever the API was asked for", async () => {
    rig = await startRig({
      api: (_, response) => {
        response.writeHead(206, { "content-type": "application/json" }).end(`"${secret}"`);
      },
      operations,
    });
    const answer = await rig.raw(head("GET", "/v1/a"), done);
    expect(answer).not.toContain(secret);
    expect(answer).toContain("answer_not_maskable");
  });

  it("tells no digest of what was masked", async () => {
    rig = await startRig({
      api: (_, response) => {
        response.setHeader("content-digest", "sha-256=:abc:");
        response.setHeader("repr-digest", "sha-256=:abc:");
        response.end(json);
      },
      operations,
    });
    expect(await rig.raw(head("GET", "/v1/a"), done)).not.toMatch(/sha-256/);
  });
});

describe("what an API sends beside its answer", () => {
  it("sets no cookie by a trailer", async () => {
    rig = await startRig({
      api: (_, response) => {
        response.writeHead(200, { trailer: "Set-Cookie, X-Checksum" });
        response.write("x");
        response.addTrailers([
          ["Set-Cookie", "session=1"],
          ["X-Checksum", "abc"],
        ]);
        response.end();
      },
      operations: { read: { requests: ["GET /v1/{x}"] } },
    });
    const answer = await rig.raw(head("GET", "/v1/a", { TE: "trailers" }), /\r\n0\r\n[^]*\r\n\r\n$/);
    expect(answer).toMatch(/x-checksum: abc/i);
    expect(answer).not.toMatch(/set-cookie: session/i);
  });

  it("gives no header that its Connection header claims", async () => {
    rig = await startRig({
      api: (_, response) => {
        response.writeHead(200, { connection: "close, X-Hop", "x-hop": "inner" }).end("{}");
      },
      operations: { read: { requests: ["GET /v1/{x}"] } },
    });
    expect(await rig.raw(head("GET", "/v1/a"), done)).not.toMatch(/x-hop/i);
  });
});

/** An upstream that answers with raw bytes. */
async function rawUpstream(bytes: string, end = true): Promise<string> {
  const server = createTcp((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(bytes, "latin1");
      if (end) socket.end();
    });
  });
  bad = server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an API that answers what is no HTTP", () => {
  it.each([
    ["a status below 100", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n"],
    ["an unasked upgrade", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc"],
    ["garbage", "SSH-2.0-OpenSSH_9\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a NUL in a header", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"],
    ["a torn chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["nothing", ""],
    ["interim answers alone", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(50)],
  ])("is a clear error and a record: %s", async (_, bytes) => {
    const url = await rawUpstream(bytes);
    rig = await startRig({
      api: (__, response) => void response.end(),
      operations: { read: { requests: ["GET /v1/{x}"] } },
      target: { url },
    });
    const answer = await rig.raw(head("GET", "/v1/a", { Connection: "close" }));
    expect(answer === "" || /^HTTP\/1\.1 (?:502|200)/.test(answer)).toBe(true);
    await expect.poll(() => rig.records("act.outcome").length).toBe(1);
    expect(rig.records("act.outcome")[0]).toHaveProperty("error");
    expect(rig.world.faults).toEqual([]);
  });
});

describe("an upload", () => {
  const operations = {
    upload: { requests: ["POST /v1/{x}"], body: { max: "1KiB", types: ["application/json"] } },
    large: { requests: ["PUT /v1/{x}"], body: { max: "10MiB", types: ["text/plain"] } },
  };

  it("in chunks that turns out too large is refused in words", async () => {
    rig = await startRig({ api: (_, response) => void response.end("{}"), operations });
    const body = `${(2048).toString(16)}\r\n${"x".repeat(2048)}\r\n`;
    const answer = await rig.raw(
      `${head("POST", "/v1/a", { "Content-Type": "application/json", "Transfer-Encoding": "chunked" })}${body}`,
      /\r\n\r\n\{.*\}$/s,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (?:403|413) /);
    expect(answer).toMatch(/larger than|has to be read/);
  });

  it("that the API answers early does not leave its connection in between", async () => {
    rig = await startRig({
      api: (_, response) => {
        response.writeHead(413, { "content-length": "2" }).end("no");
      },
      operations,
    });
    const socket = rig.connect();
    let all = "";
    socket.setEncoding("latin1").on("data", (text: string) => (all += text));
    const closed = once(socket, "close");
    socket.write(
      `${head("PUT", "/v1/a", { "Content-Type": "text/plain", "Content-Length": "5000000" })}${"x".repeat(200_000)}`,
    );
    await closed;
    expect(all).toMatch(/^HTTP\/1\.1 413 /);
    expect(all).toMatch(/connection: close/i);
  });

  it("that waits for its body is answered when its grant ends", async () => {
    rig = await startRig({ api: (_, response) => void response.end("{}"), operations });
    const answer = rig.raw(
      `${head("POST", "/v1/a", { "Content-Type": "application/json", "Content-Length": "10" })}{`,
      /\r\n\r\n\{.*\}$/s,
    );
    await expect.poll(() => rig.records("session.opened").length).toBe(1);
    rig.world.end("gr_0000000000000001", { state: "released", words: "the grant was released" });
    expect(await answer).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("a client of HTTP/2 that resets its streams", () => {
  let server: Http2Server;
  let client: ClientHttp2Session;
  let open = 0;
  let most = 0;
  const bodies: string[] = [];

  const start = async (): Promise<void> => {
    open = most = 0;
    bodies.length = 0;
    rig = await startRig({
      api: (request, response) => {
        most = Math.max(most, (open += 1));
        response.once("close", () => (open -= 1));
        let body = "";
        request.setEncoding("utf8").on("data", (part: string) => (body += part));
        request.once("end", () => {
          if (request.method === "PUT") bodies.push(body);
        });
        if (request.method === "GET") response.write("open");
      },
      operations: {
        follow: { requests: ["GET /v1/{x}"] },
        upload: { requests: ["PUT /v1/{x}"], body: { max: "10MiB", types: ["text/plain"] } },
      },
    });
    server = createHttp2Server();
    server.on("request", (request, response) => rig.router.request(request, response, false));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on("error", () => undefined);
  };
  const ask = (method: string, more: Record<string, string> = {}): ClientHttp2Stream => {
    const stream = client.request(
      {
        ":method": method,
        ":path": "/http/api/v1/a",
        ":authority": "mayfly.test",
        authorization: `Bearer ${bearer}`,
        ...more,
      },
      { endStream: method === "GET" },
    );
    stream.on("error", () => undefined);
    return stream;
  };
  afterEach(() => {
    client.destroy();
    server.close();
  });

  it("leaves nothing open upstream", async () => {
    await start();
    for (let i = 0; i < 50; i += 1) ask("GET").close(constants.NGHTTP2_CANCEL);
    const kept = ask("GET");
    await once(kept, "data");
    kept.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => open).toBe(0);
    await expect.poll(() => rig.records("act.outcome").length).toBe(rig.records("act.intent").length);
    expect(rig.world.faults).toEqual([]);
  });

  it("has no half of a body taken for a whole one", async () => {
    await start();
    const stream = ask("PUT", { "content-type": "text/plain" });
    stream.write("half of it");

    await expect.poll(() => open).toBe(1);
    // Closed, a stream of Node's client ends its body first; destroyed, it is reset.
    stream.destroy(new Error("gone"));
    await expect.poll(() => rig.records("act.outcome").length).toBe(1);
    expect(rig.records("act.outcome")[0]).toHaveProperty("error");
    await expect.poll(() => open).toBe(0);
    expect(bodies).toEqual([]);
  });
});

describe("a refused upgrade", () => {
  it("gives its connection back though the client never closes it", async () => {
    rig = await startRig({
      api: (_, response) => void response.end("{}"),
      operations: { read: { requests: ["GET /v1/{x}"] } },
    });
    const { connect } = await import("node:net");
    const socket = connect({ port: rig.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(head("GET", "/v1/a", { Connection: "Upgrade", Upgrade: "websocket" }));
    await once(socket, "end");
    // A write to a connection that is gone is answered with a reset.
    const failed = new Promise((resolve) => socket.once("close", resolve));
    const writing = setInterval(() => socket.write("x"), 100);
    await failed;
    clearInterval(writing);
    expect(socket.destroyed).toBe(true);
    socket.destroy();
  });

  it("behind a request that is still under way crashes nothing", async () => {
    rig = await startRig({
      api: (_, response) => void pause(100).then(() => response.end("{}")),
      operations: { read: { requests: ["GET /v1/{x}"] } },
    });
    await rig.raw(
      head("GET", "/v1/a") + head("GET", "/v1/b", { Connection: "Upgrade", Upgrade: "websocket" }),
    );
    await pause(150);
    expect(rig.world.faults).toEqual([]);
    expect(await rig.raw(head("GET", "/v1/a"), done)).toMatch(/ 200 /);
  });
});
