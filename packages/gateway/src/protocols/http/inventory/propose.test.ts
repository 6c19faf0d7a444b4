import { describe, expect, test } from "vitest";
import type { Proposal, ProposalParts, SeenActs } from "../../../gate/inventory/inventory.ts";
import { propose as proposeOf } from "./propose.ts";
import { seen } from "./testing/seen.ts";

const propose = (acts: readonly (SeenActs | string)[], parts: Partial<ProposalParts> = {}): Proposal =>
  proposeOf(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    { minSeen: 1, taken: [], ...parts },
  );
const names = ({ operations }: Proposal): readonly string[] => operations.map(({ name }) => name).toSorted();
const scopes = ({ operations }: Proposal): readonly unknown[] => operations.map(({ scope }) => scope);
const reasons = ({ apart }: Proposal): readonly string[] => apart.map(({ reason }) => reason);

describe("what an operation covers", () => {
  test("reads, writes and deletes are apart, and so is what takes other parameters", () => {
    const proposal = propose([
      "GET /v1/orders?page=1",
      "GET /v1/orders/7",
      "POST /v1/orders",
      "PATCH /v1/orders/7",
      "DELETE /v1/orders/7",
    ]);
    expect(names(proposal)).toEqual([
      "change-order",
      "create-order",
      "delete-order",
      "read-order",
      "read-orders",
    ]);
    expect(proposal.operations.map(({ name, risk }) => `${name} ${risk}`).toSorted()).toEqual([
      "change-order medium",
      "create-order medium",
      "delete-order high",
      "read-order low",
      "read-orders low",
    ]);
    expect(proposal.apart).toEqual([]);
  });

  test("what is about the same and takes the same is together", () => {
    expect(scopes(propose(["GET /v1/orders", "GET /v1/orders/7", "HEAD /v1/orders/8"]))).toEqual([
      { requests: ["GET /v1/orders", "GET /v1/orders/{order_id:[0-9]+}"], query: [] },
    ]);
  });

  test.each([
    ["POST /v1/orders/7/cancel", "cancel-order"],
    ["POST /v1/orders/7/lines", "create-order-line"],
    ["POST /v1/users/me/avatar", "post-user-me-avatar"],
    ["PUT /v1/categories/7", "change-category"],
    ["POST /v1/users/7/2fa", "do-2fa-user"],
    ["GET /v1/reports/sales/2026-12-02", "read-report-sales"],
    ["GET /", "read-the-start"],
    ["GET /v1/a/b/c/d/e", "read-c-d-e"],
  ])("%s is %s", (act, name) => expect(names(propose([act]))).toEqual([name]));

  test("a name that is taken gets a number", () => {
    expect(names(propose(["GET /v1/orders"], { taken: ["read-orders"] }))).toEqual(["read-orders-2"]);
  });

  test("headers are listed where a source tells of them", () => {
    expect(scopes(propose(["GET /v1/orders\nhost:\nx-tenant:\ncontent-length: 0"]))).toEqual([
      { requests: ["GET /v1/orders"], query: [], headers: ["x-tenant"] },
    ]);
  });

  test("the path of the API's URL stands before no request", () => {
    const target = { url: "https://crm.internal/base/" };
    expect(scopes(propose(["GET /base/v1/orders", "GET /v1/orders"], { target }))).toEqual([
      { requests: ["GET /v1/orders"], query: [] },
    ]);
  });
});

describe("bodies", () => {
  const post = (json: string): string =>
    `POST /v1/orders\ncontent-type: application/json\ncontent-length: ${json.length}\n\n${json}`;

  test("where nobody tells of one, it goes by the method, and a note says so", () => {
    const [operation] = propose(["POST /v1/orders"]).operations;
    expect(operation?.scope).toEqual({
      requests: ["POST /v1/orders"],
      query: [],
      body: { types: ["application/json"] },
    });
    expect(operation?.notes).toEqual([
      "the source does not show its bodies: application/json is a guess, and any passes. Write body.types and body.schema",
    ]);
    expect(scopes(propose(["DELETE /v1/orders/7"]))[0]).not.toHaveProperty("body");
    expect(scopes(propose(["POST /v1/orders\ncontent-length: 0"]))[0]).not.toHaveProperty("body");
  });

  test("they may be as large as they were, to the next power of two", () => {
    expect(scopes(propose(["POST /v1/orders\ncontent-length: 90000"]))[0]).toMatchObject({
      body: { max: "128KiB" },
    });
  });

  test("their schema is what all of them had in common", () => {
    const { operations } = propose([post('{"total":1,"note":"a"}'), post('{"total":2}')]);
    expect(operations).toHaveLength(1);
    expect(operations[0]?.scope).toMatchObject({
      body: {
        schema: {
          type: "object",
          properties: { total: { type: "integer" }, note: { type: "string" } },
          required: ["total"],
          additionalProperties: false,
        },
        types: ["application/json"],
      },
    });
    expect(operations[0]?.notes).toEqual(["needed once: the member note of a body"]);
  });

  test.each(["{", '{"__proto__":1}', '{"_method":"DELETE"}', "[".repeat(30) + "]".repeat(30)])(
    "%s is set apart: no schema says what it holds",
    (json) => {
      const { operations, apart } = propose([post(json)]);
      expect(operations).toEqual([]);
      expect(apart).toMatchObject([{ reason: "no schema says what its bodies hold" }]);
      expect(apart[0]).not.toHaveProperty("draft");
    },
  );

  test.each([
    "POST /v1/orders\ncontent-length: 9",
    "POST /v1/orders\ncontent-type: text/plain\ncontent-length: 9",
    "POST /v1/orders",
  ])("%j, which nobody saw, does not open the schema of those that were", (hidden) => {
    const { operations, apart } = propose([post('{"total":1}'), hidden]);
    expect(operations).toMatchObject([{ scope: { body: { schema: { additionalProperties: false } } } }]);
    expect(apart).toMatchObject([
      { reason: "nobody saw its body, and those of the other requests there were seen" },
    ]);
  });

  test("what a rare one alone has is noted, and --min-seen sets it apart", () => {
    const acts = [seen(post('{"total":1}'), { times: 99 }), seen(post('{"total":1,"is_admin":true}'))];
    expect(propose(acts).operations[0]?.notes).toContain("needed once: the member is_admin of a body");
    const { operations, apart } = propose(acts, { minSeen: 5 });
    expect(operations[0]?.scope).not.toHaveProperty("body.schema.properties.is_admin");
    expect(apart).toMatchObject([{ reason: "each kind of request was seen fewer than 5 times" }]);
  });
});

describe("what is set apart", () => {
  test.each([
    ["GET /v1/orders?api_key=1", "the parameter api_key looks secret"],
    ["GET /v1/secrets/7", "secrets in the path looks secret"],
    ["GET /admin/orders", "admin in the path is no everyday work"],
    ["POST /graphql", "what is done behind graphql stands in parameters or a body"],
    ["GET /graphql?query=a", "what is done behind graphql stands in parameters or a body"],
    ["POST /v1/login", "behind login somebody becomes somebody else"],
    ["OPTIONS /v1/orders", "OPTIONS does no work: browsers ask it ahead of others"],
    [
      'POST /v1/orders\ncontent-type: application/json\ncontent-length: 13\n\n{"api key":1}',
      "the member … of its body looks secret",
    ],
    [
      'POST /v1/orders\ncontent-type: application/json\ncontent-length: 22\n\n[{"a":{"password":1}}]',
      "the member a.password of its body looks secret",
    ],
    ["GET /v1/socket\nupgrade: websocket", "what goes through a WebSocket is not judged"],
  ])("%j, with a line to uncomment", (act, reason) => {
    const { operations, apart } = propose([act]);
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([{ reason, draft: { risk: "high" } }]);
  });

  test("what can never be granted, with nothing to uncomment", () => {
    const { operations, apart } = propose(["GET /v1/../x"]);
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([{ reason: "never granted: the path holds a dot segment" }]);
    expect(apart[0]).not.toHaveProperty("draft");
  });

  test("what no configuration can say", () => {
    const { apart } = propose(["GET /v1/a{b}c".replaceAll(/[{}]/gu, (brace) => encodeURIComponent(brace))]);
    expect(apart.every(({ draft }) => draft === undefined)).toBe(true);
  });

  test("what was seen less often than is asked for, all values of a template together", () => {
    const acts = ["GET /v1/orders/1", "GET /v1/orders/A-1", "GET /v1/rare"];
    expect(reasons(propose(acts, { minSeen: 2 }))).toContain(
      "each kind of request was seen fewer than 2 times",
    );
    const slugs = Array.from(
      { length: 30 },
      (_, at) => `GET /v1/products/x-${"abcdefghij"[at % 10]}${"klm"[at % 3]}-y`,
    );
    expect(names(propose(slugs, { minSeen: 20 }))).toEqual(["read-product"]);
  });

  test("what is rare alone keeps nothing else from being proposed", () => {
    const slugs = Array.from({ length: 30 }, (_, at) =>
      seen(`GET /v1/users/${"abcdefghij"[at % 10]}${"klm"[at % 3]}`),
    );
    const { operations, apart } = propose([...slugs, "HEAD /v1/users/ab"], { minSeen: 2 });
    expect(operations.map(({ name }) => name)).toEqual(["read-user"]);
    expect(apart.map(({ reason }) => reason)).toEqual(["each kind of request was seen fewer than 2 times"]);
  });

  test("what would let through something that is set apart", () => {
    const slugs = Array.from(
      { length: 30 },
      (_, at) => `GET /v1/users/${"abcdefghij"[at % 10]}${"klm"[at % 3]}`,
    );
    expect(names(propose(slugs))).toEqual(["read-user"]);
    const { operations, apart } = propose([...slugs, "GET /v1/users/admin"]);
    expect(operations).toEqual([]);
    expect(apart.map(({ reason }) => reason).toSorted()).toEqual([
      "admin in the path is no everyday work",
      "it would let through what is set apart too: GET /v1/users/admin",
    ]);
  });
});

describe("what to look at", () => {
  test("a parameter that may lead somewhere", () => {
    const [operation] = propose(["GET /v1/preview?url=x"]).operations;
    expect(operation?.risk).toBe("medium");
    expect(operation?.notes).toContain(
      "any value passes, and the server may go where it leads: the parameter url",
    );
  });

  test("what is about a person", () => {
    expect(propose(["GET /v1/users/jane@example.com"]).operations[0]?.risk).toBe("medium");
  });

  test("what was needed once, and by one alone", () => {
    const { operations } = propose([
      seen("GET /v1/orders", { times: 9, by: "bot" }),
      seen("GET /v1/orders?page=1", { times: 5, by: "job" }),
      seen("GET /v1/orders?page=1&debug=x", { times: 1, by: "bot" }),
    ]);
    expect(operations[0]?.notes).toEqual(["needed once: the parameter debug"]);
  });

  test("where any word passes", () => {
    const slugs = Array.from(
      { length: 30 },
      (_, at) => `GET /v1/users/${"abcdefghij"[at % 10]}${"klm"[at % 3]}`,
    );
    expect(propose(slugs).operations[0]?.notes).toContain(
      "any word passes as {user_name}, also one such as admin or export: 30 were seen",
    );
  });
});

test("an operation grants no more than its requests need: without any part of it one is refused", () => {
  const acts = ["GET /v1/orders?page=1&limit=2", "GET /v1/orders/7?page=1&limit=2"];
  const [scope] = scopes(propose(acts)) as [{ requests: string[]; query: Record<string, string> }];
  expect(scope.requests).toHaveLength(2);
  expect(Object.keys(scope.query)).toEqual(["limit", "page"]);
});
