import { createHash, randomBytes } from "node:crypto";
import { Agent, get, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bearer, head, type Rig, type RigOptions, startRig } from "./testing/rig.ts";

let rig: Rig;
const seen: { method: string; url: string; raw: string[]; body: string }[] = [];

afterEach(async () => {
  seen.length = 0;
  await rig.close();
});

/** Reads a request whole and answers it. */
async function api(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  request.setEncoding("utf8");
  for await (const part of request as AsyncIterable<string>) body += part;
  seen.push({ method: request.method ?? "", url: request.url ?? "", raw: request.rawHeaders, body });
  response.setHeader("content-type", "application/json");
  response.setHeader("set-cookie", ["session=1; Path=/", "theme=dark"]);
  response.setHeader("alt-svc", 'h2="internal:443"');
  response.setHeader("x-internal", "yes");
  response.end(JSON.stringify({ id: 12, customer: { email: "ada@example.com", iban: "DE1" }, big: 1e21 }));
}

const start = async (options: Partial<RigOptions> = {}): Promise<void> => {
  rig = await startRig({
    api: (request, response) => void api(request, response).catch(() => undefined),
    operations: {
      read: { requests: ["GET /v1/invoices/{id}"], response: { drop_headers: ["X-Internal"] } },
      refund: { requests: ["POST /v1/refunds"], body: { schema: "s.json", max: "1KiB" } },
      upload: { requests: ["PUT /v1/files/{name}"], body: { max: "1MiB", types: ["text/*"] } },
    },
    schema: JSON.stringify({
      type: "object",
      required: ["id"],
      additionalProperties: false,
      properties: { id: {} },
    }),
    ...options,
  });
};

const done = /\r\n0\r\n\r\n$|\r\n\r\n\{.*\}$/s;

describe("a request through the gateway", () => {
  it("goes upstream to the byte, with the gateway's credential and nothing of the agent's", async () => {
    await start();
    const answer = await rig.raw(
      head("GET", "/v1/invoices/a%20b?x=%2F&y", {
        Cookie: "stolen=1",
        "User-Agent": "curl/8",
        Accept: "application/json",
        Origin: "https://x",
      }),
      done,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const [request] = seen;
    expect(request).toMatchObject({ method: "GET", url: "/base/v1/invoices/a%20b?x=%2F&y" });
    const sent = request?.raw.join("\n") ?? "";
    expect(sent).toContain("Bearer only-the-gateway-knows");
    expect(sent).not.toMatch(/good\.0oabot|stolen|origin|mayfly/i);
    expect(sent).toContain("curl/8");
    expect(answer).not.toMatch(/set-cookie|alt-svc|x-internal/i);
    expect(rig.records("act.intent")[0]).toMatchObject({
      act: { method: "GET", path: "/v1/invoices/a%20b", query: "x=%2F&y" },
      operation: "api/read",
    });
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ status: 200 });
    expect(JSON.stringify(rig.world.log.written)).not.toMatch(/only-the-gateway-knows|good\.0oabot/);
  });

  it("lets a named cookie come down and no other", async () => {
    await start({ target: { cookies: ["theme"] } });
    const answer = await rig.raw(head("GET", "/v1/invoices/1"), done);
    expect(answer).toContain("set-cookie: theme=dark");
    expect(answer).not.toContain("session=1");
  });

  it("is refused in words when it is not covered, and the connection goes on", async () => {
    await start();
    const answer = await rig.raw(head("GET", "/v1/admin") + head("GET", "/v1/invoices/7"), /"id":12/);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer).toContain("application/problem+json");
    expect(answer).toContain("api/read: requests");
    expect(answer).toContain("no operation that you may request covers this");
    expect(answer).toContain("HTTP/1.1 200 OK");
    expect(seen).toHaveLength(1);
    expect(rig.records("act.denied")).toHaveLength(1);
  });

  it("carries a body as its schema says, and its digest is in the intent", async () => {
    await start();
    const body = '{ "id" : 7 }';
    const answer = await rig.raw(
      head("POST", "/v1/refunds", { "Content-Type": "application/json", "Content-Length": "12" }) + body,
      done,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(seen[0]?.body).toBe(body);
    expect(rig.records("act.intent")[0]).toMatchObject({
      act: { body: { bytes: 12, sha256: createHash("sha256").update(body).digest("hex") } },
    });
  });

  it("never reaches the API with a body that its schema refuses", async () => {
    await start();
    const answer = await rig.raw(
      head("POST", "/v1/refunds", { "Content-Type": "application/json", "Content-Length": "18" }) +
        '{"id":7,"extra":1}',
      /"rule"/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
    expect(answer).toContain("extra");
    expect(seen).toHaveLength(0);
  });

  it("streams a large upload, counts it, and records its digest when it is over", async () => {
    await start();
    const body = "x".repeat(300_000);
    const answer = await rig.raw(
      head("PUT", "/v1/files/a", { "Content-Type": "text/plain", "Content-Length": "300000" }) + body,
      done,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(seen[0]?.body.length).toBe(300_000);
    await expect
      .poll(() => rig.records("act.outcome")[0])
      .toMatchObject({ copied: { bytes: 300_000, sha256: createHash("sha256").update(body).digest("hex") } });
  });

  it("cuts an upload that turns out larger than granted", async () => {
    await start();
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const answer = await rig.raw(
      head("PUT", "/v1/files/a", { "Content-Type": "text/plain", "Transfer-Encoding": "chunked" }) +
        chunk.repeat(20),
      /body_too_large/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    expect(seen).toHaveLength(0);
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ error: "body_too_large" });
  });

  it("asks for a body that waits for 100 only once it can be granted", async () => {
    await start();
    const waits = { Expect: "100-continue", "Content-Type": "application/json", "Content-Length": "8" };
    const socket = rig.connect();
    let all = "";
    socket.setEncoding("latin1").on("data", (text: string) => (all += text));
    socket.write(head("POST", "/v1/refunds", waits));
    await expect.poll(() => all).toContain("100 Continue");
    socket.write('{"id":7}');
    await expect.poll(() => all).toContain("HTTP/1.1 200");
    const denied = await rig.raw(head("POST", "/v1/other", waits), /"rule"/);
    expect(denied).not.toContain("100 Continue");
    expect(denied).toMatch(/^HTTP\/1\.1 403/);
  });

  it("masks values where they stand and leaves every other byte", async () => {
    await start({
      operations: {
        read: {
          requests: ["GET /v1/invoices/{id}"],
          query: [],
          response: { mask: ["/customer/email", "/customer/iban"] },
        },
      },
    });
    const answer = await rig.raw(head("GET", "/v1/invoices/1"), done);
    expect(answer).toContain('{"id":12,"customer":{"email":"***","iban":"***"},"big":1e+21}');
    await expect
      .poll(() => rig.records("act.outcome")[0])
      .toMatchObject({ masked: ["/customer/email", "/customer/iban"] });
    expect(JSON.stringify(rig.world.log.written)).not.toContain("ada@example.com");
  });

  it("gives nothing of an answer that should be masked and is no JSON", async () => {
    await start({
      api: (_, response) => response.end("email: ada@example.com"),
      operations: {
        read: { requests: ["GET /v1/invoices/{id}"], query: [], response: { mask: ["/email"] } },
      },
    });
    const answer = await rig.raw(head("GET", "/v1/invoices/1"), /"code"/);
    expect(answer).toMatch(/^HTTP\/1\.1 502/);
    expect(answer).not.toContain("ada@");
  });

  it("gives no more of an answer than is granted", async () => {
    await start({
      api: (request, response) => {
        if (request.url?.endsWith("declared") === true) response.setHeader("content-length", "5000");
        response.end("x".repeat(5000));
      },
      operations: { read: { requests: ["GET /v1/{id}"], response: { max: "1KiB" } } },
    });
    expect(await rig.raw(head("GET", "/v1/declared"), /"code"/)).toMatch(/^HTTP\/1\.1 502/);
    const cut = await rig.raw(head("GET", "/v1/streamed"));
    expect(cut.length).toBeLessThan(2000);
    await expect
      .poll(() => rig.records("act.outcome").map(({ error }) => error))
      .toEqual(["answer_too_large", "answer_too_large"]);
  });

  it("hands a redirect to the client and follows none", async () => {
    let calls = 0;
    await start({
      api: (_, response) => {
        calls += 1;
        response.writeHead(302, { location: "http://169.254.169.254/" }).end();
      },
    });
    const answer = await rig.raw(head("GET", "/v1/invoices/1"), /\r\n\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 302[^]*location: http:\/\/169/);
    expect(calls).toBe(1);
  });

  it("brings server-sent events down as they come, and cuts them at the grant's end", async () => {
    let closed = false;
    await start({
      api: (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
        response.once("close", () => (closed = true));
      },
    });
    const socket = rig.connect();
    let all = "";
    let gone = false;
    socket.setEncoding("latin1").on("data", (text: string) => (all += text));
    socket.once("close", () => (gone = true));
    socket.write(head("GET", "/v1/invoices/1"));
    await expect.poll(() => all).toContain("data: 1");
    rig.world.end("gr_0000000000000001", { state: "expired", words: "grant expired after 5m" });
    await expect.poll(() => [gone, closed]).toEqual([true, true]);
    await expect
      .poll(() => rig.records("act.outcome")[0])
      .toMatchObject({ error: "grant_ended", status: 200 });
    expect(await rig.raw(head("GET", "/v1/invoices/1"), /"code"/)).toContain("no_grant");
  });

  it("cuts an answer that waits for its reader at the grant's end, though all of it has left the API", async () => {
    const rest = "x".repeat(8_000_000);
    await start({
      api: (_, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ email: "ada@example.com", rest }));
      },
      operations: {
        read: { requests: ["GET /v1/invoices/{id}"], query: [], response: { mask: ["/email"] } },
      },
    });
    const socket = rig.connect();
    let bytes = 0;
    let gone = false;
    socket.once("close", () => (gone = true)).pause();
    socket.write(head("GET", "/v1/invoices/1"));
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ status: 200 });
    rig.world.end("gr_0000000000000001", { state: "expired", words: "grant expired after 5m" });
    socket.on("data", (chunk) => (bytes += chunk.length)).resume();
    await expect.poll(() => gone).toBe(true);
    expect(bytes).toBeLessThan(rest.length);
    // Its outcome was recorded when all of it had come.
    expect(rig.records("act.outcome")).toHaveLength(1);
  });

  it("tells the API when the client has gone", async () => {
    let closed = false;
    await start({
      api: (_, response) => {
        response.write("x");
        response.once("close", () => (closed = true));
      },
    });
    await rig.raw(head("GET", "/v1/invoices/1"), /\r\n1\r\nx/);
    await expect.poll(() => closed).toBe(true);
    await expect.poll(() => rig.records("act.outcome")[0]).toMatchObject({ error: "client_gone" });
  });

  it("answers 502 when the API dies before its answer, and cuts when it dies within", async () => {
    await start({
      api: (request, response) => {
        if (request.url?.endsWith("early") === true) request.socket.destroy();
        else {
          response.write("half");
          setImmediate(() => request.socket.destroy());
        }
      },
      operations: { read: { requests: ["GET /v1/{id}"] } },
    });
    const early = await rig.raw(head("GET", "/v1/early"), /"code"/);
    expect(early).toMatch(/^HTTP\/1\.1 502/);
    expect(early).not.toMatch(/127\.0\.0\.1|other side/i);
    const late = await rig.raw(head("GET", "/v1/late"));
    expect(late).not.toMatch(/\r\n0\r\n\r\n$/);
    await expect.poll(() => rig.records("act.outcome")).toHaveLength(2);
  });

  it("lets a slow reader pause its own upstream", async () => {
    let written = 0;
    let backed = false;
    await start({
      api: (_, response) => {
        const chunk = Buffer.alloc(65_536);
        const go = (): void => {
          while (written < 1000) {
            written += 1;
            if (!response.write(chunk)) {
              backed = true;
              response.once("drain", go);
              return;
            }
          }
          response.end();
        };
        go();
      },
    });
    const socket = rig.connect();
    socket.pause();
    socket.write(head("GET", "/v1/invoices/1"));
    await expect.poll(() => backed).toBe(true);
    let before = -1;
    while (before !== written) {
      before = written;
      await pause(50);
    }
    expect(written).toBeLessThan(1000);
    let bytes = 0;
    socket.on("data", (chunk) => (bytes += chunk.length)).resume();
    await expect.poll(() => bytes, { timeout: 30_000 }).toBeGreaterThan(65_536_000);
  });

  it.each(["with a length", "in chunks"])("brings a large answer down to the byte, %s", async (framing) => {
    const whole = randomBytes(8_000_000);
    await start({
      api: (_, response) => {
        if (framing === "with a length") response.setHeader("content-length", whole.length);
        response.write(whole.subarray(0, 3_000_000));
        response.end(whole.subarray(3_000_000));
      },
    });
    const agent = new Agent();
    const answer = await new Promise<IncomingMessage>((resolve) => {
      const headers = { host: "mayfly.test", authorization: `Bearer ${bearer}` };
      get({ agent, port: rig.port, path: "/http/api/v1/invoices/1", headers }, resolve);
    });
    const digest = createHash("sha256");
    // Now and then its reader takes a break, so that what was read meanwhile waits.
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      digest.update(chunk);
      if (chunk[0] === 0) await pause(1);
    }
    agent.destroy();
    expect(digest.digest("hex")).toBe(createHash("sha256").update(whole).digest("hex"));
  });

  it("sends nothing when the intent cannot be recorded", async () => {
    await start();
    await rig.raw(head("GET", "/v1/invoices/1"), done);
    rig.world.log.broken = { why: "disk full", late: false };
    const answer = await rig.raw(head("GET", "/v1/invoices/1"), /"code"/);
    expect(answer).toMatch(/^HTTP\/1\.1 503/);
    expect(seen).toHaveLength(1);
  });

  it("keeps to a budget, whatever the connection", async () => {
    await start({ operations: { read: { requests: ["GET /v1/invoices/{id}"], budget: 2 } } });
    const statuses: string[] = [];
    for (let i = 0; i < 3; i += 1)
      statuses.push((await rig.raw(head("GET", "/v1/invoices/1"), /\}$/)).slice(9, 12));
    expect(statuses).toEqual(["200", "200", "403"]);
  });
});

describe("what no request may be", () => {
  it.each([
    [
      "a length and chunks",
      "POST /http/api/v1/refunds HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    ],
    [
      "another coding",
      "POST /http/api/v1/refunds HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "two hosts",
      `GET /http/api/v1/invoices/1 HTTP/1.1\r\nHost: mayfly.test\r\nHost: evil\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
    ],
    [
      "a bare line feed",
      `GET /http/api/v1/invoices/1 HTTP/1.1\nHost: mayfly.test\nAuthorization: Bearer ${bearer}\n\n`,
    ],
    [
      "obs-fold",
      `GET /http/api/v1/invoices/1 HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer ${bearer}\r\nX: a\r\n b\r\n\r\n`,
    ],
    [
      "two bearers",
      `GET /http/api/v1/invoices/1 HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer ${bearer}\r\nAuthorization: Bearer y\r\n\r\n`,
    ],
    [
      "h2c",
      `GET /http/api/v1/invoices/1 HTTP/1.1\r\nHost: mayfly.test\r\nAuthorization: Bearer ${bearer}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    ],
    ["HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ])("%s: the API sees nothing", async (_, bytes) => {
    await start();
    const answer = await rig.raw(bytes, /\}$|HTTP\/1\.1 \d{3}[^]*\r\n\r\n$/);
    expect(answer).not.toMatch(/^HTTP\/1\.1 200/);
    expect(seen).toHaveLength(0);
    expect(rig.world.faults).toEqual([]);
  });
});
