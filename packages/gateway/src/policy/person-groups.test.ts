import { describe, expect, test } from "vitest";
import { compilePolicies } from "./compile.ts";
import { explain } from "./explain.ts";
import { formatExplanation } from "./format-explanation.ts";
import { ask, compiled, entries, inventory, supportBot } from "./testing/samples.ts";
import type { PolicyEntry } from "./types.ts";

const [read] = entries;
const forSre: PolicyEntry = { ...read, name: "reads for sre", personGroups: ["sre", "leads"] };
const policies = compiled([forSre]);
/** The support bot, asking for a person in these groups. */
const asked = (groups: readonly string[], personGroups: readonly string[]) =>
  ask("read-orders", { principal: { groups }, context: { has_person: true, person_groups: personGroups } });

describe("a permit for agents that act for certain people", () => {
  test.each([
    ["both", ["support-agents"], ["sre"], "permit"],
    ["both, by another of the person's groups", ["support-agents"], ["other", "leads"], "permit"],
    ["the agent's alone", ["support-agents"], [], "deny"],
    ["the person's alone", [], ["sre"], "deny"],
    ["the person's group as the agent's: it does not stand in", ["support-agents", "sre"], [], "deny"],
    ["the agent's group as the person's: it does not stand in", ["sre"], ["support-agents"], "deny"],
    ["both, the wrong way round", ["sre"], ["support-agents", "sre"], "deny"],
    ["a group whose name only looks alike", ["support-agents"], ["SRE", "sre ", "sr"], "deny"],
  ])("%s", (_, groups, personGroups, decision) => {
    const what = asked(groups, personGroups);
    expect(policies.decide(what).decision).toBe(decision);
    expect(policies.outlook(what).requestable).toBe(decision === "permit");
  });

  test("says by which groups it permits, and which are missing", () => {
    expect(policies.decide(asked(["support-agents"], ["leads"])).reasons).toEqual([
      "permitted automatically by policy 'reads for sre' (group support-agents, for a person in group leads)",
    ]);
    expect(policies.decide(asked(["support-agents"], ["other"])).reasons).toEqual([
      "policy 'reads for sre' is for agents that act for a person in groups sre, leads; whoever you act for is in none of them",
    ]);
    expect(policies.decide(asked(["sre"], ["sre"])).reasons).toEqual([
      "policy 'reads for sre' is for group support-agents; you are not in it",
    ]);
  });

  test("is a part of the condition beside `when:`", () => {
    const both = compiled([{ ...forSre, when: "context.hour < 13" }]);
    expect(both.decide(asked(["support-agents"], ["sre"])).decision).toBe("permit");
    expect(both.decide(asked(["support-agents"], ["other"])).decision).toBe("deny");
    const never = compiled([{ ...forSre, when: "context.hour > 12" }]);
    expect(never.decide(asked(["support-agents"], ["sre"])).reasons).toEqual([
      "policy 'reads for sre': its condition `context.hour > 12` is not met",
    ]);
    expect(never.outlook(asked(["support-agents"], ["sre"])).conditions).toEqual([
      { kind: "if", text: "context.hour > 12" },
    ]);
    expect(never.outlook(asked(["support-agents"], [])).requestable).toBe(false);
  });

  test("gives way to another that permits without", () => {
    const several = compiled([forSre, read]);
    expect(several.decide(asked(["support-agents"], []))).toMatchObject({
      decision: "permit",
      terms: { policy: read.name },
    });
  });
});

describe("a forbid for agents that act for certain people", () => {
  const { ttl: _, ...rest } = read;
  const forbid: PolicyEntry = {
    ...rest,
    name: "not for contractors",
    forbid: true,
    personGroups: ["contractors"],
  };
  const set = compiled([read, forbid]);
  test.each([
    ["of theirs", ["support-agents"], ["contractors"], "deny"],
    ["of others", ["support-agents"], ["sre"], "permit"],
    ["of nobody", ["support-agents"], [], "permit"],
    ["of nobody, in a group of that name itself", ["support-agents", "contractors"], [], "permit"],
  ])("forbids an agent %s", (_name, groups, personGroups, decision) => {
    const what = asked(groups, personGroups);
    expect(set.decide(what).decision).toBe(decision);
    expect(set.outlook(what).requestable).toBe(decision === "permit");
  });

  test("says so", () => {
    expect(set.decide(asked(["support-agents"], ["contractors"])).reasons).toEqual([
      "forbidden by policy 'not for contractors' (group support-agents, for a person in group contractors)",
    ]);
  });
});

test.each([
  [[], "the policy is for nobody's agents, so it would never match"],
  [["sre", ""], "a group's name is empty"],
  [["\ud800"], "the name is not valid Unicode"],
])("person groups %j are refused", (personGroups, message) => {
  expect(compilePolicies([{ ...read, personGroups }], inventory)).toMatchObject({
    ok: false,
    problems: [{ index: 0, member: "personGroups", message }],
  });
});

test("an explanation names the person's groups, and what an agent may ask for with them", () => {
  const described = new Map([
    ["orders-db", new Map([["read-orders", { description: "Read", risk: "low" as const }]])],
  ]);
  const text = formatExplanation(explain(policies, described, supportBot, true, ["sre"], 0));
  expect(text).toContain("support-bot (agent, acting for a person in sre), in support-agents");
  expect(text.replace(/\s+/gu, " ")).toContain("(group support-agents, for a person in group sre)");
  const without = formatExplanation(explain(policies, described, supportBot, true, [], 0));
  expect(without).toContain("May request nothing.");
  expect(without.replace(/\s+/gu, " ")).toContain("whoever you act for is in none of them");
});
