import { describe, expect, test } from "vitest";
import { configurationJsonSchema } from "../../packages/gateway/src/configuration/json-schema.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import { cases } from "./cases.ts";
import { exemptions } from "./exemptions.ts";
import { membersOf, type Schema } from "./members.ts";
import { membersOfCase, problemOf } from "./pair.ts";

// Every rule bites: each member of the configuration has an act that is refused for that member alone.

const schema = configurationJsonSchema(protocols) as Schema;

function uncovered(of: Schema): readonly string[] {
  const covered = new Set(cases.flatMap((each) => [...membersOfCase(each, schema)]));
  return [...membersOf(of)].filter((member) => !covered.has(member) && !(member in exemptions));
}

test("every member has a case", () => {
  const missing = uncovered(schema);
  const hint = `add a case for each to tests/catalogue/cases/: the same act refused with the member and passing without it`;
  expect(missing, hint).toEqual([]);
});

test("a member that does nothing is found", () => {
  const copy = structuredClone(schema);
  const connections = copy.properties?.["connections"]?.additionalProperties;
  const [postgres] = (typeof connections === "object" && connections.anyOf) || [];
  const scope = postgres?.properties?.["operations"]?.additionalProperties as Schema;
  Object.assign(scope.properties ?? {}, { read_slowly: { type: "boolean" } });
  expect(uncovered(copy)).toEqual(["connections.*{postgres}.operations.*.read_slowly"]);
});

test("every exemption is of a member that exists, and that no case covers", () => {
  const members = membersOf(schema);
  const covered = new Set(cases.flatMap((each) => [...membersOfCase(each, schema)]));
  for (const [member, reason] of Object.entries(exemptions)) {
    expect(members, member).toContain(member);
    expect(covered.has(member), `${member} has a case: remove its exemption`).toBe(false);
    expect(reason.length).toBeGreaterThan(10);
  }
});

describe("the member alone decides", () => {
  test.concurrent.each(
    cases.map((each) => [each.at.join("."), JSON.stringify(each.narrow) ?? "left out", each] as const),
  )("%s: %s", async (_, __, each) => {
    expect((await problemOf(each)) ?? "decides").toBe("decides");
  });
});

test("a case that would be refused anyway, or never, is found", async () => {
  const [first] = cases;
  if (first === undefined) throw new Error("no cases");
  expect(await problemOf({ ...first, wide: first.narrow })).toMatch(/^does not pass without it/);
  expect(await problemOf({ ...first, narrow: first.wide })).toMatch(/^is not refused with it/);
  expect(await problemOf({ ...first, refused: /another rule/ })).toMatch(
    /^is not refused with it for that rule/,
  );
});
