import { expect, test } from "vitest";
import { corpusCases } from "../../../gate/inventory/testing/corpus.ts";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { propose } from "./propose.ts";
import { call, message, reading, seen } from "./testing/seen.ts";

const cases = corpusCases("mcp.json", "mcp-own.json");

/** What agents do who attack nobody: the corpus is about these tools. */
const work = [
  ...[5, 7, 12].map((id) => call("get_order", { id })),
  ...["Anna Smith", "delete_order; DROP TABLE"].map((q) => call("search_customers", { q })),
  ...Array.from({ length: 8 }, (_, at) => reading(`crm://orders/${at}`)),
  message("prompts/get", { name: "summary" }),
];

/** What the proposals from some messages permit. */
function permitted(acts: readonly string[]): (act: string) => boolean {
  const { operations } = propose(
    acts.map((act) => seen(act)),
    { minSeen: 1, taken: [] },
  );
  const judge = judgeOf(
    operations.map(({ name, scope }) => ({ name: `crm/${name}`, scope: scopeSchema.parse(scope) })),
    {},
  );
  return (act) => judge(act).kind === "permit";
}

test("what is proposed from honest work lets no attack of the corpus through", () => {
  const permits = permitted(work);
  expect(work.filter((act) => !permits(act))).toEqual([]);
  const attacks = cases.filter(({ expected }) => expected === "deny");
  expect(attacks.length).toBeGreaterThan(60);
  expect(attacks.filter(({ payload }) => permits(payload)).map(({ id }) => id)).toEqual([]);
});

/** What is an attack because the corpus's scope does not grant it, and work where agents did it and the server answered. */
const ungranted = [
  "mcp-rpc-10",
  "mcp-own-tool",
  "mcp-own-tool-case",
  "mcp-own-tool-constructor",
  "mcp-own-args-type",
  "mcp-own-args-extra",
  "mcp-own-args-missing",
  "mcp-own-args-long",
  "mcp-own-resource-prefix",
  "mcp-own-prompt",
  "mcp-own-prompt-by-pin",
  "mcp-own-args-string-length",
];

test("of attacks that were seen to be done, what no scope should ever say is not proposed", () => {
  const attacks = cases.filter(({ expected }) => expected === "deny");
  const permits = permitted([...work, ...attacks.map(({ payload }) => payload)]);
  const through = attacks.filter(({ payload }) => permits(payload)).map(({ id }) => id);
  expect(through).toEqual(ungranted);
});
