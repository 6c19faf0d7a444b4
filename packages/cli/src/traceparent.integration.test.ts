// tier: full
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TestBed, useTestBed } from "./testing/cli.ts";

let bed: TestBed;
useTestBed((made) => (bed = made));

/** A gateway that denies whatever is asked for, and keeps how it was asked. */
const asked: { readonly what: string; readonly traceparent: unknown }[] = [];
const denying = createServer((request, response) => {
  asked.push({
    what: `${request.method} ${request.url}`,
    traceparent: request.headers["traceparent"],
  });
  response
    .writeHead(403, { "content-type": "application/problem+json" })
    .end('{"status":403,"code":"denied","title":"denied","detail":"no policy permits it"}');
});
beforeEach(async () => {
  asked.length = 0;
  await new Promise<void>((resolve) => denying.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => denying.close(resolve)));

const span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const ask = ["orders-db/read-orders", "--reason", "TICKET-1"];
const commands: readonly string[][] = [
  ["request", ...ask],
  ["run", ...ask, "--", process.execPath, "--version"],
];

it.each(commands)("%s asks under the span that the environment names", async (...args) => {
  const ran = await bed.run(args, { TRACEPARENT: span });
  expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining("TRACEPARENT")]);
  expect([...bed.all.grants.store.requests.values()].map(({ traceparent }) => traceparent)).toEqual([span]);
});

it.each(commands)("%s leaves out what is no span, and asks all the same", async (...args) => {
  const { port } = denying.address() as AddressInfo;
  const url = { MAYFLY_URL: `http://127.0.0.1:${port}` };
  const malformed = [span.toUpperCase(), `${span}0`];
  for (const each of malformed)
    expect((await bed.run(args, { ...url, TRACEPARENT: each })).stderr).toContain("no policy permits it");
  await bed.run(args, { ...url, TRACEPARENT: span });
  const asks = asked.filter(({ what }) => what === "POST /v1/requests");
  expect(asks.map(({ traceparent }) => traceparent)).toEqual([...malformed.map(() => undefined), span]);
});
