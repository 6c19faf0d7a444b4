// tier: full
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Relay, startRelay } from "./relay.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A relay to a server. @returns where its clients connect */
async function relayTo(port: number): Promise<{ readonly relay: Relay; readonly port: number }> {
  const relay = startRelay();
  ends.push(() => relay.close());
  // As it comes over a channel: made without a word of half-open connections.
  const door = createServer();
  relay.serve(door, { host: "127.0.0.1", port });
  return { relay, port: await listening(door) };
}

/** Waits until a connection is closed, by whatever. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

test("what has ended its side gets all of the answer", async () => {
  const answer = Buffer.alloc(4 * 1024 * 1024, "answer ");
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume().on("end", () => socket.end(answer));
  });
  const { port } = await relayTo(await listening(server));
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  client.end("question");
  const pieces: Buffer[] = [];
  for await (const piece of client) pieces.push(piece as Buffer);
  expect(Buffer.concat(pieces).equals(answer)).toBe(true);
});

test("a server that is not there, and one that breaks off, break the client's connection off", async () => {
  const server = createServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
  const { port } = await relayTo(await listening(server));
  const client = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  client.write("x");
  await closed(client);
  const gone = createServer();
  const goneAt = await listening(gone);
  gone.close();
  await once(gone, "close");
  const { port: second } = await relayTo(goneAt);
  const other = connect({ port: second, host: "127.0.0.1" }).on("error", () => undefined);
  await closed(other);
  expect([client.destroyed, other.destroyed]).toEqual([true, true]);
});

test("nothing is let through once it is closed", async () => {
  const server = createServer((socket) => void socket.on("error", () => undefined).write("hello"));
  const { relay, port } = await relayTo(await listening(server));
  const client = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  await once(client, "data");
  relay.close();
  await closed(client);
  const late = connect({ port, host: "127.0.0.1" });
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});
