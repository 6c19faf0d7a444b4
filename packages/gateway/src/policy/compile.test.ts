import { describe, expect, test } from "vitest";
import { compilePolicies } from "./compile.ts";
import { cedarEngine, type Engine } from "./engine.ts";
import { ask, compiled, entries, inventory } from "./testing/samples.ts";
import type { PolicyEntry, PolicyProblem } from "./types.ts";

const [read, refund, night] = entries;

function problemsOf(...policies: readonly PolicyEntry[]): readonly PolicyProblem[] {
  const compilation = compilePolicies(policies, inventory);
  return compilation.ok ? [] : compilation.problems;
}

describe("an entry that could not do what it says is refused", () => {
  const { ttl: _ttl, ...endless } = read;
  const cases: readonly [string, PolicyEntry, Partial<PolicyProblem>][] = [
    ["no name", { ...read, name: " " }, { member: "name" }],
    ["no group", { ...read, groups: [] }, { member: "groups" }],
    ["a forbid for no group", { ...night, groups: [] }, { member: "groups" }],
    ["an empty group", { ...read, groups: ["a", ""] }, { member: "groups" }],
    [
      "a group that is no Unicode",
      { ...read, groups: ["\ud800"] },
      { member: "groups", hint: "save the file as UTF-8" },
    ],
    ["no operation", { ...read, operations: [] }, { member: "operations" }],
    [
      "an unknown operation",
      { ...read, operations: ["read-orders", "read-order"] },
      {
        member: "operations",
        message: "connection `orders-db` has no operation `read-order`",
        hint: "did you mean read-orders?",
      },
    ],
    ["another connection's operation", { ...read, operations: ["refund"] }, { member: "operations" }],
    [
      "everything by a star",
      { ...read, operations: ["*"] },
      { member: "operations", hint: "known: read-orders, refund-order" },
    ],
    [
      "an unknown connection",
      { ...read, connection: "order-db" },
      {
        member: "connection",
        message: "there is no connection `order-db`",
        hint: "did you mean orders-db?",
      },
    ],
    ["no ttl", endless, { member: "ttl", message: "the policy does not say for how long" }],
    ["a ttl of nothing", { ...read, ttl: { default: 0, max: 0 } }, { member: "ttl" }],
    [
      "a ttl that is no number",
      { ...read, ttl: { default: Number.NaN, max: Number.NaN } },
      { member: "ttl" },
    ],
    ["an endless ttl", { ...read, ttl: { default: 1, max: Number.POSITIVE_INFINITY } }, { member: "ttl" }],
    ["a default above the most", { ...read, ttl: { default: 2, max: 1 } }, { member: "ttl" }],
    ["a forbid with a ttl", { ...night, ttl: { default: 1, max: 1 } }, { member: "ttl" }],
    [
      "a forbid that wants the paths closed",
      { ...night, closedPaths: 60_000 },
      {
        member: "closedPaths",
        message: "a policy that forbids demands no probe",
        hint: "remove `requires`, or `forbid`",
      },
    ],
    [
      "paths probed in no time",
      { ...read, closedPaths: 0 },
      { member: "closedPaths", message: "nobody could have probed that lately" },
    ],
    ["paths probed in less than that", { ...read, closedPaths: -1 }, { member: "closedPaths" }],
    ["paths probed in no number", { ...read, closedPaths: Number.NaN }, { member: "closedPaths" }],
    [
      "a forbid that wants a sandbox",
      { ...night, sandbox: true },
      {
        member: "sandbox",
        message: "a policy that forbids demands no sandbox",
        hint: "remove `requires`, or `forbid`",
      },
    ],
    [
      "a sandbox of which nothing would be heard",
      { ...read, sandbox: true },
      { member: "sandbox", message: "a sandbox is known of by the lease that it holds" },
    ],
    [
      "a forbid with approval",
      { ...night, approval: { by: ["a"], count: 1, within: 1, refusals: 1 } },
      { member: "approval" },
    ],
    [
      "approval by nobody",
      { ...read, approval: { by: [], count: 1, within: 1, refusals: 1 } },
      { member: "approval" },
    ],
    [
      "approval by no one of some",
      { ...read, approval: { by: ["a"], count: 0, within: 1, refusals: 1 } },
      { member: "approval" },
    ],
    [
      "approval in no time",
      { ...read, approval: { by: ["a"], count: 1, within: 0, refusals: 1 } },
      { member: "approval" },
    ],
  ];
  test.each(cases)("%s", (_, entry, expected) => {
    const problems = problemsOf(entry);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ index: 0, ...expected });
  });

  test("two policies of one name", () => {
    expect(problemsOf(read, night, { ...refund, name: read.name })).toMatchObject([
      { index: 2, member: "name" },
    ]);
  });

  test("every problem of every policy is told at once, in the order of the file", () => {
    const problems = problemsOf(
      { ...read, when: "context.our < 6" },
      { ...refund, groups: [] },
      { ...night, when: "(" },
    );
    expect(problems.map(({ index, member }) => [index, member])).toEqual([
      [0, "when"],
      [1, "groups"],
      [2, "when"],
    ]);
  });
});

test("what compiled stays as it is when others compile after it", () => {
  const first = compiled(entries);
  const second = compiled([{ ...read, groups: ["sre"] }]);
  expect(first.decide(ask("read-orders")).decision).toBe("permit");
  expect(second.decide(ask("read-orders")).decision).toBe("deny");
  expect(compilePolicies([{ ...read, when: "nonsense" }], inventory).ok).toBe(false);
  expect(first.decide(ask("read-orders")).decision).toBe("permit");
  expect(Object.isFrozen(first)).toBe(true);
});

test("a thousand policies compile and decide, each for its own", () => {
  const names = Array.from({ length: 20 }, (_, n) => `db-${n}`);
  const many = Array.from({ length: 1_000 }, (_, n): PolicyEntry => ({
    ...refund,
    name: `policy ${n}`,
    groups: [`group-${n}`],
    connection: `db-${n % 20}`,
    operations: ["read"],
  }));
  const policies = compiled(many, new Map(names.map((name) => [name, ["read"]])));
  for (const n of [0, 1, 19, 20, 500, 999]) {
    const asked = ask("read", { principal: { groups: [`group-${n}`] }, connection: `db-${n % 20}` });
    expect(policies.decide(asked)).toMatchObject({ decision: "permit", terms: { policy: `policy ${n}` } });
    expect(policies.outlook(asked)).toMatchObject({ requestable: true, terms: { policy: `policy ${n}` } });
    expect(policies.decide({ ...asked, connection: `db-${(n + 1) % 20}` }).decision).toBe("deny");
  }
});

describe("when Cedar fails, nothing is compiled", () => {
  const failure = { type: "failure" as const, errors: [], warnings: [] };
  const broken: readonly [string, Partial<Engine>, string][] = [
    ["validate refuses", { validate: () => failure }, "the conditions could not be validated"],
    [
      "validate throws",
      {
        validate: () => {
          throw new Error("unreachable");
        },
      },
      "unreachable",
    ],
    ["preparing refuses", { preparsePolicySet: () => failure }, "policies could not be prepared"],
  ];
  test.each(broken)("%s", (_, part, message) => {
    const engine = { ...cedarEngine, ...part };
    expect(() => compilePolicies(entries, inventory, engine)).toThrow(message);
  });

  test("reading a condition throws", () => {
    const engine: Engine = {
      ...cedarEngine,
      policyToJson: () => {
        throw new Error("unreachable");
      },
    };
    const compilation = compilePolicies([refund], inventory, engine);
    expect(compilation).toMatchObject({ ok: false, problems: [{ index: 0, member: "when", offset: 0 }] });
  });

  test("a policy whose text is valid and whose compiled form is not is refused", () => {
    const engine: Engine = {
      ...cedarEngine,
      validate: (call) => {
        const answer = cedarEngine.validate(call);
        const { staticPolicies } = call.policies;
        const isCompiled = Object.values(staticPolicies ?? {}).some((policy) => typeof policy === "object");
        if (answer.type !== "success" || !isCompiled) return answer;
        const error = { message: "for policy `p1`, no", help: null, code: null, url: null, severity: null };
        return { ...answer, validationErrors: [{ policyId: "p1", error }] };
      },
    };
    expect(compilePolicies(entries, inventory, engine)).toEqual({
      ok: false,
      problems: [{ index: 1, member: "when", offset: 0, message: "no" }],
    });
  });

  test("a parser that widens the policy around the condition is caught", () => {
    const json = {
      effect: "permit",
      principal: { op: "All" },
      action: { op: "All" },
      resource: { op: "All" },
    } as const;
    const when = { kind: "when", body: { Value: true } } as const;
    for (const conditions of [
      [],
      [when],
      [when, when],
      [{ kind: "unless", body: { Value: false } } as const],
    ]) {
      const engine: Engine = {
        ...cedarEngine,
        policyToJson: () => ({ type: "success", json: { ...json, conditions } }),
      };
      expect(compilePolicies([refund], inventory, engine).ok).toBe(false);
    }
  });
});

test("an ask costs the policies about its operation, not all of its connection's", () => {
  const prepared = new Map<string, readonly string[]>();
  const asked: string[] = [];
  const counting: Engine = {
    ...cedarEngine,
    preparsePolicySet(id, set) {
      prepared.set(id, Object.keys(set.staticPolicies ?? {}));
      return cedarEngine.preparsePolicySet(id, set);
    },
    statefulIsAuthorized(call) {
      asked.push(call.preparsedPolicySetId ?? "");
      return cedarEngine.statefulIsAuthorized(call);
    },
  };
  const all = Array.from({ length: 50 }, (_, number): PolicyEntry => ({
    ...read,
    name: `policy ${number}`,
    operations: [number === 7 ? "read-orders" : "refund-order"],
    when: 'principal.name != "mallory"',
  }));
  const policies = compiled([...all, night], inventory, counting);
  expect(policies.decide(ask("read-orders"))).toMatchObject({
    decision: "permit",
    terms: { policy: "policy 7" },
  });
  expect(policies.outlook(ask("read-orders")).requestable).toBe(true);
  expect(asked.map((id) => prepared.get(id))).toEqual([["p7"], ["p7"]]);
  expect(policies.decide(ask("refund-order")).decision).toBe("permit");
  expect(prepared.get(asked[2] ?? "")).toHaveLength(50);
});
