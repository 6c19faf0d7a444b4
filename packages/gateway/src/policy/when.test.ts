import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { compilePolicies } from "./compile.ts";
import { ask, compiled, entries, inventory, readWhen } from "./testing/samples.ts";
import type { PolicyProblem } from "./types.ts";

function problemsOf(when: string): readonly PolicyProblem[] {
  const compilation = compilePolicies([readWhen(when)], inventory);
  return compilation.ok ? [] : compilation.problems;
}

/** The problem of a condition, which must be one, inside the text. */
function problemOf(when: string): PolicyProblem {
  const [problem, ...more] = problemsOf(when);
  expect(problem, `accepted: ${when.slice(0, 80)}`).toBeDefined();
  expect(more).toEqual([]);
  expect(problem).toMatchObject({ index: 0, member: "when" });
  const { offset } = problem!;
  expect(offset).toBeGreaterThanOrEqual(0);
  expect(offset).toBeLessThan(Math.max(1, when.length));
  return problem!;
}

function allows(when: string, change: Parameters<typeof ask>[1] = {}): boolean {
  return compiled([readWhen(when)]).decide(ask("read-orders", change)).decision === "permit";
}

describe("attempts to leave the condition", () => {
  const attempts = [
    "true } ; permit(principal, action, resource) when { true",
    "true }; permit(principal, action, resource) when { true",
    "true}; permit(principal, action, resource);//",
    "true };\npermit(principal, action, resource);\n//",
    "true } when { true",
    "true } unless { false",
    "true } unless { context.hour < 6 } when { true",
    "false } unless { false",
    "true }",
    "{ true",
    "true } // ",
    "true // a comment",
    "true //\n",
    "// only a comment",
    "context.hour < 6 // }; permit(principal, action, resource)",
    "true;",
    "; permit(principal, action, resource);",
    '@id("x") true',
    'true } ; @id("p0") forbid(principal, action, resource) when { true',
    "principal == ?principal",
    "resource in ?resource",
    "?principal",
    "(true",
    "true)",
    "(true }",
    "[context.hour)",
    "{ a: true ]",
    '"',
    'context.reason like "*',
    'context.reason like "\\" }; permit(principal, action, resource) when { true',
    "'true'",
    "permit(principal, action, resource)",
    "permit(principal, action, resource);",
    "when { true }",
    "unless { false }",
    "true unless { false }",
    "true when true",
    "true true",
    "true, true",
    "true \u0000 } ; permit(principal, action, resource) when { true",
    "true \u202e } ; timrep",
    'context.reason like "\u2066*\u2069"',
    "true \u2028 }",
    'context.reason == "\ud800"',
    "/* } */ true",
    "#true",
    "toString",
    "constructor == __proto__",
    "${true}",
    "{{ true }}",
    "",
    " \n\t ",
  ];
  test.each(attempts)("%j is refused, at its place", (when) => {
    expect(problemOf(when).message).not.toBe("");
  });

  test("none of them disturbs the other policies: all or nothing", () => {
    for (const when of attempts) {
      expect(compilePolicies([entries[0], { ...entries[1], when }, entries[2]], inventory).ok).toBe(false);
    }
  });

  test("braces, comments and semicolons inside a string are text", () => {
    const when = 'context.reason like "*}; // @ ? { ( [ \\" \\\\ *"';
    expect(allows(when, { context: { reason: 'a }; // @ ? { ( [ " \\ b' } })).toBe(true);
    expect(allows(when, { context: { reason: "a" } })).toBe(false);
  });

  test("whatever is written, one closed condition or a problem inside the text comes out", () => {
    const words =
      `true false context principal resource action .hour .reason .groups like has in is if then else unless
      when permit forbid ?principal @a // ; } { ( ) [ ] && || ! - < == 1 9007199254740993 "*x*" " ' :: Group Group::"x"
      , é 😀`.split(/\s+/u);
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((some) => some.join(" "));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: "binary", maxLength: 30 })), (text) => {
        for (const problem of problemsOf(text)) {
          expect(problem.offset).toBeGreaterThanOrEqual(0);
          expect(problem.offset).toBeLessThanOrEqual(Math.max(0, text.length - 1));
          expect(problem.message).not.toMatch(/`p0`|failed to parse policy/u);
        }
        // Whatever was accepted must not widen who may read: an outsider stays outside.
        const compilation = compilePolicies([readWhen(text)], inventory);
        if (!compilation.ok) return;
        const outsider = ask("read-orders", { principal: { groups: ["others"] } });
        expect(compilation.policies.decide(outsider).decision).toBe("deny");
        expect(compilation.policies.decide(ask("refund-order")).decision).toBe("deny");
      }),
      { numRuns: 300 },
    );
  });
});

describe("size", () => {
  const shapes: readonly [string, (n: number) => string][] = [
    ["brackets", (n) => "(".repeat(n) + "true" + ")".repeat(n)],
    ["conjunctions", (n) => "true" + " && true".repeat(n)],
    ["sums", (n) => "1" + "+1".repeat(n) + " > 0"],
    ["conditionals", (n) => "if true then true else ".repeat(n) + "true"],
    ["sets", (n) => "[".repeat(n) + "1" + "]".repeat(n) + ".isEmpty()"],
    ["members", (n) => "context" + ".a".repeat(n)],
    ["records", (n) => "{a:".repeat(n) + "true" + "}".repeat(n) + ".a".repeat(n)],
    ["negations", (n) => "!(true && ".repeat(n) + "true" + ")".repeat(n)],
    ["signs", (n) => "!".repeat(n) + "true"],
    ["quotes", (n) => '"' + "\\".repeat(n) + '"'],
  ];
  test.each(shapes)("too many %s are refused, and Cedar lives on", (_, shape) => {
    for (const n of [150, 199, 298, 1_000, 20_000]) problemOf(shape(n));
    expect(allows("true")).toBe(true);
  });

  test("forty alternatives are fine", () => {
    const when = Array.from({ length: 40 }, (_, n) => `context.reason like "*TICKET-${n}:*"`).join(" || ");
    expect(allows(when)).toBe(true);
    expect(allows(when, { context: { reason: "TICKET-40:" } })).toBe(false);
  });
});

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe("names and types", () => {
  const cases: readonly [when: string, at: string, message: unknown, hint: unknown][] = [
    ['context.resaon like "*T*"', "context", "context has no `resaon`", "did you mean `context.reason`?"],
    ["true && context.hours < 6", "context.hours", "context has no `hours`", "did you mean `context.hour`?"],
    [
      "context.zzzzzzzz",
      "context",
      "context has no `zzzzzzzz`",
      like(/^context offers reason, requested_seconds, hour/u),
    ],
    ["hour < 6", "hour", "`hour` is not known here", "did you mean `context.hour`?"],
    ['"é😀" == "x" && hour < 6', "hour", "`hour` is not known here", "did you mean `context.hour`?"],
    ["Context.hour < 6", "Context", "`Context` is not known here", "did you mean `context`?"],
    ['context.hour < "six"', '"six"', "expected a number, found a text", undefined],
    ['context.reason like "é" && context.hour < "6"', '"6"', "expected a number, found a text", undefined],
    ["context.hour", "context", "expected true or false, found a number", undefined],
    [
      'context.has_person == "yes"',
      "context",
      "a text and true or false do not go together here",
      like(/./u),
    ],
    ['context.reason.contains("x")', "context", "expected a set, found a text", like(/`like`/u)],
    ["context.hour = 3", "context", like(/'=' is not a valid operator/u), like(/'=='/u)],
    ["context.hour <", "<", "the condition ends too early", "complete the expression"],
    [
      "context.weekday in [6, 7]",
      "context",
      like(/^expected a group, connection or operation/u),
      like(/`contains`/u),
    ],
    ['principal.owner == "x"', "principal", "principal has no `owner`", like(/./u)],
    ['resource.name == "x"', "resource", "an operation, connection or group has no `name`", undefined],
    ["principal is Agnet", "Agnet", "there is no type `Agnet`", "did you mean `Agent`?"],
    ['context.client_address.isInRange(ip("10.0.0/8"))', "ip(", like(/IP address/u), like(/./u)],
    ["context.client_address == 3", "context", like(/a number|an address/u), like(/./u)],
    ["ip(context.reason) == context.client_address", "ip", like(/non-literal/u), like(/./u)],
    ["false", "false", "the condition can never be true", like(/./u)],
    ["context.hour < 6 && false", "context", "the condition can never be true", like(/./u)],
    [
      "context.hour < 9223372036854775807",
      "9223372036854775807",
      like(/too large/u),
      like(/9007199254740991/u),
    ],
    ["!(context has resaon)", "resaon", "context has no `resaon`", "did you mean `context.reason`?"],
    ["context.hour < 6 || principal has ownr", "ownr", "principal has no `ownr`", like(/./u)],
    ["!(resource has owner)", "owner", "resource has no `owner`", undefined],
    [
      'resource == Operation::"orders-db/read-order"',
      "Operation",
      "there is no operation `orders-db/read-order`",
      'did you mean `Operation::"orders-db/read-orders"`?',
    ],
    [
      '!(resource in Connection::"orders")',
      "Connection",
      "there is no connection `orders`",
      like(/known|did you mean/u),
    ],
    ['principal == Agent::"support-bot"', "Agent", like(/no name that Agent/u), like(/principal\.subject/u)],
    ['!(principal in [Group::"a", Person::"b"])', "Person", like(/no name that Person/u), like(/./u)],
  ];
  test.each(cases)("%s", (when, at, message, hint) => {
    const problem = problemOf(when);
    expect(problem.message).toEqual(message);
    expect(problem.hint).toEqual(hint);
    expect(problem.offset).toBe(when.lastIndexOf(at));
  });

  const holding: readonly [when: string, change: Parameters<typeof ask>[1], holds: boolean][] = [
    ['context.reason like "*TICKET-*"', {}, true],
    ['context.reason like "*a\\*b*"', { context: { reason: "xaabx" } }, false],
    ['context.reason like "*a\\*b*"', { context: { reason: "xa*bx" } }, true],
    ["context.requested_seconds <= 300", {}, true],
    ["context.requested_seconds <= 299", {}, false],
    ["context.requested_seconds <= 300", { context: { requested_seconds: 300.001 } }, false],
    ["[6, 7].contains(context.weekday)", { context: { weekday: 7 } }, true],
    ['context.client_address.isInRange(ip("10.0.0.0/8"))', {}, true],
    [
      'context.client_address.isInRange(ip("10.0.0.0/8"))',
      { context: { client_address: "11.0.0.1" } },
      false,
    ],
    [
      'context.client_address.isInRange(ip("10.0.0.0/8"))',
      { context: { client_address: "::ffff:10.9.9.9" } },
      true,
    ],
    [
      'context.client_address.isInRange(ip("fe80::/10"))',
      { context: { client_address: "fe80::1%eth0" } },
      true,
    ],
    ["context.client_address.isLoopback()", { context: { client_address: "::1" } }, true],
    ["context.has_person", { context: { has_person: true } }, true],
    ["context.has_person", {}, false],
    ['context.person_groups.contains("finance")', { context: { person_groups: ["finance"] } }, true],
    [
      'context.person_groups.contains("finance")',
      { principal: { groups: ["support-agents", "finance"] } },
      false,
    ],
    ['principal in Group::"support-agents"', {}, true],
    ['principal in Group::"sre"', {}, false],
    ['principal.groups.contains("sre")', { principal: { groups: ["support-agents", "sre"] } }, true],
    ['principal.groups.contains("sre")', {}, false],
    ["principal is Agent", {}, true],
    ["principal is Person", {}, false],
    ['principal is Person && principal.kind == "person"', { principal: { kind: "person" } }, true],
    ['principal.name == "support-bot" && principal.client == principal.subject', {}, true],
    ['principal.issuer like "https://example.okta.com/*"', {}, true],
    ['resource == Operation::"orders-db/read-orders" && resource in Connection::"orders-db"', {}, true],
    ["context has reason", {}, true],
    ['{ Value: context.hour }.Value == 12 && { "Var": 1, when: 2, unless: 3 }.Var == 1', {}, true],
    ["if context.hour < 6 then false else true", {}, true],
    ["context.hour < 9007199254740991", {}, true],
    ["\r\n  context.hour\r\n  == 12 \n", {}, true],
  ];
  test.each(holding)("%s with %j: %s", (when, change, holds) => {
    expect(allows(when, change)).toBe(holds);
  });
});
