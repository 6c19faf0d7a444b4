import { Readable } from "node:stream";
import { expect, it } from "vitest";
import type { OutgoingRequest } from "./dispatch.ts";
import { encodeRequestHead } from "./request-head.ts";

const plain: OutgoingRequest = { method: "GET", path: "/a?b=c", headers: ["Accept", "*/*"], body: null };
const encode = (more: Partial<OutgoingRequest>): string =>
  encodeRequestHead({ ...plain, ...more }, "api.test:81").text;

it("is written with the host, and with what frames its body", () => {
  const start = "/a?b=c HTTP/1.1\r\nhost: api.test:81\r\nconnection: keep-alive\r\nAccept: */*\r\n";
  expect(encode({})).toBe(`GET ${start}\r\n`);
  expect(encode({ method: "POST" })).toBe(`POST ${start}content-length: 0\r\n\r\n`);
  expect(encode({ method: "PUT", body: Buffer.from("ab") })).toBe(`PUT ${start}content-length: 2\r\n\r\n`);
  const body = Readable.from([]);
  expect(encode({ method: "PUT", body })).toBe(`PUT ${start}transfer-encoding: chunked\r\n\r\n`);
  expect(encode({ method: "PUT", body, headers: ["Accept", "*/*", "Content-Length", "7"] })).toBe(
    `PUT ${start}content-length: 7\r\n\r\n`,
  );
});

it("names the host that it is given, and asks for the protocol that it is given", () => {
  expect(encode({ headers: ["Host", "other.test"] })).toContain("\r\nhost: other.test\r\n");
  expect(encode({ headers: ["Host", "other.test"] })).not.toContain("api.test");
  expect(encode({ upgrade: "SPDY/3.1" })).toContain("\r\nconnection: upgrade\r\nupgrade: SPDY/3.1\r\n");
});

it.each<readonly [what: string, more: Partial<OutgoingRequest>, mended: Partial<OutgoingRequest>]>([
  ["a method that is no token", { method: "GET /x" }, { method: "PURGE" }],
  ["a path with a space", { path: "/a b" }, { path: "/a%20b" }],
  ["a path with a line break", { path: "/a\r\nx: 1" }, { path: "/a" }],
  ["a path that is none", { path: "http://other.test/" }, { path: "/" }],
  ["a path beyond ASCII", { path: "/\xe9" }, { path: "/%C3%A9" }],
  ["a line break in a value", { headers: ["a", "1\r\nb: 2"] }, { headers: ["a", "1"] }],
  ["a line feed in a value", { headers: ["a", "1\n2"] }, { headers: ["a", "1"] }],
  ["a NUL in a value", { headers: ["a", "1\0"] }, { headers: ["a", "1"] }],
  ["a value beyond Latin-1", { headers: ["a", "\u0120"] }, { headers: ["a", "\xe9"] }],
  ["a name that is no token", { headers: ["a b", "1"] }, { headers: ["a-b", "1"] }],
  ["a name with a colon", { headers: ["a:", "1"] }, { headers: ["a", "1"] }],
  ["a coding of its own", { headers: ["Transfer-Encoding", "chunked"] }, { headers: ["te", "trailers"] }],
  ["a connection of its own", { headers: ["Connection", "x"] }, { headers: ["x-connection", "x"] }],
  ["an upgrade of its own", { headers: ["Upgrade", "h2c"] }, { upgrade: "websocket" }],
  ["an upgrade that is none", { upgrade: "a\r\nb: c" }, { upgrade: "a/1" }],
  ["two hosts", { headers: ["host", "a", "Host", "a"] }, { headers: ["host", "a"] }],
  [
    "two lengths",
    { headers: ["content-length", "0", "Content-Length", "0"] },
    { headers: ["content-length", "0"] },
  ],
  ["a length that is none", { headers: ["content-length", "-1"] }, { headers: ["content-length", "0"] }],
  [
    "another length than its body's",
    { body: Buffer.from("ab"), headers: ["content-length", "1"] },
    { body: Buffer.from("ab"), headers: ["content-length", "2"] },
  ],
  ["a length without a body", { headers: ["content-length", "1"] }, { headers: ["content-length", "0"] }],
])("is not written with %s", (_, more, mended) => {
  expect(() => encode(more)).toThrow(/REQUEST_/);
  expect(encode(mended)).toMatch(/\r\n\r\n$/);
});
