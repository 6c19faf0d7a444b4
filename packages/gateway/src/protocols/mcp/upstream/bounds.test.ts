import { afterEach, describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { WebSession } from "../../../gate/gate.ts";
import { mintPermit } from "../../../gate/permit.ts";
import type { McpAct, McpCover } from "../act.ts";
import { targetSchema } from "../target.ts";
import { type Came, json, type ScriptedServer, startScripted } from "../testing/scripted-server.ts";
import { connectUpstream, type McpUpstream } from "./connect.ts";
import { EventStream } from "./reading/event-stream.ts";
import { JsonAnswer } from "./reading/json-answer.ts";
import { AnswerTooLarge } from "./reading/share.ts";
import { createUpstreams } from "./upstreams.ts";

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const answered = ({ response, message }: Came, result: unknown = { content: [] }): void =>
  json(response, { jsonrpc: "2.0", id: message["id"], result });
const never = new AbortController().signal;
const call = (upstream: McpUpstream, signal = never, more = {}): Promise<unknown> =>
  upstream.send(mintPermit(1, "crm/read", undefined), {
    method: "tools/call",
    params: { name: "a", ...more },
    signal,
  });
const count = (method: string): number =>
  (server?.came ?? []).filter(({ message }) => message["method"] === method).length;

describe("what an answer takes", () => {
  it("counts until its turn, and is given up with it", async () => {
    const turns: (() => unknown)[] = [];
    let taken = 0;
    const share = {
      key: "bot",
      heavy: {
        run: (_: string, work: () => never) => (turns.push(work), new Promise<never>(() => undefined)),
      },
      borrow(bytes: number) {
        taken += bytes;
        return () => (taken -= bytes);
      },
    };
    const made: unknown[] = [];
    const answer = (): JsonAnswer => {
      const one = new JsonAnswer(share);
      one.push(Buffer.from(JSON.stringify("x".repeat(20_000))));
      one.end((error, value) => made.push(error ?? value));
      return one;
    };
    answer();
    const givenUp = answer();
    expect(taken).toBe(2 * 20_002);
    givenUp.drop();
    expect(taken).toBe(20_002);
    for (const turn of turns) turn();
    expect(taken).toBe(0);
    expect(made).toEqual(["x".repeat(20_000)]);
  });

  it("is that of one answer for a list of many pages", async () => {
    const description = "x".repeat(3_000_000);
    server = await startScripted((came) =>
      answered(came, { tools: [{ name: "a", description }], nextCursor: "more" }),
    );
    const upstream = await server.connect();
    await expect(upstream.tools(never)).rejects.toBeInstanceOf(AnswerTooLarge);
    expect(count("tools/list")).toBe(2);
  });
});

describe("what is told aside", () => {
  it("is a few messages at a time, which hold no call up", async () => {
    let isHeld = true;
    server = await startScripted((came) => isHeld || answered(came), {
      holds: (method) => method === "notifications/cancelled",
    });
    const upstream = await server.connect();
    const gone = new AbortController();
    const calls = Array.from({ length: 20 }, () => call(upstream, gone.signal));
    const ends = Promise.allSettled(calls);
    await expect.poll(() => count("tools/call")).toBe(20);
    gone.abort(new Error("gone"));
    expect((await ends).every(({ status }) => status === "rejected")).toBe(true);
    isHeld = false;
    await call(upstream);
    await expect.poll(() => count("notifications/cancelled")).toBe(8);
    await call(upstream);
    expect(count("notifications/cancelled")).toBe(8);
  });

  it("ends with the channel, for which nothing that waits is begun", async () => {
    server = await startScripted(() => undefined);
    const upstream = await server.connect();
    const ends = Promise.allSettled(Array.from({ length: 60 }, () => call(upstream)));
    await expect.poll(() => count("tools/call")).toBe(32);
    await upstream.close();
    const reasons = (await ends).map((end) => (end.status === "rejected" ? String(end.reason) : "answered"));
    expect(new Set(reasons)).toEqual(new Set(["Error: the connection was closed", "Error: UPSTREAM_CLOSED"]));
    await expect.poll(() => server?.connections.every(({ isClosed }) => isClosed)).toBe(true);
    expect(server.connections).toHaveLength(32);
    await expect(call(upstream)).rejects.toThrow("closed");
    expect(count("tools/call")).toBe(32);
  });
});

describe("a connection to a server", () => {
  it("is not begun any more once nobody wants it", async () => {
    server = await startScripted(answered, { holds: () => true });
    const stop = new AbortController();
    const connecting = connectUpstream(targetSchema.parse({ url: server.url }), stop.signal);
    const ended = connecting.catch((error: unknown) => error);
    await expect.poll(() => count("notifications/initialized")).toBe(1);
    stop.abort(new Error("the grant ended"));
    expect(await ended).toEqual(new Error("the grant ended"));
    await expect.poll(() => server?.connections.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it("is let go of by who had it, and made anew when it is over", async () => {
    const made: { isOver: boolean; closed: number }[] = [];
    const upstreams = createUpstreams(fakeClock(), () => {
      const one = { isOver: false, closed: 0, close: () => Promise.resolve(void (one.closed += 1)) };
      made.push(one);
      return Promise.resolve(one as unknown as McpUpstream);
    });
    const session = { id: "s", grant: "gr_1", target: {}, ended: never, endsAt: 0 } as unknown as WebSession<
      McpAct,
      McpCover
    >;
    const first = await upstreams.of(session);
    upstreams.drop(session, first);
    const second = await upstreams.of(session);
    expect(second).not.toBe(first);
    // A request that failed on the first one.
    upstreams.drop(session, first);
    expect(await upstreams.of(session)).toBe(second);
    Object.assign(second, { isOver: true });
    expect(await upstreams.of(session)).not.toBe(second);
    await expect.poll(() => made.map(({ closed }) => closed)).toEqual([1, 1, 0]);
  });

  it("to a program is over when the program does not read what it is sent", async () => {
    const program = `
      process.stdin.once("data", (line) => {
        const { id, params } = JSON.parse(line);
        process.stdin.pause();
        const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: "x", version: "1" } };
        console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
        setInterval(() => undefined, 60_000);
      });`;
    const target = targetSchema.parse({ command: [process.execPath, "-e", program] });
    const upstream = await connectUpstream(target, never);
    const large = { arguments: { text: "x".repeat(1_000_000) } };
    const calls = Array.from({ length: 5 }, () => call(upstream, never, large));
    for (const each of calls) each.catch(() => undefined);
    await expect(calls[4]).rejects.toThrow("does not read");
    const closing = upstream.close();
    await expect(calls[0]).rejects.toThrow("closed");
    await closing;
  });
});

it("the end of a connection is told once, though its last event waited for its turn", () => {
  const turns: (() => unknown)[] = [];
  const share = {
    key: "bot",
    heavy: { run: (_: string, work: () => never) => (turns.push(work), new Promise<never>(() => undefined)) },
    borrow: () => () => undefined,
  };
  let [ends, messages] = [0, 0];
  const stream = new EventStream(share, {
    message: () => (messages += 1),
    failed: (error) => {
      throw error;
    },
  });
  const event = (text: string): void => stream.push(Buffer.from(`id: e1\ndata: ${JSON.stringify(text)}\n\n`));
  event("x".repeat(20_000));
  stream.end(() => (ends += 1));
  expect(ends).toBe(0);
  for (const turn of turns.splice(0)) turn();
  expect(ends).toBe(1);
  // The rest of the stream, over another connection.
  event("y");
  expect([ends, messages]).toEqual([1, 2]);
});
