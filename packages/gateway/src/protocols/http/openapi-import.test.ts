import { describe, expect, it } from "vitest";
import { compileSchema } from "../../gate/web/schema/json-schema.ts";
import { importOpenApi } from "./openapi-import.ts";
import { scopeSchema } from "./scope.ts";

const document = {
  openapi: "3.0.3",
  servers: [{ url: "https://billing.internal/api" }],
  paths: {
    "/v1/invoices/{invoice-id}": {
      parameters: [
        { name: "X-Tenant", in: "header" },
        { name: "expand", in: "query" },
      ],
      get: { operationId: "getInvoice", summary: "One invoice\nwith its lines" },
      delete: { operationId: "getInvoice" },
    },
    "/v1/refunds": {
      post: {
        requestBody: { $ref: "#/components/requestBodies/Refund" },
      },
    },
    "/v1/files/{name}.pdf": { get: {} },
    "/v1/upload": { put: { requestBody: { content: { "application/pdf": {} } } } },
  },
  components: {
    requestBodies: {
      Refund: { content: { "application/json": { schema: { $ref: "#/components/schemas/Refund" } } } },
    },
    schemas: {
      Refund: {
        type: "object",
        required: ["invoice"],
        properties: {
          invoice: { type: "integer" },
          note: { type: "string", nullable: true },
          parent: { $ref: "#/components/schemas/Refund" },
        },
        additionalProperties: false,
      },
    },
  },
};

describe("operations out of an OpenAPI document", () => {
  const imported = importOpenApi(document);

  it("are one an endpoint, no wider than it says", () => {
    expect(imported.url).toBe("https://billing.internal/api");
    expect(imported.operations.map(({ name, risk, requests }) => [name, risk, ...requests])).toEqual([
      ["get-invoice", "low", "GET /v1/invoices/{invoice_id}"],
      ["get-invoice-2", "high", "DELETE /v1/invoices/{invoice_id}"],
      ["post-v1-refunds", "medium", "POST /v1/refunds"],
      ["put-v1-upload", "medium", "PUT /v1/upload"],
    ]);
    expect(imported.operations[0]).toMatchObject({
      description: "One invoice",
      query: ["expand"],
      headers: ["X-Tenant"],
    });
    expect(imported.notes).toEqual([
      "GET /v1/files/{name}.pdf: left out, a parameter fills half a segment",
      "put-v1-upload: its body is not JSON, and is not judged",
    ]);
  });

  it("are scopes as they stand", () => {
    for (const {
      name: _,
      description: __,
      risk: ___,
      bodySchema: ____,
      bodyTypes,
      ...scope
    } of imported.operations)
      expect(
        scopeSchema.safeParse({
          ...scope,
          ...(bodyTypes === undefined ? {} : { body: { types: bodyTypes } }),
        }).success,
      ).toBe(true);
  });

  it("carry schemas that are complete in themselves, with null where nullable was written", () => {
    const schema = imported.operations[2]?.bodySchema;
    const compiled = compileSchema(JSON.stringify(schema));
    if ("why" in compiled) throw new Error(compiled.why);
    expect(compiled.check({ invoice: 1, note: null, parent: { invoice: 2 } })).toBeUndefined();
    expect(compiled.check({ invoice: 1, parent: { invoice: "x" } })).toContain("/parent/invoice");
    expect(compiled.check({ invoice: 1, extra: 1 })).toContain("extra");
  });

  it("are none of a document that is none", () => {
    expect(importOpenApi("x").operations).toEqual([]);
    expect(importOpenApi({ paths: { "/x": { $ref: "https://evil/" } } }).operations).toEqual([]);
  });
});

describe("a body's schema says what its document says, or a note says what it does not", () => {
  const importOf = (
    schema: unknown,
    { components = {}, openapi = "3.1.0" }: { components?: unknown; openapi?: string } = {},
  ): { notes: readonly string[]; check: (value: unknown) => string | undefined; schema: unknown } => {
    const { operations, notes } = importOpenApi({
      openapi,
      paths: { "/x": { post: { requestBody: { content: { "application/json": { schema } } } } } },
      components,
      other: { schemas: { Money: { type: "string" } } },
    });
    const made = operations[0]?.bodySchema;
    const compiled = compileSchema(JSON.stringify(made));
    if ("why" in compiled) throw new Error(compiled.why);
    return { notes, check: compiled.check, schema: made };
  };
  const Money = { type: "object", properties: { cents: { type: "integer" } }, additionalProperties: false };

  it("what stands beside a reference counts, since OpenAPI 3.1", () => {
    const schema = {
      $ref: "#/components/schemas/Money",
      type: "object",
      properties: { cents: { type: "integer", maximum: 500 } },
    };
    const { notes, check } = importOf(schema, { components: { schemas: { Money } } });
    expect(notes).toEqual([]);
    expect(check({ cents: 500 })).toBeUndefined();
    expect(check({ cents: 501 })).toContain("/cents");
    expect(check({ cents: 1, other: 1 })).toContain("other");
    // OpenAPI 3.0 has readers ignore it; then it is told.
    const old = importOf(schema, { components: { schemas: { Money } }, openapi: "3.0.3" });
    expect(old.check({ cents: 501 })).toBeUndefined();
    expect(old.notes).toEqual([
      "post-x: type, properties beside $ref #/components/schemas/Money is left out, as OpenAPI 3.0 has it",
    ]);
  });

  it("nullable and exclusive bounds are flags in OpenAPI 3.0 alone", () => {
    const schema = {
      type: "integer",
      nullable: true,
      minimum: 5,
      exclusiveMinimum: true,
      maximum: 9,
      exclusiveMaximum: false,
    };
    const { notes, check } = importOf(schema, { openapi: "3.0.3" });
    expect([notes, [null, 5, 6, 9, 10].map((value) => check(value) === undefined)]).toEqual([
      [],
      [true, false, true, true, false],
    ]);
    const since = importOf({ type: "integer", nullable: true });
    expect(since.check(null)).toContain("integer");
    expect(since.notes).toEqual([
      "post-x: nullable in its body is left out, it says nothing since OpenAPI 3.1",
    ]);
  });

  it("a reference that starts in a schema of its own $id takes nothing, and is told", () => {
    const components = {
      schemas: { A: { $id: "https://a.internal/a", $ref: "#/other/b", other: { b: { type: "integer" } } } },
    };
    const { operations, notes } = importOpenApi({
      openapi: "3.1.0",
      paths: {
        "/x": {
          post: {
            requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/A" } } } },
          },
        },
      },
      components,
      other: { b: {} },
    });
    expect(operations[0]?.bodySchema).toEqual({ $ref: "#/$defs/A", $defs: { A: false } });
    expect(notes).toContain(
      "post-x: $ref #/other/b starts in a schema that has an $id of its own: nothing is taken there until you write it",
    );
  });

  it("references of one last name stay apart", () => {
    const { notes, check, schema } = importOf(
      {
        type: "object",
        properties: {
          a: { $ref: "#/components/schemas/Money" },
          b: { $ref: "#/other/schemas/Money" },
          again: { $ref: "#/components/schemas/Money" },
        },
      },
      { components: { schemas: { Money } } },
    );
    expect(notes).toEqual([]);
    expect(Object.keys((schema as { $defs: object }).$defs)).toEqual(["Money", "Money-2"]);
    expect(check({ a: { cents: 1 }, b: "1", again: {} })).toBeUndefined();
    expect(check({ a: "1" })).toContain("/a");
    expect(check({ b: { cents: 1 } })).toContain("/b");
  });

  it.each([
    ["another file", { $ref: "money.yaml#/Money" }],
    ["another place", { $ref: "https://a.example/money" }],
    ["what is not there", { $ref: "#/components/schemas/None" }],
    ["an anchor", { $ref: "#money" }],
    ["a broken escape", { $ref: "#/components/%zz" }],
    ["no text", { $ref: 1 }],
  ])("a reference to %s takes nothing, and is told", (_, schema) => {
    const { notes, check } = importOf({ type: "object", properties: { a: schema }, required: [] });
    expect(notes).toEqual([
      `post-x: $ref ${String(schema.$ref)} leads to nothing in this document: nothing is taken there until you write it`,
    ]);
    expect(check({})).toBeUndefined();
    for (const value of [1, "x", {}, null]) expect(check({ a: value })).toBeDefined();
  });

  it.each([
    ["a list where a schema should be", { type: "array", items: [{ type: "string" }] }, [[1]]],
    ["a text where a schema should be", { type: "object", properties: { a: "string" } }, [{ a: "x" }]],
    ["a text where schemas should be", { type: "object", properties: "string" }, [{}]],
    ["one schema where a list should be", { anyOf: { type: "string" } }, ["x"]],
  ])("%s takes nothing, and is told", (_, schema, values) => {
    const { notes, check } = importOf(schema);
    expect(notes).toEqual([expect.stringContaining("nothing is taken there until you write it")]);
    for (const value of values) expect(check(value)).toBeDefined();
  });

  it("a reference into a list is followed", () => {
    const { notes, check } = importOf(
      { $ref: "#/components/schemas/Any/anyOf/1" },
      { components: { schemas: { Any: { anyOf: [{ type: "string" }, { type: "integer" }] } } } },
    );
    expect([notes, check(1), check("x")]).toEqual([[], undefined, expect.any(String)]);
  });

  it("what only references need is written anew", () => {
    const { notes, check } = importOf(
      { $ref: "#/components/schemas/Node" },
      {
        components: {
          schemas: {
            Node: {
              $id: "https://a.example/node",
              $anchor: "node",
              type: "object",
              properties: { next: { $ref: "#/components/schemas/Node" } },
              additionalProperties: false,
            },
          },
        },
      },
    );
    expect([notes, check({ next: { next: {} } })]).toEqual([[], undefined]);
    expect(check({ next: { other: 1 } })).toContain("other");
  });

  it("what nests too deep takes nothing", () => {
    let deep: unknown = { type: "string" };
    for (let n = 0; n < 100; n += 1) deep = { type: "array", items: deep };
    expect(importOf(deep).notes).toEqual([
      "post-x: it nests too deep: nothing is taken there until you write it",
    ]);
  });

  it.each([
    ["nullable that has no one type", { type: ["string", "integer"], nullable: true }, "nullable"],
    [
      "a keyword that is not enforced",
      { type: "object", unevaluatedProperties: false },
      "unevaluatedProperties",
    ],
    ["a format that nobody checks", { type: "string", format: "idn-email" }, "format: idn-email"],
  ])("%s is told", (_, schema, said) => {
    expect(importOf(schema).notes).toEqual([expect.stringContaining(said)]);
  });
});

describe("of the rest of a document nothing is lost without a note", () => {
  it.each<[string, object, string]>([
    [
      "a path elsewhere",
      { "/x": { $ref: "other.yaml#/x" } },
      "/x: other.yaml#/x leads to nothing in this document, and is left out",
    ],
    [
      "what stands beside a path's reference",
      { "/x": { $ref: "#/paths/~1y", post: {} }, "/y": { get: {} } },
      "/x: post beside #/paths/~1y is left out",
    ],
    [
      "a parameter elsewhere",
      { "/x": { get: { parameters: [{ $ref: "#/none" }] } } },
      "get-x: #/none leads to nothing",
    ],
    [
      "a body elsewhere",
      { "/x": { put: { requestBody: { $ref: "#/none" } } } },
      "put-x: #/none leads to nothing",
    ],
    [
      "a body's other types",
      { "/x": { put: { requestBody: { content: { "application/json": { schema: {} }, "text/csv": {} } } } } },
      "put-x: its body is application/json alone; left out: text/csv",
    ],
    [
      "a body without a schema",
      { "/x": { put: { requestBody: { content: { "application/json": {} } } } } },
      "put-x: its body has no schema, and anything is taken",
    ],
    [
      "a header that is never granted",
      { "/x": { get: { parameters: [{ in: "header", name: "X-Forwarded-For" }] } } },
      "get-x: the header X-Forwarded-For is left out: this header is the gateway's own",
    ],
    [
      "a method that is never granted",
      { "/x": { trace: {}, get: {} } },
      "/x: trace is left out, it is no method that can be granted",
    ],
    [
      "servers of its own",
      { "/x": { get: { servers: [{ url: "https://other.internal" }] } } },
      "get-x: its own servers are left out",
    ],
    [
      "a cookie",
      { "/x": { get: { parameters: [{ in: "cookie", name: "theme" }] } } },
      "get-x: the cookie parameter theme is left out",
    ],
    [
      "what the values of parameters may be",
      {
        "/x/{id}": {
          parameters: [
            { in: "path", name: "id", schema: { type: "integer" } },
            { in: "query", name: "q", schema: { type: "string", description: "a text" } },
          ],
          get: { parameters: [{ in: "query", name: "state", schema: { enum: ["open"] } }] },
        },
      },
      "get-x-id: any value of id, state passes",
    ],
    [
      "a body of GET",
      { "/x": { get: { requestBody: { content: { "application/json": { schema: {} } } } } } },
      "get-x: its body is left out, GET and HEAD carry none",
    ],
    [
      "one of two like types of a body",
      {
        "/x": {
          put: {
            requestBody: {
              content: { "application/json": { schema: {} }, "application/JSON; charset=utf-8": {} },
            },
          },
        },
      },
      "put-x: a further application/json among the types of its body is left out",
    ],
    ["a path that would stand for others", { "/x/**": { get: {} } }, "GET /x/**: left out, ** at its end"],
    ["a path that is none", { "/x y": { get: {} } }, "GET /x y: left out, this is not a request"],
  ])("%s", (_, paths, note) => {
    const { notes, operations } = importOpenApi({ openapi: "3.1.0", paths });
    expect(notes).toContainEqual(expect.stringContaining(note));
    for (const { headers = [] } of operations) expect(headers).toEqual([]);
    for (const { requests } of operations) expect(scopeSchema.safeParse({ requests }).success).toBe(true);
    for (const { requests } of operations) expect(requests).not.toContain("GET /x/**");
  });

  it("and extensions are nothing that a document says", () => {
    expect(
      importOpenApi({ openapi: "3.1.0", paths: { "x-y": { get: {} }, "/x": { "x-z": 1, get: {} } } }),
    ).toMatchObject({
      notes: [],
      operations: [{ requests: ["GET /x"] }],
    });
  });

  it("a body's type is what stands before its parameters", () => {
    const content = { "Application/JSON; charset=utf-8": { schema: { type: "integer" } } };
    const { operations, notes } = importOpenApi({
      openapi: "3.1.0",
      paths: { "/x": { put: { requestBody: { content } } } },
    });
    expect([operations[0]?.bodyTypes, operations[0]?.bodySchema, notes]).toEqual([
      ["application/json"],
      { type: "integer" },
      [],
    ]);
  });

  it("and references that go round lead to nothing", () => {
    const { notes, operations } = importOpenApi({
      openapi: "3.1.0",
      paths: { "/x": { $ref: "#/paths/~1y" }, "/y": { $ref: "#/paths/~1x" } },
    });
    expect([operations, notes.length]).toEqual([[], 3]);
  });
});
