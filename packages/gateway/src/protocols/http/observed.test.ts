import { describe, expect, test } from "vitest";
import { observedScope } from "./observed.ts";
import { checkScope, scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { trial } from "./trial.ts";

const target = targetSchema.parse({ url: "https://billing.internal" });
const judge = trial([{ name: "billing/observe", scope: observedScope() }], target);
const kindOf = (act: string, more = ""): string => judge(`${act} HTTP/1.1\r\n${more}\r\n`).kind;

test("it is a scope that a file could write", () => {
  expect(checkScope(observedScope())).toEqual([]);
  const { body, ...others } = observedScope();
  expect(scopeSchema.parse({ ...others, body: { ...body, max: "16MiB" } })).toEqual(observedScope());
});

describe("an observed API", () => {
  test.each([
    "GET /",
    "GET /v1/invoices/7?expand=lines",
    "HEAD /v1/invoices/7",
    "DELETE /v1/invoices/7",
    "OPTIONS /v1",
  ])("lets %s through", (act) => expect(kindOf(act)).toBe("permit"));

  test.each(["CONNECT /v1", "TRACE /v1", "GET /v1//x", "GET /v1/../admin"])("refuses %s", (act) =>
    expect(kindOf(act)).toBe("deny"),
  );

  test.each(["application/json", "text/plain", "image/png"])("lets a body of %s through", (type) => {
    const body = `content-type: ${type}\r\ncontent-length: 2\r\n\r\n{}`;
    expect(judge(`POST /v1/refunds HTTP/1.1\r\n${body}`).kind).toBe("permit");
  });

  test("refuses a header that no operation lists, and a WebSocket", () => {
    expect(kindOf("GET /v1", "x-tenant: 7\r\n")).toBe("deny");
    const upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";
    expect(kindOf("GET /v1", `${upgrade}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`)).toBe("deny");
  });
});
