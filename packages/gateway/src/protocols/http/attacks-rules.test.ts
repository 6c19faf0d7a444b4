import { describe, expect, it } from "vitest";
import { compileSchema } from "../../gate/web/schema/json-schema.ts";
import { fateOf } from "./request/headers.ts";
import { compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { readPath } from "./request/path.ts";
import { judgeQuery } from "./request/query.ts";
import { scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";

describe("another method than the request's", () => {
  it.each(["a=1;_method=DELETE", ".method=DELETE", "%5Bmethod=DELETE", "_method=PUT"])(
    "is not named in a query: %s",
    (query) => expect(judgeQuery(query, "any")).toBeDefined(),
  );
  it("leaves other semicolons and dots alone", () => {
    expect(judgeQuery("a=1;b=2&x.y=3", "any")).toBeUndefined();
  });

  const scope = scopeSchema.parse({
    requests: ["POST /v1/x"],
    body: { types: ["application/json", "application/x-www-form-urlencoded"] },
  });
  const verdict = (type: string, body: string): string =>
    verdictOf(compileScopes([{ name: "a/b", scope }]), {
      method: "POST",
      target: "/v1/x",
      headers: ["content-type", type],
      body: { kind: "read", bytes: Buffer.from(body) },
    }).kind;
  it("is not named in a body", () => {
    expect(verdict("application/x-www-form-urlencoded", "a=1&_method=DELETE")).toBe("deny");
    expect(verdict("application/json", '{"\\u005fmethod":"DELETE"}')).toBe("deny");
    expect(verdict("application/x-www-form-urlencoded", "a=1&method=card")).toBe("permit");
    expect(verdict("application/json", '{"method":"card"}')).toBe("permit");
  });
  it("nor a second character set", () => {
    expect(verdict("application/json; charset=utf-8; charset=utf-16", "{}")).toBe("deny");
    expect(verdict("application/json; charset=utf-8", "{}")).toBe("permit");
  });
});

describe("a path that a server could normalise", () => {
  it.each(["..%20", "%20..", "%20.", "%EF%BC%852e%EF%BC%852e", "a%E2%88%95b", "a%E2%81%84b", "a%EF%BC%9Bb"])(
    "is refused: %s",
    (segment) => expect(readPath(`/v1/${segment}`)).toHaveProperty("why"),
  );
  it.each(["a.b", "7%20", ".well-known", "%C3%A9t%C3%A9", "v1.2..3"])("is taken otherwise: %s", (segment) =>
    expect(readPath(`/v1/${segment}`)).not.toHaveProperty("why"),
  );
});

it("refuses with an underscore what it refuses with a dash", () => {
  expect(fateOf("x_forwarded_for", ["x_forwarded_for"])).toBe("refuse");
  expect(fateOf("x_vendor", ["x_vendor"])).toBe("forward");
});

it("says what is wrong with a body in bounded words", () => {
  const made = compileSchema('{"type":"object","additionalProperties":false}');
  const check = "check" in made ? made.check : undefined;
  expect(check?.({ ["x".repeat(100_000)]: 1 })?.length).toBeLessThan(300);
});

it("sends no client secret in the clear", () => {
  const target = (token_url: string, more = {}): boolean =>
    targetSchema.safeParse({
      url: "https://api.internal",
      oauth: { token_url, client_id: "a", client_secret: { env: "S" } },
      ...more,
    }).success;
  expect(target("http://id.internal/token")).toBe(false);
  expect(target("http://127.0.0.1.evil.example/token")).toBe(false);
  expect(target("http://id.internal/token", { allow_plaintext: true })).toBe(true);
  expect(target("http://127.0.0.1:9/token")).toBe(true);
  expect(target("https://id.internal/token")).toBe(true);
});

it("takes no header of its own from the configuration, and no written credential", () => {
  const problems = (headers: Record<string, string>): string[] | undefined =>
    targetSchema
      .safeParse({ url: "https://api.internal", headers })
      .error?.issues.map((issue) => issue.message);
  expect(problems({ host: "other.internal" })).toEqual(["the gateway makes this header itself"]);
  expect(problems({ "x-api-key": "k" })).toEqual(["a secret is named, never written"]);
  expect(problems({ "x-team": "crm" })).toBeUndefined();
});
