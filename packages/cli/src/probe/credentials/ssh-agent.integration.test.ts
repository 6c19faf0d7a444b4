// tier: full
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAgent } from "./ssh-agent.ts";
import { makePlace } from "./testing/place.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-agent-"));
  path = join(folder, "agent");
});
afterEach(() => rm(folder, { recursive: true }));

/** An agent that does so with each request. */
async function agent(answer: (socket: Socket, request: Buffer) => void): Promise<AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (request) => answer(socket, request));
  });
  server.listen(path);
  await once(server, "listening");
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const text = (value: string): Buffer => Buffer.concat([number(value.length), Buffer.from(value)]);
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const message = (type: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from([type]), ...parts]);
  return Buffer.concat([number(body.length), body]);
};

test("an agent is asked for its keys, and its answer may come in pieces", async () => {
  const requests: Buffer[] = [];
  await using _ = await agent((socket, request) => {
    requests.push(request);
    for (const byte of message(12, number(2), ...["key", "a", "key", "b"].map(text)))
      socket.write(Buffer.from([byte]));
  });
  expect(await askAgent(path)).toEqual({ kind: "keys", count: 2 });
  expect(requests).toEqual([Buffer.from([0, 0, 0, 1, 11])]);
  using place = makePlace();
  expect((await place.find({ SSH_AUTH_SOCK: path })).credentials).toEqual([
    { kind: "ssh", place: "environment variable SSH_AUTH_SOCK", name: "an agent with 2 keys" },
  ]);
});

test("an agent without keys is nothing", async () => {
  await using _ = await agent((socket) => socket.write(message(12, number(0))));
  using place = makePlace();
  expect(await place.find({ SSH_AUTH_SOCK: path })).toEqual({ credentials: [], proxies: [], unread: [] });
});

test.each([
  ["refuses", message(5), "the agent does not tell its keys"],
  ["counts keys that it does not send", message(12, number(9)), "the agent's answer is not understood"],
  [
    "counts without end",
    message(12, number(0xff_ff_ff_ff), text("x")),
    "the agent's answer is not understood",
  ],
  [
    "announces too much",
    Buffer.from([0xff, 0xff, 0xff, 0xff, 12, 0, 0, 0, 1]),
    "the agent does not tell its keys",
  ],
  ["speaks HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "the agent does not tell its keys"],
])("an agent that %s is said", async (_what, answer, why) => {
  await using _ = await agent((socket) => socket.write(answer));
  using place = makePlace();
  expect((await place.find({ SSH_AUTH_SOCK: path })).unread).toEqual([{ place: path, why }]);
});

test("an agent that closes is said", async () => {
  await using _ = await agent((socket) => socket.end());
  expect(await askAgent(path)).toEqual({ kind: "unread", why: "the agent closes without an answer" });
});

test("a silent agent is given up", async () => {
  const stop = new AbortController();
  // Its time is over once it has been asked.
  await using _ = await agent(() => stop.abort());
  expect(await askAgent(path, stop.signal)).toEqual({ kind: "unread", why: "the agent does not answer" });
});

test("no socket, or none at all", async () => {
  expect(await askAgent(path)).toEqual({ kind: "nothing" });
  expect(await askAgent(folder)).toEqual({ kind: "unread", why: "no socket of an agent" });
});
