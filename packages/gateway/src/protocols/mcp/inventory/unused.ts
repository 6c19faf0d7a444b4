import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { compareReach } from "../../../gate/reach.ts";
import { isObject } from "../../../kernel/json-object.ts";
import { coversUri } from "../compile.ts";
import { reachOf } from "../reach.ts";
import { type McpScope, schemaText } from "../scope.ts";
import { type Need, needOf } from "./need.ts";
import { refusalOf } from "./scope-judge.ts";

/**
 * What of a scope no message needed: tools, arguments that a schema lists, resources, prompts. What a schema takes of a value
 * beyond what was sent is not looked at.
 */
export const unused: Inventory<McpScope>["unused"] = (seen, scope) => {
  const refusal = refusalOf(scope);
  const needs = seen.flatMap(({ act }) => {
    const need = needOf(act);
    return need.kind !== "free" && refusal !== undefined && refusal(act) === undefined ? [need] : [];
  });
  if (needs.length === 0) return undefined;
  const called = new Set(namesOf(needs, "tool"));
  const got = new Set(namesOf(needs, "prompt"));
  const uris = needs.flatMap((need) => (need.kind === "resource" ? [need.uri] : []));
  const needed: McpScope = {
    ...scope,
    tools: Object.fromEntries(Object.entries(scope.tools).filter(([name]) => called.has(name))),
    resources: scope.resources.filter((entry) => uris.some((uri) => coversUri([entry], uri))),
    prompts: scope.prompts.filter((name) => got.has(name)),
  };
  return [
    ...compareReach(reachOf(needed), reachOf(scope)).more,
    ...Object.entries(needed.tools).flatMap(([name, written]) =>
      neverGiven(name, schemaText(written), needs).map((argument) => `the argument ${argument} of ${name}`),
    ),
  ];
};

const namesOf = (needs: readonly Need[], kind: "tool" | "prompt"): readonly string[] =>
  needs.flatMap((need) => (need.kind === kind ? [need.name] : []));

/** The arguments that a schema lists and no call of the tool had. */
function neverGiven(tool: string, schema: string, needs: readonly Need[]): readonly string[] {
  const { properties } = JSON.parse(schema) as { readonly properties?: unknown };
  if (!isObject(properties)) return [];
  const given = new Set(
    needs.flatMap((need) => (need.kind === "tool" && need.name === tool ? Object.keys(need.given) : [])),
  );
  return Object.keys(properties).filter((name) => !given.has(name));
}
