import { afterEach, describe, expect, it } from "vitest";
import { mintPermit } from "../../../gate/permit.ts";
import { AnswerTooLarge } from "./reading/share.ts";
import {
  answerEvent,
  type Came,
  json,
  type ScriptedServer,
  startScripted,
  stream,
} from "../testing/scripted-server.ts";
import type { McpUpstream } from "./connect.ts";
import type { Fields } from "./messages.ts";

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const call = async (
  upstream: McpUpstream,
  signal = new AbortController().signal,
  traceparent?: string,
): Promise<Fields> => {
  const made = { method: "tools/call", params: { name: "a" }, signal, traceparent };
  const { result } = await upstream.send(mintPermit(1, "crm/read", undefined), made);
  return result;
};
const answered = ({ response, message }: Came, result: unknown = { content: [] }): void =>
  json(response, { jsonrpc: "2.0", id: message["id"], result });
/** What came, by HTTP's method and the message's. */
const seen = (): string[] =>
  (server?.came ?? []).map(
    ({ request, message: { method } }) =>
      `${request.method}${typeof method === "string" ? ` ${method}` : ""}`,
  );
const begun = ["POST initialize", "POST notifications/initialized"];

describe("an answer of a server of Streamable HTTP", () => {
  it("is taken as JSON and as a stream of events, over the same connection", async () => {
    let isStream = false;
    server = await startScripted((came) => {
      if (!isStream) return answered(came, { content: [1] });
      stream(came.response, ": a comment\r\n\r\nevent: message\r\n");
      came.response.end(answerEvent(came, { content: [2] }).replaceAll("\n", "\r\n"));
    });
    const upstream = await server.connect();
    expect(await call(upstream)).toEqual({ content: [1] });
    isStream = true;
    expect(await call(upstream)).toEqual({ content: [2] });
    // The stream ends with its answer; until that is read, its connection is not free.
    await expect.poll(async () => (await call(upstream), server?.connections.length)).toBeLessThanOrEqual(2);
    const { length } = server.connections;
    await call(upstream);
    expect(server.connections).toHaveLength(length);
  });

  it("is the server's own error by its code alone", async () => {
    server = await startScripted(({ response, message }) =>
      json(response, {
        jsonrpc: "2.0",
        id: message["id"],
        error: { code: -32_000, message: "of /etc/passwd" },
      }),
    );
    const asked = call(await server.connect());
    await expect(asked).rejects.toMatchObject({ code: -32_000 });
    await expect(asked).rejects.not.toThrow("passwd");
  });

  it.each<[string, (came: Came) => void, string]>([
    ["of another status", ({ response }) => response.writeHead(404).end("{}"), "status 404"],
    [
      "that leads elsewhere",
      ({ response }) => response.writeHead(307, { location: "/other" }).end(),
      "status 307",
    ],
    [
      "of another type",
      ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("{}"),
      "neither",
    ],
    ["without a type", ({ response }) => response.writeHead(200).end("{}"), "neither"],
    [
      "in a coding that was not asked for",
      ({ response }) => json(response, {}, { "content-encoding": "gzip" }),
      "encoded",
    ],
    [
      "that is no JSON",
      ({ response }) => response.writeHead(200, { "content-type": "application/json" }).end("{"),
      "JSON",
    ],
    ["that is no JSON-RPC", ({ response }) => json(response, { id: 2, result: {} }), "no JSON-RPC"],
    ["of a list", ({ response }) => json(response, [{ jsonrpc: "2.0", id: 2, result: {} }]), "no JSON-RPC"],
    [
      "to another request",
      ({ response }) => json(response, { jsonrpc: "2.0", id: 1, result: {} }),
      "something else",
    ],
    [
      "without a result",
      ({ response, message }) => json(response, { jsonrpc: "2.0", id: message["id"] }),
      "neither",
    ],
    [
      "with a result and an error",
      ({ response, message }) =>
        json(response, { jsonrpc: "2.0", id: message["id"], result: {}, error: { code: 1 } }),
      "neither",
    ],
    ["that ends early", (came) => (stream(came.response), came.response.end()), "without an answer"],
    [
      "whose connection breaks",
      ({ response }) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "9" });
        response.write("{", () => response.destroy());
      },
      "ANSWER_CUT_SHORT",
    ],
  ])("is none %s", async (_, answer, words) => {
    server = await startScripted(answer);
    await expect(call(await server.connect())).rejects.toThrow(words);
    expect(seen().filter((each) => each !== "POST notifications/cancelled")).toEqual([
      ...begun,
      "POST tools/call",
    ]);
  });

  it("is too large by its bytes and by its values, at once and in events", async () => {
    const large = "x".repeat(5_000_000);
    const many = `[${"0,".repeat(100_001)}0]`;
    let send: (came: Came) => void = () => undefined;
    server = await startScripted((came) => send(came));
    const upstream = await server.connect();
    for (const body of [`"${large}"`, many]) {
      send = ({ response }) => response.writeHead(200, { "content-type": "application/json" }).end(body);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(call(upstream)).rejects.toBeInstanceOf(AnswerTooLarge);
      send = ({ response }) => (stream(response), response.end(`data: ${body}\n\n`));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(call(upstream)).rejects.toBeInstanceOf(AnswerTooLarge);
    }
    // Small events without an end, which say nothing.
    send = ({ response }) => {
      stream(response);
      const event = `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"a":"${"x".repeat(60_000)}"}}\n\n`;
      const more = (): void => {
        while (!response.destroyed && response.write(event));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    await expect(call(upstream)).rejects.toBeInstanceOf(AnswerTooLarge);
  });
});

describe("the conversation with a server of Streamable HTTP", () => {
  it("names session, version and span, and ends the session with the grant", async () => {
    server = await startScripted(
      (came) => (came.request.method === "DELETE" ? came.response.end() : answered(came)),
      {
        headers: { "mcp-session-id": "s-1" },
      },
    );
    const upstream = await server.connect({ headers: { "x-team": "crm", Accept: "text/html" } });
    const span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await call(upstream, undefined, span);
    await upstream.close();
    await expect.poll(seen).toEqual([...begun, "POST tools/call", "DELETE"]);
    const headers = server.came.map(({ request }) => request.headers);
    expect(headers.map((each) => each["mcp-session-id"])).toEqual([undefined, "s-1", "s-1", "s-1"]);
    expect(headers.map((each) => each["mcp-protocol-version"])).toEqual([
      undefined,
      "2025-06-18",
      "2025-06-18",
      "2025-06-18",
    ]);
    expect(headers.map((each) => each["x-team"])).toEqual(["crm", "crm", "crm", "crm"]);
    expect(headers[2]).toMatchObject({
      traceparent: span,
      accept: "application/json, text/event-stream",
      "accept-encoding": "identity",
      "user-agent": "mayfly",
    });
    expect(server.came[2]?.message["params"]).toEqual({ name: "a", _meta: { traceparent: span } });
    await expect.poll(() => server?.connections.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it.each([
    ["in a session of no name", { headers: { "mcp-session-id": "a b" } }, "session"],
    ["in a version that is not spoken", { version: "1999-01-01" }, "version"],
  ])("does not begin %s", async (_, beginning, words) => {
    server = await startScripted(answered, beginning);
    await expect(server.connect()).rejects.toThrow(words);
    expect(seen()).toEqual(["POST initialize"]);
    await expect.poll(() => server?.connections.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it("gives the server's pings an answer, and its other questions none but that, a few at a time", async () => {
    const question = (id: number, method: string): string =>
      `data: ${JSON.stringify({ jsonrpc: "2.0", id, method, params: {} })}\n\n`;
    const pings = Array.from({ length: 100 }, (_, at) => question(at + 3, "ping"));
    server = await startScripted(
      (came) => {
        stream(came.response, question(1, "ping") + question(2, "sampling/createMessage") + pings.join(""));
        came.response.end(answerEvent(came));
      },
      { holds: (method) => method === undefined },
    );
    expect(await call(await server.connect())).toEqual({ content: [] });
    const replies = (): unknown[] =>
      (server?.came ?? []).map(({ message }) => message).filter((each) => each["method"] === undefined);
    await expect.poll(replies).toHaveLength(8);
    expect(replies()).toEqual(
      expect.arrayContaining([
        { jsonrpc: "2.0", id: 1, result: {} },
        { jsonrpc: "2.0", id: 2, error: { code: -32_601, message: "Method not found" } },
      ]),
    );
  });

  it("tells the server of a call that is given up, and goes on", async () => {
    let isHeld = true;
    server = await startScripted((came) => {
      if (!isHeld) answered(came);
    });
    const upstream = await server.connect();
    const gone = new AbortController();
    const asked = call(upstream, gone.signal);
    await expect.poll(seen).toEqual([...begun, "POST tools/call"]);
    gone.abort(new Error("the client left"));
    await expect(asked).rejects.toThrow("the client left");
    await expect.poll(seen).toEqual([...begun, "POST tools/call", "POST notifications/cancelled"]);
    expect(server.came[3]?.message["params"]).toEqual({ requestId: server.came[2]?.message["id"] });
    isHeld = false;
    expect(await call(upstream)).toEqual({ content: [] });
    await expect(call(upstream, gone.signal)).rejects.toThrow("the client left");
    expect(seen()).toHaveLength(5);
  });

  it("ends what is under way when it is closed", async () => {
    server = await startScripted(({ response }) => stream(response));
    const upstream = await server.connect();
    const asked = call(upstream);
    asked.catch(() => undefined);
    await expect.poll(seen).toHaveLength(3);
    await upstream.close();
    await expect(asked).rejects.toThrow("closed");
    await expect.poll(() => server?.connections.every(({ isClosed }) => isClosed)).toBe(true);
  });
});

describe("a stream of events that breaks off before its answer", () => {
  it("is asked for the rest where the server named its place, and twice in vain at most", async () => {
    let resumes = 0;
    let then: (came: Came) => void = () => undefined;
    let asked: Came | undefined;
    server = await startScripted((came) => {
      if (came.request.method === "GET") {
        resumes += 1;
        return then(came);
      }
      asked = came;
      stream(came.response, "retry: 1\nid: e1\ndata:\n\n");
      came.response.end();
    });
    const upstream = await server.connect();
    then = ({ response }) => {
      if (resumes === 1) response.destroy();
      else {
        stream(response);
        response.end(asked === undefined ? "" : answerEvent(asked, { content: [3] }));
      }
    };
    expect(await call(upstream)).toEqual({ content: [3] });
    expect(
      server.came
        .filter(({ request }) => request.method === "GET")
        .map(({ request }) => request.headers["last-event-id"]),
    ).toEqual(["e1", "e1"]);
    resumes = 0;
    then = ({ response }) => (stream(response, "id: e2\ndata:\n\n"), response.end());
    await expect(call(upstream)).rejects.toThrow("without an answer");
    expect(resumes).toBe(3);
  });

  it("is asked for the rest as often as that brings something", async () => {
    let asked: Came | undefined;
    let resumes = 0;
    server = await startScripted((came) => {
      stream(came.response, "retry: 1\n");
      if (came.request.method === "POST") asked = came;
      else resumes += 1;
      if (asked === undefined || resumes < 5) came.response.end(`id: e${resumes}\ndata:\n\n`);
      else came.response.end(answerEvent(asked));
    });
    expect(await call(await server.connect())).toEqual({ content: [] });
    expect(resumes).toBe(5);
  });

  it("is not resumed at a place that no header can carry", async () => {
    server = await startScripted(({ response }) => {
      stream(response, `id: ${"e".repeat(2000)}\ndata:\n\nid: \u00e9\ndata:\n\n`);
      response.end();
    });
    await expect(call(await server.connect())).rejects.toThrow("without an answer");
    expect(seen()).not.toContain("GET");
  });

  it("is left alone for as long as the server wants, and a call takes no longer than its time all the same", async () => {
    let isFirst = true;
    server = await startScripted((came) => {
      if (!isFirst) return answered(came);
      isFirst = false;
      stream(came.response, "retry: 99999999999\nid: e1\ndata:\n\n");
      came.response.end();
    });
    const upstream = await server.connect({ timeout: "3s" });
    const asked = call(upstream);
    asked.catch(() => undefined);
    await expect.poll(seen).toHaveLength(3);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let at = 0; at < 20; at += 1) await call(upstream);
    await expect(asked).rejects.toThrow("too long");
    await expect.poll(seen).toContain("POST notifications/cancelled");
    expect(seen()).not.toContain("GET");
  });

  it("may follow its answer for a moment only", async () => {
    server = await startScripted((came) => stream(came.response, answerEvent(came, { content: [4] })));
    const upstream = await server.connect();
    expect(await call(upstream)).toEqual({ content: [4] });
    await expect
      .poll(() => server?.connections.some(({ isClosed }) => isClosed), { timeout: 10_000 })
      .toBe(true);
  });
});
