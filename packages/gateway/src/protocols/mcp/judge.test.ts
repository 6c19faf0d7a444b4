import { expect, it } from "vitest";
import { compileScopes } from "./compile.ts";
import { verdictOf } from "./judge.ts";
import { scopeSchema } from "./scope.ts";

it("does not check arguments by another operation's dear schema, for a hint alone", () => {
  // One that refers to itself has no bound.
  const tree = {
    $ref: "#/$defs/t",
    $defs: { t: { type: "object", properties: { next: { $ref: "#/$defs/t" } } } },
  };
  const scopes = compileScopes([{ name: "crm/read", scope: scopeSchema.parse({ tools: { find: tree } }) }]);
  const message = {
    kind: "request",
    id: 1,
    method: "tools/call",
    params: { name: "find", arguments: {} },
  } as const;
  expect(verdictOf(scopes, { message }).kind).toBe("permit");
  expect(verdictOf(scopes, { message, bytes: 100 })).toMatchObject({
    kind: "deny",
    denial: { message: "refused: find: the arguments were not judged" },
  });
});
