import { createServer, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { useServers } from "../testing/servers.ts";
import { attempt } from "./attempt.ts";

/** The addresses of every name here. */
const names = vi.hoisted(() => ({ addresses: [] as readonly string[] }));
vi.mock("./lookup.ts", () => ({ addressesHere: () => Promise.resolve({ addresses: names.addresses }) }));

const MS = 60_000;
const { listen, serve } = useServers();

/** A proxy of one address that gives one answer. */
const answer = (status: number) => (socket: Socket) => {
  socket.once("data", () => socket.end(`HTTP/1.1 ${status} x\r\n\r\n`));
};

async function found(port: number, ...addresses: readonly string[]): Promise<string> {
  names.addresses = addresses;
  const target = { host: "10.0.0.9", port: 5432, speaks: "tcp", logins: [] } as const;
  return (await attempt(target, new URL(`http://proxy.test:${port}`), MS)).found;
}

test("a proxy whose name has several addresses is tried at each of them", async () => {
  const opens = await serve(answer(200));
  // The others of one port.
  await listen(createServer(answer(403)), { host: "127.0.0.2", port: opens });
  await listen(createServer(answer(407)), { host: "127.0.0.3", port: opens });
  expect(await found(opens, "127.0.0.2", "127.0.0.3", "127.0.0.1")).toBe("answered");
  expect(await found(opens, "127.0.0.4", "127.0.0.1")).toBe("answered");
  expect(await found(opens, "127.0.0.2", "127.0.0.3")).toBe("other");
  expect(await found(opens, "127.0.0.2", "127.0.0.4")).toBe("rejected");
  expect(await found(opens)).toBe("other");
});

test("one with more addresses than are tried stays undecided, unless one of them opens", async () => {
  const opens = await serve(answer(200));
  const refusing = Array.from({ length: 8 }, (_, at) => `127.0.0.${at + 10}`);
  expect(await found(opens, ...refusing)).toBe("refused");
  expect(await found(opens, ...refusing, "127.0.0.18")).toBe("other");
  expect(await found(opens, "127.0.0.1", ...refusing)).toBe("answered");
});
