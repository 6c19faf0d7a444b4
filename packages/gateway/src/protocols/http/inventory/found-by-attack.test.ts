import { describe, expect, test } from "vitest";
import { MayflyError } from "../../../kernel/errors.ts";
import type { Proposal, ProposalParts } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { readApiDocument } from "./document.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose as proposeOf } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { seen } from "./testing/seen.ts";

// What was found by attacking the inventory: logs that agents write, made to widen or to hide.

const propose = (acts: readonly string[], parts: Partial<ProposalParts> = {}): Proposal =>
  proposeOf(
    acts.map((act) => seen(act)),
    { minSeen: 1, taken: [], ...parts },
  );
const requests = ({ operations }: Proposal): readonly string[] =>
  operations.flatMap(({ scope }) => scope["requests"] as readonly string[]).toSorted();

/** Whether what is proposed permits a request. */
function permits({ operations }: Proposal, act: string): boolean {
  const scopes = operations.map(({ name, scope }) => ({
    name: `crm/${name}`,
    scope: scopeSchema.parse(scope),
  }));
  return judgeOf(scopes, {})(act).kind === "permit";
}

test("stars in a path are no wildcards", () => {
  const proposal = propose(["DELETE /**", "GET /v1/files/**", "GET /v1/*"]);
  expect(proposal.operations).toEqual([]);
  expect(proposal.apart).toMatchObject([
    { reason: "never granted: no template can say a path with a * in it", evidence: { times: 3 } },
  ]);
});

test("what was read is not what may be deleted", () => {
  const names = "prod staging billing hr legal tmpa tmpb".split(" ");
  const proposal = propose([
    ...names.map((name) => `GET /v1/buckets/${name}`),
    "DELETE /v1/buckets/tmpa",
    "DELETE /v1/buckets/tmpb",
  ]);
  expect(requests(proposal)).toEqual([
    "DELETE /v1/buckets/{bucket_name:tmpa|tmpb}",
    "GET /v1/buckets/{bucket_name:billing|hr|legal|prod|staging|tmpa|tmpb}",
  ]);
  const open = propose([
    ...Array.from(
      { length: 60 },
      (_, at) => `GET /v1/buckets/b${"abcdefghij"[at % 10]}${"klmnop"[Math.floor(at / 10)]}`,
    ),
    "DELETE /v1/buckets/bak",
    "DELETE /v1/buckets/bbk",
  ]);
  expect(requests(open)).toContain("DELETE /v1/buckets/{bucket_name:bak|bbk}");
});

test("versions are not alike", () => {
  expect(likenessOf("GET /api/1/users/7")).not.toBe(likenessOf("GET /api/2/users/7"));
  expect(likenessOf("GET /v1.1/users")).not.toBe(likenessOf("GET /v2.0/users"));
  expect(requests(propose(["GET /api/1/users", "GET /api/2/users"]))).toEqual([
    "GET /api/1/users",
    "GET /api/2/users",
  ]);
});

test("a deep path ends nothing", () => {
  expect(propose([`GET ${"/a".repeat(1500)}`]).apart).toMatchObject([
    { reason: "never granted: its path has more than 64 segments" },
  ]);
});

describe("what is set apart does not come in by another road", () => {
  const words = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `b${"abcdefghij"[at % 10]}${"klmnop"[Math.floor(at / 10)]}`);

  test.each(["secrets", "exec", "admin", "api-keys"])("in a list: %s", (word) => {
    const proposal = propose([...words(8), word].map((each) => `POST /v1/tools/${each}`));
    expect(permits(proposal, "POST /v1/tools/bak")).toBe(true);
    expect(permits(proposal, `POST /v1/tools/${word}`)).toBe(false);
  });

  test.each([
    ["GET /v1/users/a1b2c3d4e5f6g7h8i9", "GET /v1/users/password-reset-tokens"],
    ["GET /v1/keys/live_a1b2C3d4", "GET /v1/keys/live_credentials"],
  ])("behind an id: %s and %s", (id, word) => {
    const proposal = propose([id, word]);
    expect(permits(proposal, id)).toBe(true);
    expect(permits(proposal, word)).toBe(false);
  });

  test("with a header that hides it", () => {
    const proposal = propose([
      ...words(25).map((each) => `GET /v1/users/${each}`),
      "GET /v1/users/admin\nhost:\nx-foo:",
      "GET /v1/users/admin",
    ]);
    expect(permits(proposal, "GET /v1/users/admin")).toBe(false);
  });
});

describe("values are not printed", () => {
  test.each([
    "GET /verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl",
    "GET /bot123456789:AAF-DEFghijk/sendMessage",
    "GET /v1/users/jane.doe@example.com",
    "GET /v1/phones/+4915112345678",
    "GET /v1/s/dXNlcjpwYXNzd29yZA==",
    "GET /v1/x?eyJhbGciOiJIUzI1NiJ9.eyJzdWIi",
    `GET /v1/x/${"a".repeat(60)}`,
  ])("%s", (act) => {
    const text = JSON.stringify(propose([act]));
    expect(text).not.toMatch(/eyJ|AAF|jane|49151|dXNl|aaaaa/u);
  });

  test("nor by what refuses them", () => {
    const judge = judgeOf(
      [{ name: "crm/a", scope: scopeSchema.parse({ requests: ["GET /a"], query: [] }) }],
      {},
    );
    expect(judge("GET /a?eyJhbGciOiJIUzI1NiJ9.secret")).toMatchObject({
      denial: { message: "refused: its query is not what the operation takes" },
    });
    expect(judge("GET /a?size=1")).toMatchObject({
      denial: { message: 'refused: the parameter "size" is not listed' },
    });
  });
});

test.each(["%3C%3C", "__proto__", "", "a%20b"])("a parameter called %j spoils nothing else", (name) => {
  const proposal = propose(["GET /v1/e?a=1", `GET /v1/e?${name}=1`]);
  expect(permits(proposal, "GET /v1/e?a=2")).toBe(true);
  expect(proposal.apart).toMatchObject([{ reason: "a parameter of it has no name, or a value for one" }]);
});

test("a blank in a listed word spoils nothing else", () => {
  const names = [...Array.from("abcdefghi", (letter) => `${letter}x`), "a%20b"];
  const proposal = propose(names.map((name) => `GET /v1/buckets/${name}`));
  expect(proposal.apart).toEqual([]);
  for (const name of names) expect(permits(proposal, `GET /v1/buckets/${name}`)).toBe(true);
});

test("the path of the API's URL is taken off a log, and not off what the gateway saw", () => {
  const target = { url: "https://crm.internal/api" };
  const scope = scopeSchema.parse({ requests: ["GET /{a}/{b}"] });
  const judge = judgeOf([{ name: "crm/two", scope }], { target });
  expect(judge("GET /api/secrets").kind).toBe("deny");
  const own = recorded({ method: "GET", path: "/api/secrets" });
  expect(own !== undefined && "act" in own && judge(own.act).kind).toBe("permit");
});

describe("a document ends nothing", () => {
  test("with an alias in itself", () => {
    expect(() => readApiDocument("openapi: 3.1.0\npaths: {}\nx: &a {b: *a, c: *a}\n")).toThrow(MayflyError);
  });

  test("with one name for all operations", () => {
    const paths = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [`/a${at}`, { get: { operationId: "same" } }]),
    );
    const document = readApiDocument(JSON.stringify({ openapi: "3.1.0", paths }));
    const proposal = propose(["GET /a1999"], { structure: JSON.stringify({ openapi: "3.1.0", paths }) });
    expect(document).toBeDefined();
    expect(proposal.operations).toMatchObject([{ name: "same-2000" }]);
  });
});

test("codes of thousands of prefixes are one form", () => {
  const acts = Array.from({ length: 300 }, (_, at) => {
    const letters = String(at).replaceAll(/\d/gu, (digit) => "ABCDEFGHIJ".charAt(Number(digit)));
    return `GET /v1/a/X${letters}-1`;
  });
  expect(requests(propose(acts))).toEqual(["GET /v1/a/{a_id:[A-Z]{1,8}-[0-9]+}"]);
});
