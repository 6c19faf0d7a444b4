import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createMayfly, type Mayfly, MayflyError } from "./index.ts";

/** A gateway that denies whatever is asked for, and keeps under which span it was. */
const asked: unknown[] = [];
const denying = createServer((request, response) => {
  asked.push(request.headers["traceparent"]);
  response.writeHead(403, { "content-type": "application/problem+json" }).end('{"code":"denied"}');
});
let mayfly: Mayfly;

beforeEach(async () => {
  asked.length = 0;
  await new Promise<void>((resolve) => denying.listen(0, "127.0.0.1", resolve));
  const { port } = denying.address() as AddressInfo;
  mayfly = createMayfly({ url: `http://127.0.0.1:${port}`, token: "token-agent" });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => denying.close(resolve));
});

const span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const other = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;
const ask = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };

/** Asks in both ways. @returns the spans that were sent */
async function spansSent(traceparent?: string): Promise<readonly unknown[]> {
  const given = traceparent === undefined ? {} : { traceparent };
  await expect(mayfly.request(ask, given)).rejects.toBeInstanceOf(MayflyError);
  await expect(mayfly.withGrant({ ...ask, ...given }, () => "used")).rejects.toBeInstanceOf(MayflyError);
  return asked;
}

it("asks under the span that the environment names", async () => {
  vi.stubEnv("TRACEPARENT", span);
  expect(await spansSent()).toEqual([span, span]);
});

it("prefers the span that it is given", async () => {
  vi.stubEnv("TRACEPARENT", span);
  expect(await spansSent(other)).toEqual([other, other]);
});

it("asks under none where nothing says one", async () => {
  vi.stubEnv("TRACEPARENT", undefined);
  expect(await spansSent()).toEqual([undefined, undefined]);
});

it.each([span.toUpperCase(), `${span}0`, `${span}\n`, ` ${span}`, "nonsense", ""])(
  "leaves out what is no span: %j",
  async (malformed) => {
    vi.stubEnv("TRACEPARENT", malformed);
    expect(await spansSent()).toEqual([undefined, undefined]);
    asked.length = 0;
    expect(await spansSent(malformed)).toEqual([undefined, undefined]);
  },
);
