import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { checkScope } from "../scope.ts";
import { givenCases, ownCases, wireIds } from "../testing/guard-corpus.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { compileScopes } from "./verdicts.ts";

beforeAll(loadGrammar);

describe("the bypass corpus", () => {
  it.each([...givenCases(), ...ownCases()])("$id: $expected $sql", ({ sql, scope, expected, database }) => {
    const verdict = compileScopes([scope])({ sql, database });
    expect(verdict.kind === "permit" ? "allow" : "deny", JSON.stringify(verdict)).toBe(expected);
    if (verdict.kind === "permit") return;
    expect(verdict.denial.rule).toMatch(/^shop-db\/\w+: [a-z_]+$/u);
    expect(verdict.denial.message).not.toMatch(/[\n\r]/u);
    expect(verdict.denial.message.length).toBeLessThan(400);
    expect(verdict.denial.message).not.toMatch(/could not be judged/u);
  });

  it("leaves exactly the cases on the wire to the session's tests", () => {
    const listed: unknown = JSON.parse(
      readFileSync(new URL("../../../../../../tests/corpus/postgres-wire.json", import.meta.url), "utf8"),
    );
    expect(listed).toEqual(wireIds());
    expect(givenCases().length + wireIds().length).toBe(157);
    expect(ownCases().length).toBeGreaterThan(300);
  });

  it("uses scopes that a configuration would accept", () => {
    for (const { scope } of [...givenCases(), ...ownCases()]) expect(checkScope(scope.scope)).toEqual([]);
  });
});
