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
