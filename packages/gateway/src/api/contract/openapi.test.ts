import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { document, endpoints } from "../endpoints.ts";

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(structuredClone(document()));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  it("is the one that is committed, and so are the SDK's types", () => {
    const root = new URL("../../../../../", import.meta.url);
    const run = (): string =>
      execFileSync(process.execPath, ["scripts/openapi.ts", "--check"], {
        cwd: root,
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(run).not.toThrow();
    expect(JSON.parse(readFileSync(new URL("packages/gateway/openapi.json", root), "utf8"))).toEqual(
      document(),
    );
  });

  it("holds every endpoint once, each with an operation of its own", () => {
    const paths = document()["paths"] as Record<string, Record<string, { operationId: string }>>;
    const ids = Object.values(paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    const documented = endpoints.filter(({ browser }) => browser !== true);
    expect(ids.length).toBe(documented.length);
    expect(new Set(ids).size).toBe(documented.length);
  });

  it("points at schemas that exist", () => {
    const text = JSON.stringify(document());
    const { schemas } = document()["components"] as { schemas: Record<string, unknown> };
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1]!,
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(Object.keys(schemas)).toContain(name);
  });
});
