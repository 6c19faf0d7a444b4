// tier: full
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Agent, WebSocket } from "undici";
import { WebSocketServer } from "ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issue, makeAuthority } from "../../packages/gateway/src/main/tls/make-certificate.ts";
import { call } from "@mayfly/testing/api.ts";
import { startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// Streams of every kind through the real daemon: gRPC, server-sent events, WebSocket, many streams of one HTTP/2
// connection, and what becomes of them when the operator takes an operation away or stops the gateway.

const ledgerAuth = "Bearer only-the-gateway-keeps-books";

/** The upstream of HTTP/1.1: events that never end, invoices, and a WebSocket that echoes. */
function startFeeds() {
  const open = new Set<ServerResponse>();
  const server = createServer((request: IncomingMessage, response) => {
    if (request.headers.authorization !== ledgerAuth) return response.writeHead(401).end();
    if (request.url === "/events") {
      open.add(response);
      response.once("close", () => open.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream" });
      return response.write("data: first\n\n");
    }
    return response.end(JSON.stringify({ path: request.url }));
  });
  const sockets = new WebSocketServer({ server, path: "/live" });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return { server, sockets, open };
}

/** A gRPC service of the official library: one unary method, one that streams. */
async function startLedger(): Promise<{ server: grpc.Server; port: number; ca: string }> {
  const raw = (path: string, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> => ({
    path,
    requestStream: false,
    responseStream,
    requestSerialize: (value) => value,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (value) => value,
    responseDeserialize: (bytes) => bytes,
  });
  const server = new grpc.Server();
  server.addService(
    { Get: raw("/shop.Ledger/Get", false), List: raw("/shop.Ledger/List", true) },
    {
      Get(
        { request, metadata }: grpc.ServerUnaryCall<Buffer, Buffer>,
        done: grpc.sendUnaryData<Buffer>,
      ): void {
        const known = metadata.get("authorization")[0] === ledgerAuth;
        if (known) done(null, Buffer.concat([Buffer.from("entry "), request]));
        else done({ code: grpc.status.UNAUTHENTICATED, details: "who are you?" });
      },
      List(stream: grpc.ServerWritableStream<Buffer, Buffer>): void {
        for (let i = 1; i <= 3; i += 1) stream.write(Buffer.from(`entry ${i}`));
        stream.end();
      },
    },
  );
  const authority = await makeAuthority(Date.now());
  const { certificate, key } = await issue(authority, ["127.0.0.1"], Date.now());
  const credentials = grpc.ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) },
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port, ca: authority.certificate };
}

let world: World;
let feeds: ReturnType<typeof startFeeds>;
let ledger: Awaited<ReturnType<typeof startLedger>>;
let folder: string;

beforeAll(async () => {
  feeds = startFeeds();
  await new Promise<void>((resolve) => feeds.server.listen(0, "127.0.0.1", resolve));
  ledger = await startLedger();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-streams-"));
  const ledgerCa = path.join(folder, "ledger-ca.pem");
  writeFileSync(ledgerCa, ledger.ca);
  const at = `http://127.0.0.1:${(feeds.server.address() as AddressInfo).port}`;
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text
        .replace(
          "connections:\n",
          `connections:
  feeds:
    http: { url: "${at}", headers: { authorization: { env: LEDGER_AUTH } } }
    operations:
      read: { description: Read, requests: ["GET /invoices/{id}"] }
      follow: { description: Follow events, requests: ["GET /events"] }
      talk: { description: Talk, requests: ["GET /live"], websocket: true }
  ledger:
    http: { url: "https://127.0.0.1:${ledger.port}", ca: ${ledgerCa}, http2: true, headers: { authorization: { env: LEDGER_AUTH } } }
    operations:
      read:
        description: Read the ledger
        requests: ["POST /shop.Ledger/Get", "POST /shop.Ledger/List"]
        body: { types: [application/grpc] }
`,
        )
        .replace(
          "policies:\n",
          `policies:
  - { name: feeds, groups: [support-agents], connection: feeds, operations: [read, follow, talk], ttl: 10m }
  - { name: the ledger, groups: [support-agents], connection: ledger, operations: [read], ttl: 10m }
`,
        ),
    environment: { LEDGER_AUTH: ledgerAuth },
  });
});
afterAll(async () => {
  await world.stop();
  feeds.sockets.close();
  feeds.server.closeAllConnections();
  feeds.server.close();
  ledger.server.forceShutdown();
  rmSync(folder, { recursive: true, force: true });
});

interface Way {
  readonly url: string;
  readonly secret: string;
}

async function grantOf(connection: string, operation: string): Promise<Way> {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection,
    operations: [operation],
    reason: "TICKET-12 streams",
  });
  expect(answer.status).toBe(201);
  return (answer.body as { grant: { access: Way } }).grant.access;
}

const ca = (): Buffer => readFileSync(world.gateway.caFile);

/** One HTTP/2 connection to the gateway. */
async function http2(): Promise<ClientHttp2Session> {
  const session = connect(world.gateway.url, { ca: ca() });
  session.on("error", () => undefined);
  await new Promise((resolve) => session.once("connect", resolve));
  return session;
}

/** A GET whose answer has begun; `ended` tells how it ended, and what came. */
function get(
  session: ClientHttp2Session,
  way: Way,
  path: string,
): { status: Promise<number>; text: () => string; ended: Promise<"whole" | "broken"> } {
  const stream = session.request({
    ":path": `${new URL(way.url).pathname}${path}`,
    authorization: `Bearer ${way.secret}`,
  });
  let text = "";
  let isWhole = false;
  stream.setEncoding("utf8").on("data", (part: string) => (text += part));
  stream.once("end", () => (isWhole = true));
  stream.on("error", () => (isWhole = false));
  const ended = new Promise<"whole" | "broken">((resolve) => {
    stream.once("close", () => resolve(isWhole && stream.rstCode === 0 ? "whole" : "broken"));
  });
  const status = new Promise<number>((resolve) => {
    stream.once("response", (headers: IncomingHttpHeaders & { ":status"?: number }) =>
      resolve(headers[":status"] ?? 0),
    );
    stream.once("close", () => resolve(0));
  });
  return { status, text: () => text, ended };
}

describe("gRPC, with the official library's client", () => {
  const client = (): grpc.Client =>
    new grpc.Client(new URL(world.gateway.url).host, grpc.credentials.createSsl(ca()));
  const asIs = (value: Buffer): Buffer => value;
  const metadata = (way: Way): grpc.Metadata => {
    const made = new grpc.Metadata();
    made.set("authorization", `Bearer ${way.secret}`);
    return made;
  };

  test("calls, streams, and is refused what is not granted", async () => {
    const way = await grantOf("ledger", "read");
    const prefix = new URL(way.url).pathname;
    const user = client();
    const unary = (method: string): Promise<Buffer | grpc.ServiceError> =>
      new Promise((resolve) => {
        user.makeUnaryRequest(
          `${prefix}${method}`,
          asIs,
          asIs,
          Buffer.from("7"),
          metadata(way),
          (error, value) => resolve(error ?? value ?? Buffer.alloc(0)),
        );
      });
    expect(String(await unary("/shop.Ledger/Get"))).toBe("entry 7");
    const listed: string[] = [];
    const stream = user.makeServerStreamRequest(
      `${prefix}/shop.Ledger/List`,
      asIs,
      asIs,
      Buffer.from("all"),
      metadata(way),
    );
    for await (const part of stream) listed.push(String(part));
    expect(listed).toEqual(["entry 1", "entry 2", "entry 3"]);
    expect(await unary("/shop.Ledger/Delete")).toMatchObject({ code: grpc.status.PERMISSION_DENIED });
    user.close();
  });
});

describe("many streams of one HTTP/2 connection", () => {
  test("fifty at once, each with its own answer, beside events that go on", async () => {
    const [reading, following] = [await grantOf("feeds", "read"), await grantOf("feeds", "follow")];
    const session = await http2();
    const events = get(session, following, "/events");
    expect(await events.status).toBe(200);
    const all = Array.from({ length: 50 }, (_, id) => get(session, reading, `/invoices/${id}`));
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(all.map(() => "whole"));
    expect(all.map(({ text }) => text())).toEqual(all.map((_, id) => `{"path":"/invoices/${id}"}`));
    for (const response of feeds.open) response.write("data: second\n\n");
    await expect.poll(() => events.text()).toBe("data: first\n\ndata: second\n\n");
    session.destroy();
    await expect.poll(() => feeds.open.size).toBe(0);
  });
});

describe("a WebSocket", () => {
  test("talks both ways, and opens only where it is granted", async () => {
    const way = await grantOf("feeds", "talk");
    const dispatcher = new Agent({ connect: { ca: ca() } });
    const open = (path: string): WebSocket =>
      new WebSocket(`${way.url.replace("https:", "wss:")}${path}`, {
        dispatcher,
        headers: { authorization: `Bearer ${way.secret}` },
      });
    const socket = open("/live");
    const heard: unknown[] = [];
    socket.addEventListener("message", ({ data }) => heard.push(data));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    socket.send("hello");
    socket.send("x".repeat(100_000));
    await expect.poll(() => heard.length).toBe(2);
    expect(heard[0]).toBe("hello");
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    socket.close();
    await closed;
    const refused = open("/events");
    await new Promise((resolve) => refused.addEventListener("error", resolve));
    await dispatcher.destroy();
  });
});

describe("streams that are open when something changes", () => {
  test("are cut when a reload takes their operation away, and the others go on", async () => {
    const following = await grantOf("feeds", "follow");
    const talking = await grantOf("feeds", "talk");
    const session = await http2();
    const events = get(session, following, "/events");
    expect(await events.status).toBe(200);
    const dispatcher = new Agent({ connect: { ca: ca() } });
    const socket = new WebSocket(`${talking.url.replace("https:", "wss:")}/live`, {
      dispatcher,
      headers: { authorization: `Bearer ${talking.secret}` },
    });
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const before = readFileSync(world.file, "utf8");
    await world.edit((now) =>
      now
        .replace(/^ +follow: .*\n/m, "")
        .replace("operations: [read, follow, talk]", "operations: [read, talk]"),
    );
    world.gateway.signal("SIGHUP");
    expect(await events.ended).toBe("broken");
    await expect.poll(() => feeds.open.size).toBe(0);
    const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
    socket.send("still there");
    expect(await heard).toBe("still there");
    socket.close();
    await dispatcher.destroy();
    session.destroy();
    await world.edit(() => before);
    world.gateway.signal("SIGHUP");
    await expect
      .poll(async () => (await call(world.gateway, await world.agentToken(), "GET", "/v1/operations")).body)
      .toMatchObject({
        operations: expect.arrayContaining([
          expect.objectContaining({ operation: "follow", connection: "feeds" }) as unknown,
        ]) as unknown,
      });
  });

  test("end with the gateway, which stops in order", async () => {
    const following = await grantOf("feeds", "follow");
    const session = await http2();
    const events = get(session, following, "/events");
    expect(await events.status).toBe(200);
    expect(await world.gateway.stop()).toBe(0);
    expect(await events.ended).toBe("broken");
    await expect.poll(() => feeds.open.size).toBe(0);
    session.destroy();
    expect(verifyLog(world)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("0 problems") as string,
    });
  });
});
