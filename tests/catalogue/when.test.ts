import { describe, expect, test } from "vitest";
import type { PolicyAsk } from "../../packages/gateway/src/policy/types.ts";
import { cedarEngine } from "../../packages/gateway/src/policy/engine.ts";
import { contextNames, principalNames, schema } from "../../packages/gateway/src/policy/schema.ts";
import { ask, compiled, entries } from "../../packages/gateway/src/policy/testing/samples.ts";
import { functions, operators } from "../../packages/gateway/src/policy/vocabulary.ts";
import { parseWhen } from "../../packages/gateway/src/policy/when.ts";

// Every word of a condition bites: each operator, function, fact and type has a condition that refuses an ask which
// passes without the condition, and that lets an ask pass which differs in one fact.

type Change = Parameters<typeof ask>[1];

interface Row {
  readonly word: string;
  readonly when: string;
  /** What the ask says instead of the usual; refused. */
  readonly refused?: Change;
  /** What another ask says; passes. Left out where no ask can: see `never`. */
  readonly passes?: Change;
  readonly operation?: string;
}

const at = (hour: number): Change => ({ context: { hour } });
const from = (client_address: string): Change => ({ context: { client_address } });
const who = (principal: Partial<PolicyAsk["principal"]>): Change => ({ principal });
const inGroups = (...groups: readonly string[]): Change => who({ groups: ["support-agents", ...groups] });

const rows: readonly Row[] = [
  { word: "!", when: "!context.has_person", refused: { context: { has_person: true } }, passes: {} },
  {
    word: "context.person_groups",
    when: 'context.person_groups.contains("finance")',
    passes: { context: { person_groups: ["finance"] } },
  },
  { word: "&&", when: "context.hour > 6 && context.hour < 12", passes: at(11) },
  { word: "||", when: "context.hour < 6 || context.hour > 12", passes: at(13) },
  { word: "==", when: "context.hour == 11", passes: at(11) },
  { word: "!=", when: "context.hour != 12", passes: at(11) },
  { word: "<", when: "context.hour < 12", passes: at(11) },
  { word: "<=", when: "context.hour <= 11", passes: at(11) },
  { word: ">", when: "context.hour > 12", passes: at(13) },
  { word: ">=", when: "context.hour >= 13", passes: at(13) },
  { word: "+", when: "context.hour + 1 == 12", passes: at(11) },
  { word: "-", when: "context.hour - 1 == 10", passes: at(11) },
  { word: "*", when: "context.hour * 2 == 22", passes: at(11) },
  { word: "neg", when: "-context.hour == -11", passes: at(11) },
  { word: "in", when: 'principal in Group::"night"', passes: inGroups("night") },
  { word: "is", when: "principal is Person", passes: who({ kind: "person" }) },
  { word: "like", when: 'context.reason like "INC-*"', passes: { context: { reason: "INC-7" } } },
  { word: "has", when: "context has reason && context.hour < 12", passes: at(11) },
  { word: ".", when: "context.has_person", passes: { context: { has_person: true } } },
  { word: "Var", when: 'principal.name == "another"', passes: who({ name: "another" }) },
  { word: "Value", when: "context.hour == 11", passes: at(11) },
  { word: "Set", when: "[10, 11].contains(context.hour)", passes: at(11) },
  { word: "Record", when: "{hour: context.hour} == {hour: 11}", passes: at(11) },
  { word: "if-then-else", when: "if context.has_person then true else context.hour < 12", passes: at(11) },
  { word: "contains", when: 'principal.groups.contains("night")', passes: inGroups("night") },
  {
    word: "containsAll",
    when: 'principal.groups.containsAll(["night", "day"])',
    passes: inGroups("night", "day"),
  },
  { word: "containsAny", when: 'principal.groups.containsAny(["night", "day"])', passes: inGroups("day") },
  { word: "isEmpty", when: "principal.groups.isEmpty()" },
  { word: "ip", when: 'context.client_address == ip("10.9.9.9")', passes: from("10.9.9.9") },
  { word: "isIpv4", when: "context.client_address.isIpv4()", refused: from("2001:db8::1"), passes: {} },
  { word: "isIpv6", when: "context.client_address.isIpv6()", passes: from("2001:db8::1") },
  { word: "isLoopback", when: "context.client_address.isLoopback()", passes: from("127.0.0.1") },
  { word: "isMulticast", when: "context.client_address.isMulticast()", passes: from("224.0.0.1") },
  {
    word: "isInRange",
    when: 'context.client_address.isInRange(ip("10.9.0.0/16"))',
    passes: from("10.9.9.9"),
  },
  { word: "context.reason", when: 'context.reason == "INC-7"', passes: { context: { reason: "INC-7" } } },
  {
    word: "context.requested_seconds",
    when: "context.requested_seconds <= 60",
    passes: { context: { requested_seconds: 60 } },
  },
  { word: "context.hour", when: "context.hour < 12", passes: at(11) },
  { word: "context.weekday", when: "context.weekday <= 1", passes: { context: { weekday: 1 } } },
  { word: "context.client_address", when: 'context.client_address == ip("::1")', passes: from("::1") },
  { word: "context.has_person", when: "context.has_person", passes: { context: { has_person: true } } },
  { word: "context.break_glass", when: "context.break_glass" },
  { word: "principal.name", when: 'principal.name == "another"', passes: who({ name: "another" }) },
  { word: "principal.client", when: 'principal.client == "0oa2"', passes: who({ client: "0oa2" }) },
  {
    word: "principal.issuer",
    when: 'principal.issuer == "https://other.example"',
    passes: who({ issuer: "https://other.example" }),
  },
  { word: "principal.subject", when: 'principal.subject == "0oa2"', passes: who({ subject: "0oa2" }) },
  { word: "principal.kind", when: 'principal.kind == "person"', passes: who({ kind: "person" }) },
  { word: "principal.groups", when: 'principal.groups.contains("night")', passes: inGroups("night") },
  { word: "Group", when: 'principal in Group::"night"', passes: inGroups("night") },
  { word: "Agent", when: "principal is Agent", refused: who({ kind: "person" }), passes: {} },
  { word: "Person", when: "principal is Person", passes: who({ kind: "person" }) },
  { word: "Connection", when: 'resource in Connection::"billing-api"' },
  {
    word: "Operation",
    when: 'resource == Operation::"orders-db/refund-order"',
    passes: {},
    operation: "refund-order",
  },
];

/** Words whose condition no ask can meet, each with the reason. */
const never: Readonly<Record<string, string>> = {
  isEmpty: "a policy is for members of groups, so that nobody it concerns is in none",
  Connection: "a policy is about one connection",
  "context.break_glass": "what breaks glass is judged by policies of its own",
};

const names: readonly string[] = [
  ...operators,
  ...functions,
  ...contextNames.map((name) => `context.${name}`),
  ...principalNames.map((name) => `principal.${name}`),
  ...Object.keys(schema[""]?.entityTypes ?? {}),
];

test("every operator, function, fact and type has a condition", () => {
  const covered = new Set(rows.map(({ word }) => word));
  const hint = "add a row: a condition made of it, an ask that it refuses, and one that passes";
  expect(
    names.filter((name) => !covered.has(name)),
    hint,
  ).toEqual([]);
  expect(rows.filter(({ word }) => !names.includes(word))).toEqual([]);
  expect(Object.keys(never).filter((word) => rows.some((row) => row.word === word && row.passes))).toEqual(
    [],
  );
});

const [permit] = entries;
const both = { ...permit, operations: ["read-orders", "refund-order"] };

describe("the condition alone decides", () => {
  test.each(rows.map((row) => [row.word, row] as const))("%s", (_, row) => {
    const { word, when, refused = {}, passes, operation = "read-orders" } = row;
    const judged = compiled([{ ...both, when }]);
    const verdict = judged.decide(ask("read-orders", refused));
    expect(verdict.decision).toBe("deny");
    expect(verdict.reasons.join()).toContain(when);
    expect(compiled([both]).decide(ask("read-orders", refused)).decision).toBe("permit");
    const other = passes === undefined ? "no ask" : judged.decide(ask(operation, passes)).decision;
    expect(other).toBe(word in never ? "no ask" : "permit");
    // The condition is made of the word that it is here for.
    const read = parseWhen(cedarEngine, when, ["orders-db", "billing-api"], ["orders-db/refund-order"]);
    if ("problem" in read) throw new Error(read.problem.message);
    const isOfCedar = operators.has(word) || functions.has(word);
    expect(isOfCedar ? [...read.when.references.words] : when).toContain(word);
  });
});

const foreign: readonly (readonly [string, string])[] = [
  ["decimal", 'decimal("1.0").lessThan(decimal("2.0"))'],
  ["duration", 'duration("1d") == duration("24h")'],
  ["datetime", 'datetime("2026-01-01") == datetime("2026-01-01")'],
  ["hasTag", 'principal.hasTag("x")'],
];

test.each(foreign)("%s is no word of a condition", (_, when) => {
  const read = parseWhen(cedarEngine, when, [], []);
  expect("problem" in read && read.problem.message).toMatch(/cannot be used in a condition/);
});
