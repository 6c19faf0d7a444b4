import type { RawRequestDefaultExpression } from "fastify";
import { expect, test } from "vitest";
import { clientAddressOf } from "./client-address.ts";

const request = (socket: object): RawRequestDefaultExpression =>
  ({ socket }) as unknown as RawRequestDefaultExpression;

test("a client's address is known while its connection is there", () => {
  expect(clientAddressOf(request({ remoteAddress: "192.0.2.1" }))).toBe("192.0.2.1");
  expect(clientAddressOf(request({}))).toBeUndefined();
  const unbound = {
    get remoteAddress(): string {
      throw new Error("the session has no socket any more");
    },
  };
  expect(clientAddressOf(request(unbound))).toBeUndefined();
});
