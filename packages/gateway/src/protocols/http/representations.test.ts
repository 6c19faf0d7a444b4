import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { headersDown } from "../../gate/web/proxy/headers-down.ts";
import { bearer, head, type Rig, startRig } from "./testing/rig.ts";

let rig: Rig;
let tcp: Server | undefined;
let asked: string[] = [];
afterEach(async () => {
  asked = [];
  await rig.close();
  tcp?.close();
  tcp = undefined;
});

const secret = "ada@example.com";
const document = JSON.stringify({ id: 7, customer: { name: "Ada", email: secret } });
const done = /\r\n0\r\n\r\n$|\r\n\r\n.*[}\]]$/s;

/** Answers with whatever representation is asked for, as content negotiation would. */
function negotiating(request: IncomingMessage, response: ServerResponse): void {
  asked = request.rawHeaders;
  const { accept = "*/*", range } = request.headers;
  const encoding = request.headers["accept-encoding"] ?? "";
  if (/gzip/.test(encoding)) {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(document));
  } else if (range !== undefined) {
    response.writeHead(206, { "content-type": "multipart/byteranges; boundary=b" }).end(secret);
  } else if (/api\+json/.test(accept)) {
    response.setHeader("content-type", "application/vnd.api+json");
    response.end(JSON.stringify({ data: { attributes: { email: secret } } }));
  } else if (/csv/.test(accept)) response.setHeader("content-type", "text/csv").end(`7,${secret}`);
  else response.setHeader("content-type", "application/json").end(document);
}

const operations = {
  masked: {
    requests: ["GET /v1/{x}", "PUT /v1/{x}"],
    query: ["page"],
    response: { mask: ["/customer/email"] },
  },
  listed: { requests: ["GET /v2/{x}"], query: ["format"], response: { mask: ["/customer/email"] } },
  plain: { requests: ["GET /v3/{x}"] },
};

describe("with a mask the gateway chooses the representation", () => {
  it.each([
    ["Accept", "application/vnd.api+json"],
    ["Accept", "text/csv, application/json;q=0.1"],
    ["Accept", "application/json;q=0.2, application/vnd.api+json;q=0.9"],
    ["Accept-Encoding", "gzip"],
    ["Accept-Encoding", "gzip;q=1.0, identity;q=0"],
    ["Range", "bytes=0-10"],
    ["Range", "bytes=0-1, 5-20"],
    ["Prefer", "return=minimal"],
    ["If-None-Match", '"x"'],
  ])("whatever the client asks for: %s: %s", async (name, value) => {
    rig = await startRig({ api: negotiating, operations });
    const answer = await rig.raw(head("GET", "/v1/a", { [name]: value }), done);
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(answer).toContain('"email":"***"');
    expect(answer).not.toContain(secret);
    expect(asked.join("\n").toLowerCase()).toContain("accept\napplication/json\naccept-encoding\nidentity");
    expect(asked.join("\n")).not.toContain(value);
    // Without one it is the client's.
    await rig.raw(head("GET", "/v3/a", { [name]: value }), /\r\n\r\n/);
    expect(asked.join("\n")).toContain(value);
  });

  it.each<[string, number, Record<string, string | string[]>, string | Buffer]>([
    [
      "JSON of a vendor",
      200,
      { "content-type": "application/vnd.api+json" },
      JSON.stringify({ email: secret }),
    ],
    ["HAL", 200, { "content-type": "application/hal+json" }, document],
    ["lines of JSON", 200, { "content-type": "application/x-ndjson" }, `${document}\n`],
    ["a sequence of JSON", 200, { "content-type": "application/json-seq" }, `\x1e${document}\n`],
    ["CSV", 200, { "content-type": "text/csv" }, secret],
    ["text that is JSON", 200, { "content-type": "text/plain" }, JSON.stringify(secret)],
    ["events", 200, { "content-type": "text/event-stream" }, `data: ${secret}\n\n`],
    ["JSONP", 200, { "content-type": "application/javascript" }, `f(${document})`],
    [
      "another character set",
      200,
      { "content-type": "application/json; charset=utf-16" },
      Buffer.from(document, "utf16le"),
    ],
    [
      "UTF-16 that says nothing",
      200,
      { "content-type": "application/json" },
      Buffer.from(document, "utf16le"),
    ],
    ["two types", 200, { "content-type": ["application/json", "text/csv"] }, document],
    ["a list of types", 200, { "content-type": "application/json, text/csv" }, document],
    ["gzip", 200, { "content-type": "application/json", "content-encoding": "gzip" }, gzipSync(document)],
    [
      "an encoding of no name",
      200,
      { "content-type": "application/json", "content-encoding": "x" },
      document,
    ],
    ["a part", 206, { "content-type": "application/json" }, JSON.stringify(secret)],
    ["parts", 206, { "content-type": "multipart/byteranges; boundary=b" }, secret],
    [
      "a part that says no 206",
      200,
      { "content-type": "application/json", "content-range": "bytes 0-1/9" },
      JSON.stringify(secret),
    ],
    ["an error in words", 500, { "content-type": "text/html" }, secret],
    ["no JSON at all", 200, { "content-type": "application/json" }, secret],
  ])("and refuses an answer that is another one: %s", async (_, status, headers, body) => {
    rig = await startRig({
      api: (__, response) => {
        response.writeHead(status, headers);
        response.end(body);
      },
      operations,
    });
    const answer = await rig.raw(head("GET", "/v1/a"), done);
    expect(answer).toMatch(/^HTTP\/1\.1 502[^]*answer_not_maskable/);
    expect(answer).not.toContain(secret);
  });

  it.each(["application/json", 'application/json; charset="utf-8"', "APPLICATION/JSON;charset=UTF-8"])(
    "and takes what it asked for: %s",
    async (type) => {
      rig = await startRig({
        api: (_, response) => response.writeHead(200, { "content-type": type, etag: '"1"' }).end(document),
        operations,
      });
      const answer = await rig.raw(head("GET", "/v1/a"), done);
      expect(answer).toMatch(/^HTTP\/1\.1 200[^]*"email":"\*\*\*"/);
      expect(answer).not.toContain("etag");
      const without = await rig.raw(head("HEAD", "/v1/a"), /\r\n\r\n$/);
      expect(without).toMatch(/^HTTP\/1\.1 200/);
      expect(without).not.toMatch(/etag|content-length/i);
    },
  );

  it("without what tells of its bytes, by whatever name", async () => {
    const told = {
      etag: '"1"',
      "x-amz-checksum-sha256": "1",
      "x-amz-meta-md5": "1",
      "oc-etag": "1",
      "x-ms-content-crc64": "1",
      "x-content-sha1": "1",
      "content-digest": "1",
      "x-body-hash": "1",
      "x-original-content-length": "1",
    };
    rig = await startRig({
      api: (_, response) =>
        response
          .writeHead(200, { "content-type": "application/json", "x-share": "1", ...told })
          .end(document),
      operations,
    });
    for (const answer of [
      await rig.raw(head("GET", "/v1/a"), done),
      await rig.raw(head("HEAD", "/v1/a"), /\r\n\r\n$/),
    ]) {
      expect(answer).toMatch(/^HTTP\/1\.1 200[^]*x-share/i);
      expect(Object.keys(told).filter((name) => answer.toLowerCase().includes(`\n${name}:`))).toEqual([]);
    }
  });

  it("not by a parameter that query does not list, but by one that it lists", async () => {
    rig = await startRig({ api: negotiating, operations });
    expect(await rig.raw(head("GET", "/v1/a?format=x"), done)).toMatch(/^HTTP\/1\.1 403[^]*masked: query/);
    expect(await rig.raw(head("GET", "/v2/a?format=x"), done)).toMatch(/^HTTP\/1\.1 200/);
    expect(await rig.raw(head("GET", "/v1/a?page=2"), done)).toMatch(/^HTTP\/1\.1 200/);
    expect(await rig.raw(head("GET", "/v3/a?format=x"), done)).toMatch(/^HTTP\/1\.1 200/);
  });

  it("takes no guess at what an answer holds", async () => {
    rig = await startRig({ api: negotiating, operations });
    const guess = { "If-Match": '"abc"' };
    expect(await rig.raw(head("PUT", "/v1/a", guess), done)).toMatch(/^HTTP\/1\.1 403[^]*If-Match/);
    expect(await rig.raw(head("PUT", "/v1/a"), done)).toMatch(/^HTTP\/1\.1 200/);
    expect(await rig.raw(head("GET", "/v3/a", guess), done)).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe("what is recorded of headers is what was sent", () => {
  const scope = {
    read: {
      requests: ["GET /v1/{x}"],
      headers: ["X-Tenant", "X-Vendor-Region", "X-Vendor-Note", "X-Api-Key", "constructor", "X-Own"],
    },
  };
  it("in order, and as often as it stands", async () => {
    rig = await startRig({ api: negotiating, operations: scope });
    const lines = [
      "X-Tenant: a",
      "X-Vendor-Region: eu",
      "x-tenant: b",
      "Accept: */*",
      `X-Vendor-Note: ${"n".repeat(2000)}`,
      "Constructor: c",
    ];
    await rig.raw(
      `GET /http/api/v1/a HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer ${bearer}\r\n${lines.join("\r\n")}\r\n\r\n`,
      done,
    );
    const sent = asked.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), asked[at + 1]]] : []));
    const listed = sent.filter(([name]) => /^(?:x-|constructor)/.test(name ?? ""));
    expect(listed).toHaveLength(5);
    expect(rig.records("act.intent")[0]?.["act"]).toMatchObject({ headers: listed });
  });

  it("but no credential's value", async () => {
    rig = await startRig({ api: negotiating, operations: scope });
    await rig.raw(head("GET", "/v1/a", { "X-Api-Key": "hunter2-hunter2" }), done);
    expect(asked).toContain("hunter2-hunter2");
    expect(JSON.stringify(rig.records("act.intent"))).not.toContain("hunter2");
    expect(JSON.stringify(rig.records("act.intent"))).toContain("x-api-key");
  });
});

describe("an upstream's headers", () => {
  it.each([
    ["www-authenticate", 'Bearer resource_metadata="https://evil.example/x"'],
    ["proxy-authenticate", "Basic"],
    ["authentication-info", "nextnonce=x"],
    ["proxy-authentication-info", "x"],
    ["set-cookie", "session=1"],
    ["set-cookie2", "session=1"],
    ["alt-svc", 'h2="evil.example:443"'],
    ["refresh", "0; url=https://evil.example/"],
    ["clear-site-data", '"*"'],
    ["strict-transport-security", "max-age=1"],
    ["nel", "{}"],
    ["report-to", "{}"],
    ["reporting-endpoints", 'a="https://evil.example"'],
    ["access-control-allow-origin", "*"],
    ["service-worker-allowed", "/"],
    ["x-accel-redirect", "/internal"],
    ["x-sendfile", "/etc/passwd"],
    ["mayfly-grant", "gr_1"],
    ["link", "<https://evil.example/x>; rel=preload"],
    ["link", '</next>; rel="next", <https://evil.example/x>; rel="dns-prefetch preconnect"'],
    ["upgrade", "h2c"],
  ])("do not come down: %s", (name, value) => {
    expect(headersDown([name, value, "x-kept", "1"], [], new Set())).toEqual(["x-kept", "1"]);
  });

  it.each([
    ["link", '<https://api.example/?page=2>; rel="next"'],
    ["location", "https://elsewhere.example/"],
    ["retry-after", "5"],
    ["x-ratelimit-remaining", "7"],
    ["warning", '299 - "deprecated"'],
    ["content-disposition", "attachment"],
  ])("come down: %s", (name, value) => {
    expect(headersDown([name, value], [], new Set())).toEqual([name, value]);
  });

  it("end a 407, by which a client would prove itself to somebody else", async () => {
    let status = 407;
    rig = await startRig({
      api: (_, response) => response.writeHead(status, { "proxy-authenticate": "Basic" }).end("{}"),
      operations: { read: { requests: ["GET /v1/{x}"] } },
    });
    expect(await rig.raw(head("GET", "/v1/a"), done)).toMatch(/^HTTP\/1\.1 502/);
    status = 401;
    const answer = await rig.raw(head("GET", "/v1/a"), done);
    expect(answer).toMatch(/^HTTP\/1\.1 401/);
    expect(answer).not.toMatch(/authenticate/i);
  });
});

describe("interim answers that nobody asked for", () => {
  const final = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
  const start = async (pieces: readonly string[]): Promise<void> => {
    tcp = createTcpServer((socket) => {
      let heard = "";
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        heard += chunk.toString("latin1");
        if (!heard.endsWith("\r\n\r\n")) return;
        heard = "";
        const send = (at: number): void => {
          if (at === pieces.length || socket.destroyed) return;
          socket.write(pieces[at] ?? "");
          setTimeout(() => send(at + 1), 5);
        };
        send(0);
      });
    });
    const server = tcp;
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    rig = await startRig({
      api: () => undefined,
      operations: { read: { requests: ["GET /v1/{x}"] } },
      target: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    });
  };
  const early = "HTTP/1.1 100 Continue\r\n\r\n";

  it.each<[string, readonly string[]]>([
    ["none", [final]],
    ["100 by itself", [early, final]],
    ["100 in one piece with the answer", [early + final]],
    ["100 in pieces", Array.from(early + final)],
    [
      "100 twice, and others between",
      [
        `${early}HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n${early}`,
        "HTTP/1.1 102 Processing\r\n\r\n",
        final,
      ],
    ],
    ["100 with headers and a reason of its own", ["HTTP/1.1 100 Go on\r\nx: 1\r\n\r\n", final]],
  ])("are passed over: %s", async (_, pieces) => {
    await start(pieces);
    for (const __ of [1, 2]) {
      const answer = await rig.raw(head("GET", "/v1/a"), done);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*\{\}$/);
      expect(answer).not.toContain("preload");
    }
  });

  it("but no final answer is touched, and no body", async () => {
    const body = "HTTP/1.1 100 Continue\r\n\r\n}";
    await start([`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`, body]);
    expect(await rig.raw(head("GET", "/v1/a"), done)).toContain("\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n}");
  });

  it("and without end they are no answer", async () => {
    await start([early.repeat(40), final]);
    expect(await rig.raw(head("GET", "/v1/a"), done)).toMatch(/^HTTP\/1\.1 502[^]*ANSWER_INTERIM_TOO_MANY/);
  });
});
