import { createServer, connect as connectHttp2, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearer, head, type Rig, startRig } from "./testing/rig.ts";

let rig: Rig;
let http2: Http2Server;
let arrived = 0;

beforeAll(async () => {
  rig = await startRig({
    api: (request, response) => {
      arrived += 1;
      request.resume();
      request.once("end", () => response.writeHead(201).end("made"));
    },
    operations: {
      any: {
        requests: ["POST /v1/any"],
        body: {
          max: "1MiB",
          types: [
            "application/json",
            "application/vnd.api+json",
            "application/x-ndjson",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/octet-stream",
          ],
        },
      },
      refund: { requests: ["POST /v1/refunds"], body: "refund.json" },
      ping: { requests: ["POST /v1/ping"] },
    },
    schema: JSON.stringify({
      type: "object",
      required: ["invoice"],
      properties: {
        invoice: { type: "string", pattern: "^INV-[0-9]{4}$" },
        amount: { type: "number", maximum: 100 },
      },
      additionalProperties: false,
    }),
  });
  http2 = createServer((request, response) => rig.router.request(request, response, false));
  await new Promise<void>((resolve) => {
    http2.listen(0, "127.0.0.1", resolve);
  });
});
afterAll(async () => {
  http2.close();
  await rig.close();
});

type Framing = "length" | "chunks" | "http2";

/** Sends a body in one framing and gives the answer's status. */
async function post(
  framing: Framing,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<number> {
  if (framing === "http2") {
    const client = connectHttp2(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
    try {
      return await new Promise<number>((resolve, reject) => {
        const stream = client.request({
          ":method": "POST",
          ":path": `/http/api${path}`,
          ":authority": "mayfly.test",
          authorization: `Bearer ${bearer}`,
          ...headers,
        });
        stream.once("response", (fields) => resolve(Number(fields[":status"])));
        stream.once("error", reject);
        stream.resume();
        stream.end(body);
      });
    } finally {
      client.destroy();
    }
  }
  const framed =
    framing === "length" ? { "Content-Length": String(body.length) } : { "Transfer-Encoding": "chunked" };
  const start = head("POST", path, { Connection: "close", ...headers, ...framed });
  const half = Math.floor(body.length / 2);
  const chunk = (part: Buffer): string =>
    part.length === 0 ? "" : `${part.length.toString(16)}\r\n${part.toString("latin1")}\r\n`;
  const sent =
    framing === "length"
      ? body.toString("latin1")
      : `${chunk(body.subarray(0, half))}${chunk(body.subarray(half))}0\r\n\r\n`;
  const answer = await rig.raw(start + sent, /\r\n\r\n/);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const multipart = "multipart/form-data; boundary=b";
const part = (name: string, value = "x", more = ""): string =>
  `--b\r\nContent-Disposition: form-data; name=${name}\r\n${more}\r\n${value}\r\n`;
const padding = "x".repeat(70_000);

const cases: readonly [
  why: string,
  type: string,
  good: string | Buffer,
  bad: string | Buffer,
  more?: Record<string, string>,
][] = [
  ["another method in JSON", json, '{"method":"card"}', '{"_method":"DELETE"}'],
  ["another method in JSON, escaped", json, '{"a":"_method"}', '{"\\u005fmethod":"DELETE"}'],
  ["another method in a large JSON", json, `{"a":"${padding}"}`, `{"a":"${padding}","_method":"DELETE"}`],
  ["another method in fullwidth letters", json, '{"＿a":1}', '{"＿method":"DELETE"}'],
  ["a member twice", json, '{"a":1,"b":1}', '{"a":1,"\\u0061":2}'],
  [
    "a member twice, deep and late",
    json,
    `{"p":"${padding}","a":{"b":1}}`,
    `{"p":"${padding}","a":{"b":1,"b":2}}`,
  ],
  ["nesting beyond 64", json, `${"[".repeat(64)}${"]".repeat(64)}`, `${"[".repeat(65)}${"]".repeat(65)}`],
  ["UTF-16", json, '{"a":1}', Buffer.from('{"a":1}', "utf16le")],
  ["UTF-16 with its mark", json, '{"a":1}', Buffer.from('\ufeff{"a":1}', "utf16le")],
  ["a byte order mark", json, '{"a":1}', '\ufeff{"a":1}'],
  ["Latin-1", json, '{"a":"é"}', Buffer.from('{"a":"é"}', "latin1")],
  ["no JSON", json, "[]", "a=1"],
  ["another method in JSON of a vendor", "application/vnd.api+json", '{"data":{}}', '{"_method":"PATCH"}'],
  [
    "another method in a line of JSON",
    "application/x-ndjson",
    '{"a":1}\n{"b":1}\n',
    '{"a":1}\n{"_method":"PUT"}',
  ],
  ["another method in a form", form, "a=1&method=card", "a=1&_method=DELETE"],
  ["another method in a large form", form, `a=${padding}&b=1`, `a=${padding}&_method=DELETE`],
  ["another method behind a semicolon", form, "a=1&b=2", "a=1;_method=DELETE"],
  ["a semicolon", form, "a=1%3Bb=2", "a=1;b=2"],
  ["NUL in a form", form, "a=%20", "a=%00"],
  ["raw NUL in a form", form, "a=1", "a=\0"],
  ["NUL in a field's name", form, "a=1", "_method%00=DELETE"],
  ["a broken encoding in a form", form, "a=%25zz", "a=%zz"],
  ["an overlong encoding", form, "a=%C3%A9", "%C1%9Fmethod=DELETE"],
  ["UTF-16 in a form", form, "a=1", Buffer.from("_method=DELETE", "utf16le")],
  ["another character set by a field", form, "_charset_=utf-8&a=1", "_charset_=utf-7&a=1"],
  ...[
    "_METHOD",
    "_method[]",
    "[_method]",
    "_method[0]",
    "+_method",
    ".method",
    "%5Fmethod",
    "X-HTTP-Method-Override",
    "_HttpMethod",
    "x.http.method",
  ].map((name): (typeof cases)[number] => ["another method, spelt", form, "a=1", `${name}=DELETE`]),
  [
    "another method in a part",
    multipart,
    `${part('"method"')}--b--\r\n`,
    `${part('"a"')}${part('"_method"', "DELETE")}--b--\r\n`,
  ],
  ["another method in a part, unquoted", multipart, `${part("method")}--b--`, `${part("_method")}--b--`],
  ["another method in a part, encoded", multipart, `${part('"a"')}--b--`, `${part('"%5Fmethod"')}--b--`],
  [
    "another method in a part, in single quotes",
    multipart,
    `${part('"a"')}--b--`,
    `${part("'_method'")}--b--`,
  ],
  ["another method in a part, escaped", multipart, `${part('"a"')}--b--`, `${part('"\\_method"')}--b--`],
  [
    "another method in a part, by a second name",
    multipart,
    `${part('"a"')}--b--`,
    `${part('"a"; name="_method"')}--b--`,
  ],
  [
    "another method in a part, by an extended name",
    multipart,
    `${part('"a"')}--b--`,
    `${part("\"a\"; name*=utf-8''_method")}--b--`,
  ],
  [
    "another method in a large part",
    multipart,
    `${part('"a"', padding)}--b--`,
    `${part('"a"', padding)}${part('"_method"')}--b--`,
  ],
  ["a part before the first", multipart, `${part('"a"')}--b--`, `preamble\r\n${part('"a"')}--b--`],
  ["a part after the last", multipart, `${part('"a"')}--b--`, `${part('"a"')}--b--\r\n${part('"_method"')}`],
  [
    "a boundary behind a bare line feed",
    multipart,
    `${part('"a"', "1\n2")}--b--`,
    `${part('"a"', "1\n--b")}--b--`,
  ],
  ["a folded header of a part", multipart, `${part('"a"')}--b--`, `${part('"a"', "x", " x: y\r\n")}--b--`],
  [
    "an encoded part",
    multipart,
    `${part('"a"', "x", "Content-Transfer-Encoding: 8bit\r\n")}--b--`,
    `${part('"a"', "x", "Content-Transfer-Encoding: base64\r\n")}--b--`,
  ],
  [
    "a part in another character set",
    multipart,
    `${part('"a"', "x", "Content-Type: text/plain; charset=utf-8\r\n")}--b--`,
    `${part('"a"', "x", "Content-Type: text/plain; charset=utf-7\r\n")}--b--`,
  ],
  [
    "a file is taken",
    multipart,
    `${part('"a"; filename="a;b.txt"', "x\0y", "Content-Type: text/plain\r\n")}--b--`,
    `${part('"_method"; filename="a.txt"')}--b--`,
  ],
  [
    "another character set of the whole",
    multipart,
    `${part('"a"')}--b--`,
    `${part('"_charset_"', "utf-16")}--b--`,
  ],
];

describe.each(["length", "chunks", "http2"] as const)("a body framed by %s", (framing) => {
  it.each(cases)("%s: %s", async (_, type, good, bad) => {
    const before = arrived;
    expect(await post(framing, "/v1/any", { "content-type": type }, Buffer.from(bad))).toBe(403);
    expect(arrived).toBe(before);
    expect(await post(framing, "/v1/any", { "content-type": type }, Buffer.from(good))).toBe(201);
    expect(arrived).toBe(before + 1);
  });

  it.each([
    ["a character set", `${json}; charset=utf-16`, `${json}; charset=utf-8`],
    ["a form's character set", `${form}; charset=ibm037`, `${form}; charset="UTF-8"`],
    ["two character sets", `${json}; charset=utf-8; charset=utf-7`, json],
    ["a character set in pieces", `${json}; charset*0=utf-7`, `${json}; profile=x`],
    ["a malformed type", `${json}, text/plain`, `${json};`],
    ["junk behind the type", `${json} x`, json],
  ])("%s", async (_, bad, good) => {
    const body = Buffer.from(/form/.test(bad) ? "a=1" : "{}");
    expect(await post(framing, "/v1/any", { "content-type": bad }, body)).toBe(403);
    expect(await post(framing, "/v1/any", { "content-type": good }, body)).toBe(201);
  });

  it.each([json, form, multipart])("encoded, of type %s", async (type) => {
    const plain = type === json ? "{}" : type === form ? "a=1" : `${part('"a"')}--b--`;
    const encoded = { "content-type": type, "content-encoding": "gzip" };
    expect(await post(framing, "/v1/any", encoded, gzipSync(plain))).toBe(403);
    expect(await post(framing, "/v1/any", { "content-type": type }, Buffer.from(plain))).toBe(201);
  });

  it("that holds no parameters of a request passes as it is", async () => {
    const bytes = { "content-type": "application/octet-stream" };
    expect(await post(framing, "/v1/any", bytes, Buffer.from(`_method=DELETE;\0${padding}`))).toBe(201);
  });

  it("by its schema", async () => {
    const refund = (text: string): Promise<number> =>
      post(framing, "/v1/refunds", { "content-type": json }, Buffer.from(text));
    expect(await refund('{"invoice":"INV-0007","amount":99.5}')).toBe(201);
    expect(await refund('{"invoice":"7"}')).toBe(403);
    expect(await refund('{"invoice":"INV-0007","amount":100.00000000000000000001}')).toBe(403);
    expect(await refund('{"invoice":"INV-0007","amount":100}')).toBe(201);
    expect(await refund("")).toBe(403);
  });

  it("that is empty is none", async () => {
    expect(await post(framing, "/v1/ping", {}, Buffer.alloc(0))).toBe(201);
    expect(await post(framing, "/v1/ping", {}, Buffer.from("x"))).toBe(403);
  });
});
