import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { mintPermit } from "../../permit.ts";
import { openUpgrade } from "./upgrade.ts";
import { createUpstreams, type Upstream } from "./upstream.ts";

let server: Server;
const seen: string[] = [];
afterEach(async () => {
  seen.length = 0;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function start(): Promise<Upstream> {
  server = createServer((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? ""}`);
    response.end(request.url === "/base/large" ? "x".repeat(5_000_000) : "{}");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  return createUpstreams(() => ({
    url,
    http2: false,
    timeout: 5000,
    credentials: { headers: () => ({ authorization: "Bearer own" }) },
  }))({});
}

const request = { method: "GET", target: "/x", headers: [], upgrade: "websocket" } as const;
const live = new AbortController().signal;

test("nothing reaches an upstream without a permit, and with one once", async () => {
  const upstream = await start();
  // @ts-expect-error an upstream shows no pool
  expect(upstream.pool).toBeUndefined();
  const plain = { intent: 1, operation: "c/op", cover: {} };
  // @ts-expect-error a permit is no plain object
  const forged = openUpgrade(upstream, plain, { ...request, headers: [] }, live);
  await expect(forged).rejects.toThrow("spend");
  const permit = mintPermit(1, "c/op", undefined);
  const once = openUpgrade(upstream, permit, { ...request, headers: [] }, live);
  await expect(once).rejects.toThrow("upstream_status_200");
  const again = openUpgrade(upstream, permit, { ...request, headers: [] }, live);
  await expect(again).rejects.toThrow("once");
  expect(seen).toEqual(["GET /base/x "]);
});

test("the gateway's own question is made of names, and bounded", async () => {
  const upstream = await start();
  await expect(upstream.ask(["api", "v1", "pods", "web-1"])).resolves.toEqual({ status: 200, text: "{}" });
  expect(seen).toEqual(["GET /base/api/v1/pods/web-1 Bearer own"]);
  for (const name of ["..", "a/b", "a?b=c", "a b", "%2e", ""])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await expect(upstream.ask(["api", name])).rejects.toThrow("names");
  await expect(upstream.ask(["large"])).rejects.toThrow("larger");
  expect(seen).toHaveLength(2);
});
