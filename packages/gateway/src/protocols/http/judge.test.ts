import { expect, it } from "vitest";
import type { HttpAct } from "./act.ts";
import type { Compiled } from "./compile.ts";
import { compileScopes } from "./compile.ts";
import { detailOf } from "./detail.ts";
import { judgeHead } from "./judge-head.ts";
import { prepare, verdictOf } from "./judge.ts";
import { isNeverListed, TAKEN_HEADERS } from "./request/headers.ts";
import { scopeSchema } from "./scope.ts";

const parts = { requests: ["POST /v1/{name}"], headers: ["x-mine"], body: { types: ["application/json"] } };
const act: HttpAct = {
  method: "POST",
  target: "/v1/x?a=1",
  headers: ["Content-Type", "application/json", "X-Mine", "1", "Authorization", "Bearer x"],
  body: { kind: "read", bytes: Buffer.from('{"a":1}') },
};

/** A scope that counts how often its schema is asked. */
function counting(): { readonly scopes: readonly Compiled[]; readonly asked: () => number } {
  let asked = 0;
  const [scope] = compileScopes([{ name: "api/write", scope: scopeSchema.parse(parts) }]);
  if (scope?.body === undefined) throw new Error("there is no rule");
  const check = (): undefined => void (asked += 1);
  return { scopes: [{ ...scope, body: { ...scope.body, check } }], asked: () => asked };
}

it("judges a prepared request once: the gate finds its verdict, with what covers it", () => {
  const { scopes, asked } = counting();
  const prepared = prepare(judgeHead(scopes, act), act);
  const verdict = verdictOf(scopes, prepared);
  expect(asked()).toBe(1);
  expect(verdict).toBe(prepared.prepared.verdict);
  expect(verdict).toMatchObject({
    kind: "permit",
    operation: "api/write",
    cover: {
      scope: scopes[0],
      template: { text: "POST /v1/{name}" },
      request: { path: "/v1/x", query: "a=1" },
      headers: {
        raw: ["Content-Type", "X-Mine"],
        names: ["content-type", "x-mine"],
        values: ["application/json", "1"],
      },
    },
  });
});

it("takes a prepared verdict for nothing by any other scopes", () => {
  const { scopes } = counting();
  const prepared = prepare(judgeHead(scopes, act), act);
  const others = compileScopes([
    { name: "api/read", scope: scopeSchema.parse({ requests: ["GET /v1/{name}"] }) },
  ]);
  expect(verdictOf(others, prepared).kind).toBe("deny");
  // The same scopes compiled once more are others too.
  const again = counting();
  expect(verdictOf(again.scopes, prepared).kind).toBe("permit");
  expect(again.asked()).toBe(1);
});

it("judges by no second rule what was judged slowly", () => {
  const { scopes } = counting();
  const slow = prepare(judgeHead(scopes, act), { ...act, body: { ...act.body, maxCost: -1 } as never }, [
    undefined,
  ]);
  expect(slow.prepared.verdict.kind).toBe("permit");
  expect(verdictOf(counting().scopes, slow)).toMatchObject({
    denial: { message: "refused: the body was not judged" },
  });
});

it("takes no header that is never granted for one that is always taken", () => {
  expect(TAKEN_HEADERS.length).toBeGreaterThan(40);
  expect(TAKEN_HEADERS.filter(isNeverListed)).toEqual([]);
});

it("writes a request down in canonical JSON, with the headers that its operation lists", () => {
  const { scopes } = counting();
  const head = judgeHead(scopes, act);
  const { verdict } = prepare(head, act).prepared;
  const cover = verdict.kind === "permit" ? verdict.cover : undefined;
  expect(detailOf(act, head.request, cover, new Set())).toBe(
    '{"body":{"bytes":7,"sha256":"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"},' +
      '"headers":[["x-mine","1"]],"method":"POST","path":"/v1/x","query":"a=1"}',
  );
  expect(detailOf(act, head.request, cover, new Set(["x-mine"]))).not.toContain("headers");
  expect(detailOf({ ...act, upgrade: "websocket" }, head.request, undefined, new Set())).not.toContain(
    "headers",
  );
});

it("takes the handshake of a WebSocket that says each thing once, and no other", () => {
  const scope = scopeSchema.parse({ requests: ["GET /live"], websocket: true });
  const scopes = compileScopes([{ name: "api/live", scope }]);
  const key = ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="];
  const version = ["Sec-WebSocket-Version", "13"];
  const kindOf = (...headers: string[]): string =>
    verdictOf(scopes, {
      method: "GET",
      target: "/live",
      headers,
      body: { kind: "none" },
      upgrade: "websocket",
    }).kind;
  expect(kindOf(...key, ...version)).toBe("permit");
  expect(kindOf(...key, ...version, ...key)).toBe("deny");
  expect(kindOf(...key, ...version, "sec-websocket-version", "8")).toBe("deny");
  expect(kindOf("Sec-WebSocket-Key", "short", ...version)).toBe("deny");
});
