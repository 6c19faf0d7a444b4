import { describe, expect, it } from "vitest";
import { schemaOf } from "../../gate/web/schema/check-worker.ts";
import { judgeBodyWork } from "./body/work.ts";
import { judgeBody } from "./body/judge.ts";
import { type Compiled, compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { scopeSchema } from "./scope.ts";

const schema = JSON.stringify({
  type: "object",
  properties: { a: { type: "integer", maximum: 9 } },
  additionalProperties: false,
});
const types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
const [loose] = compileScopes([
  { name: "api/write", scope: scopeSchema.parse({ requests: ["POST /v1/x"], body: { types } }) },
]) as [Compiled];
const strict: Compiled = {
  ...loose,
  body: { check: schemaOf(schema).check, schema: schemaOf(schema), max: 65_536, types: ["application/json"] },
};

interface Sent {
  readonly scope?: Compiled;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly type?: string;
  readonly body?: string;
  readonly upgrade?: string;
}

function denialOf(sent: Sent): { readonly remedy: string; readonly hint: string; readonly near: boolean } {
  const { scope = loose, method = "POST", target = "/v1/x", headers = [], body, upgrade } = sent;
  const answer = verdictOf([scope], {
    method,
    target,
    headers: [...headers, ...(body === undefined ? [] : ["content-type", sent.type ?? "application/json"])],
    body: body === undefined ? { kind: "none" } : { kind: "read", bytes: Buffer.from(body) },
    ...(upgrade === undefined ? {} : { upgrade }),
  });
  if (!("denial" in answer)) throw new Error("it is permitted");
  const { remedy, hint, ask } = answer.denial;
  return { remedy, hint, near: ask?.near === true };
}

describe("what can help against a denial", () => {
  it.each<[string, Sent]>([
    ["a member twice", { body: '{"a":1,"a":2}' }],
    ["no JSON", { body: "{" }],
    ["a byte order mark", { body: "\ufeff{}" }],
    ["too deep", { body: "[".repeat(70) + "]".repeat(70) }],
    ["another method", { body: '{"_method":"DELETE"}' }],
    ["another method in a form", { type: "application/x-www-form-urlencoded", body: "_method=PUT" }],
    ["a semicolon in a form", { type: "application/x-www-form-urlencoded", body: "a=1;b=2" }],
    ["no boundary", { type: "multipart/form-data", body: "x" }],
    ["another character set", { type: "application/json; charset=utf-16", body: "{}" }],
    ["a type that is none", { type: "application/json, text/plain", body: "{}" }],
    ["an encoded body", { headers: ["content-encoding", "gzip"], body: "{}" }],
    ["too many digits", { scope: strict, body: '{"a":1.00000000000000000001}' }],
    ["no body", { scope: strict }],
    ["another method in the query", { target: "/v1/x?_method=DELETE" }],
    ["a query that is malformed", { target: "/v1/x?a=%ff" }],
  ])("is to correct it, and never to ask: %s", (_, sent) => {
    expect(denialOf(sent)).toMatchObject({ remedy: "correct", near: false });
    expect(denialOf(sent).hint).not.toMatch(/mayfly request/);
  });

  it.each<[string, Sent]>([
    ["a header of the gateway's", { headers: ["x-forwarded-for", "10.0.0.1"] }],
    ["the same with an underscore", { headers: ["x_forwarded_for", "10.0.0.1"] }],
    ["another protocol", { upgrade: "h2c" }],
    ["a method that no operation names", { method: "PURGE" }],
  ])("is nothing: %s", (_, sent) => {
    expect(denialOf(sent).remedy).toBe("never");
  });

  it.each<[string, Sent]>([
    ["another path", { target: "/v1/y" }],
    ["a value that the schema refuses", { scope: strict, body: '{"a":10}' }],
    ["a type that is not listed", { type: "application/xml", body: "<a/>" }],
    ["a header that another operation may list", { headers: ["x-vendor", "1"] }],
    ["a WebSocket", { upgrade: "websocket" }],
  ])("is another operation: %s", (_, sent) => {
    expect(denialOf(sent)).toMatchObject({ remedy: "ask" });
  });
});

it("does not judge by another operation's dear schema, for a hint alone", () => {
  const rule = { ...strict.body, schema: { ...schemaOf(schema), cost: () => Number.POSITIVE_INFINITY } };
  const dear = {
    ...strict,
    body: { max: 9, types: ["application/json"], check: () => undefined, ...rule },
  } as Compiled;
  const act = { method: "POST", target: "/v1/x", headers: ["content-type", "application/json"] };
  const bytes = Buffer.from('{"a":1}');
  expect(verdictOf([dear], { ...act, body: { kind: "read", bytes } })).toMatchObject({ kind: "permit" });
  const looked = verdictOf([dear], { ...act, body: { kind: "read", bytes, maxCost: 1000 } });
  expect(looked).toMatchObject({ kind: "deny", denial: { message: "refused: the body was not judged" } });
});

it("finds the same in a worker as on the thread that serves", () => {
  const { body } = strict;
  if (body === undefined) throw new Error("there is no rule");
  const bodies = [
    '{"a":1}',
    '{"a":10}',
    '{"a":1,"\\u0061":2}',
    '\ufeff{"a":1}',
    '{"__proto__":{"a":1}}',
    '{"a":1,"__proto__":null}',
    '{"a":"\\ud800"}',
    '{"a":1e0}',
    '{"a":1e400}',
    '{"a":-0}',
    '{"a":9007199254740993}',
    '{"constructor":1}',
    '{"_method":"PUT"}',
    '{"a":1}\n{"a":1}',
    "[".repeat(65) + "]".repeat(65),
    "null",
    "",
  ].map((text) => Buffer.from(text));
  bodies.push(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), Buffer.from('{"a":1}', "utf16le"));
  for (const type of [
    "application/json",
    "application/json;charset=utf-16",
    "application/x-ndjson",
    "text/json",
  ])
    for (const bytes of bodies) {
      const head = { method: "POST", headers: ["content-type", type] };
      const inline = judgeBody({ ...head, body: { kind: "read", bytes } }, body);
      expect(judgeBodyWork({ ...head, bytes, schema, max: body.max, types: body.types })).toEqual(inline);
    }
});
