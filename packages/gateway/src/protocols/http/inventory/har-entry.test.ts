import { expect, test } from "vitest";
import { foundInEntry } from "./har-entry.ts";
import { readSeenRequest } from "./request.ts";

interface Parts {
  readonly entry?: object;
  readonly request?: object;
  readonly response?: object;
}

const startedDateTime = "2026-12-02T09:19:19.1234567+01:00";
const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);
const url = "https://api.shop.example/v1/invoices";
const found = ({ entry, request, response }: Parts): unknown =>
  foundInEntry(1, {
    startedDateTime,
    request: { method: "GET", url, headers: [], bodySize: 0, ...request },
    response: { status: 200, ...response },
    ...entry,
  });
const act = (text: string, within = "api.shop.example"): object => ({
  kind: "act",
  act: { act: text, by: "", within, at, times: 1 },
});
const unread = (why: string): object => ({ kind: "unread", line: 1, why });
const header = (name: string, value = ""): object => ({ name, value });

test.each([
  [url, "/v1/invoices", undefined],
  [`${url}?a=%2f&b=[1]&c`, "/v1/invoices?a=%2f&b=[1]&c", undefined],
  ["https://api.shop.example/a/../b/%7e//c", "/a/../b/%7e//c", undefined],
  ["https://api.shop.example", "/", undefined],
  ["https://api.shop.example?a", "/?a", undefined],
  ["https://api.shop.example#part", "/", undefined],
  [`${url}?a=b#part?c#d`, "/v1/invoices?a=b", undefined],
  ["HTTPS://me:pass@API.Shop.example:443/a@b:1", "/a@b:1", undefined],
  ["http://me@7@localhost:8080/a", "/a", "localhost:8080"],
  ["http://localhost:80/a", "/a", "localhost"],
  ["https://[2001:DB8::1]:8443/a", "/a", "[2001:db8::1]:8443"],
  ["https://Bücher.example:8443/a", "/a", "xn--bcher-kva.example:8443"],
])("the target is cut out of %s", (url, target, within) => {
  expect(found({ request: { url } })).toEqual(act(`GET ${target}\ncontent-length: 0`, within));
});

test.each([
  ["no entry", foundInEntry(1, [1]), "it is no JSON object"],
  ["no request", found({ entry: { request: null } }), "its URL is none of HTTP"],
  ["no URL", found({ request: { url: undefined } }), "its URL is none of HTTP"],
  ["a URL without a scheme", found({ request: { url: "localhost:8080/a" } }), "its URL is none of HTTP"],
  ["a URL without a host", found({ request: { url: "https:///a" } }), "its host is none"],
  ["a host that is none", found({ request: { url: "https://a b/c" } }), "its host is none"],
  ["half of a character in it", found({ request: { url: "https://a\ud800/" } }), "its host is none"],
  [
    "a backslash for a slash",
    found({ request: { url: String.raw`https://a\@b/c` } }),
    "its target does not begin with a slash",
  ],
  [
    "a line's end in the target",
    found({ request: { url: `${url}?a\nupgrade: b` } }),
    "its target holds a character that no target holds",
  ],
  [
    "a target that is too long",
    found({ request: { url: `${url}/${"a".repeat(8192)}` } }),
    "its target is longer than 8192 characters",
  ],
  ["another method", found({ request: { method: "GET /a\n" } }), "its method is none"],
  ["no method", found({ request: { method: 7 } }), "its method is none"],
  ["no answer", found({ entry: { response: undefined } }), "no status: nobody knows whether it worked"],
  ["a status of 0", found({ response: { status: 0 } }), "no status: nobody knows whether it worked"],
  ["a status of -1", found({ response: { status: -1 } }), "no status: nobody knows whether it worked"],
  ["no time", found({ entry: { startedDateTime: undefined } }), "its time is none"],
  ["a day that is none", found({ entry: { startedDateTime: "2026-02-30T00:00:00Z" } }), "its time is none"],
  ["a time of nowhere", found({ entry: { startedDateTime: "2026-12-02T00:00:00" } }), "its time is none"],
  [
    "too many headers",
    found({ request: { headers: Array.from({ length: 9000 }, (_, at) => header(`x-name-${at}`)) } }),
    "its headers are too many",
  ],
])("unread: %s", (_, result, why) => expect(result).toEqual(unread(why)));

test("what the API refused is failed, whatever else is wrong with it", () => {
  for (const status of [400, 404, 599, "403"])
    expect(found({ response: { status }, request: { method: 7 } })).toEqual({ kind: "failed" });
  for (const status of [200, 204, 302, 304, "200"])
    expect(found({ response: { status } })).toEqual(act("GET /v1/invoices\ncontent-length: 0"));
});

test.each<[string, Parts]>([
  ["from memory", { entry: { _fromCache: "memory" } }],
  ["from a cache", { entry: { _fromCache: true } }],
  ["answered by a test", { entry: { _wasFulfilled: true } }],
  ["a tunnel", { request: { method: "CONNECT", url: "http://api.shop.example:443" } }],
  [
    "a preflight",
    { request: { method: "OPTIONS", headers: [header("Access-Control-Request-Method", "PUT")] } },
  ],
  ...[
    "data:,a",
    "blob:https://a/b",
    "about:blank",
    "chrome-extension://a/b",
    "Moz-Extension://a/b",
    "file:///a",
  ].map((url): [string, Parts] => [url, { request: { url } }]),
])("nobody's call: %s", (_, parts) => {
  expect(found(parts)).toBeUndefined();
  expect(found({ ...parts, response: { status: 0 } })).toBeUndefined();
});

test("what only looks so is a call", () => {
  expect(found({ entry: { _fromCache: "" } })).toEqual(act("GET /v1/invoices\ncontent-length: 0"));
  expect(found({ request: { method: "OPTIONS" } })).toEqual(act("OPTIONS /v1/invoices\ncontent-length: 0"));
});

test("of headers the names alone are told", () => {
  const headers = [
    ..."Host X-Tenant x-tenant Content-Length Content-Type Upgrade Proxy-Connection".split(" "),
    ":authority",
    "x tenant",
    "",
    "x\nupgrade",
    "é",
  ].map((name) => header(name, "secret"));
  expect(found({ request: { headers: [...headers, 7, {}, header("A")] } })).toEqual(
    act("GET /v1/invoices\nhost:\nx-tenant:\na:\ncontent-length: 0"),
  );
  for (const name of ["host", ":authority", "accept"])
    expect(found({ request: { headers: [header("a"), header(name)] } })).toEqual(
      act(`GET /v1/invoices\nhost:\na:${name === "accept" ? "\naccept:" : ""}\ncontent-length: 0`),
    );
  expect(found({ request: { headers: { "x-tenant": "a" } } })).toEqual(
    act("GET /v1/invoices\ncontent-length: 0"),
  );
});

test.each<[string, Parts]>([
  ["101", { response: { status: 101 } }],
  ["its type", { entry: { _resourceType: "websocket" } }],
  ["its messages", { entry: { _webSocketMessages: [] } }],
])("a WebSocket is known by %s", (_, parts) => {
  const request = { url: url.replace("https", "wss"), headers: [header("Upgrade", "websocket")] };
  expect(found({ request, ...parts })).toEqual(
    act("GET /v1/invoices\nhost:\nupgrade: websocket\ncontent-length: 0"),
  );
});

const post = { method: "POST", headers: [] };
const json = { mimeType: "application/json; charset=utf-8", text: '{"a":"é"}' };
const jsonHead = "content-type: application/json\ncontent-length";
test.each<[string, object, string]>([
  ["no body", {}, "content-length: 0"],
  ["a size alone", { bodySize: 12 }, "content-length: 12"],
  ["a body of no bytes", { postData: { mimeType: "application/json", text: "" } }, "content-length: 0"],
  ["JSON", { postData: json, bodySize: 10 }, `${jsonHead}: 10\n\n${json.text}`],
  ["JSON without a size", { postData: json, bodySize: -1 }, `${jsonHead}: 10\n\n${json.text}`],
  ["an empty line in it", { postData: { ...json, text: "[\n\n1]" } }, `${jsonHead}: 5\n\n[\n\n1]`],
  [
    "a type of JSON's kind",
    { postData: { mimeType: "Application/Merge-Patch+JSON", text: "{}" } },
    "content-type: application/merge-patch+json\ncontent-length: 2\n\n{}",
  ],
  [
    "a type in a header alone",
    { postData: { mimeType: "", text: "{}" }, headers: [header("Content-Type", "application/json")] },
    `${jsonHead}: 2\n\n{}`,
  ],
  ["a type that is none", { postData: { mimeType: "json\nupgrade: a/b", text: "{}" } }, "content-length: 2"],
  [
    "another type",
    { postData: { mimeType: "text/plain", text: "{}" } },
    "content-type: text/plain\ncontent-length: 2",
  ],
  [
    "the largest JSON that is told",
    { postData: { ...json, text: `"${"é".repeat(32_767)}"` } },
    `${jsonHead}: 65536\n\n"${"é".repeat(32_767)}"`,
  ],
  ["larger JSON", { postData: { ...json, text: `"${"é".repeat(32_767)} "` } }, `${jsonHead}: 65537`],
  ["base64", { postData: { ...json, text: "e30=", encoding: "base64" } }, `${jsonHead}: 2`],
  ["a text that is left out", { postData: { ...json, text: "" }, bodySize: 12 }, `${jsonHead}: 12`],
  [
    "fields",
    { postData: { mimeType: "application/x-www-form-urlencoded", params: [{}] }, bodySize: 7 },
    "content-type: application/x-www-form-urlencoded\ncontent-length: 7",
  ],
  [
    "fields that nobody counted",
    { postData: { mimeType: "multipart/form-data; boundary=a", params: [{}] }, bodySize: -1 },
    "content-type: multipart/form-data\ntransfer-encoding: chunked",
  ],
  [
    "an upload that the recorder left out",
    { headers: [header("Content-Length", "70000")] },
    "content-length: 70000",
  ],
  [
    "a stream",
    { headers: [header("Transfer-Encoding", "chunked")], bodySize: -1 },
    "transfer-encoding: chunked",
  ],
  ["a size that is none", { bodySize: 1.5, headers: [header("Content-Length", "1e3")] }, "content-length: 0"],
])("a request with %s", (_, more, text) => {
  expect(found({ request: { ...post, ...more } })).toEqual(
    act(`POST /v1/invoices\n${"headers" in more ? "host:\n" : ""}${text}`),
  );
});

test("of a body whose size nobody knows nothing is told, but where there can be none", () => {
  expect(found({ request: { ...post, bodySize: -1 } })).toEqual(act("POST /v1/invoices"));
  expect(found({ request: { bodySize: -1 } })).toEqual(act("GET /v1/invoices\ncontent-length: 0"));
});

test("an act is read as it was made", () => {
  const headers = [header("X-Tenant", "a"), header("Accept"), header(":path"), header("Upgrade", "h2c")];
  const { act: seen } = found({ request: { ...post, headers, postData: json } }) as {
    act: { act: string };
  };
  expect(readSeenRequest(seen.act)).toMatchObject({
    method: "POST",
    target: "/v1/invoices",
    headers: ["x-tenant"],
    body: 10,
    type: "application/json",
    json: json.text,
    upgrade: undefined,
  });
});
