import { afterAll, expect, it } from "vitest";
import { INLINE_BODY_BYTES } from "../../gate/bounds.ts";
import { createHeavyWork } from "../../gate/limits/heavy.ts";
import { createWorkers } from "../../gate/work/workers.ts";
import { compileScopes } from "./compile.ts";
import { judgeAhead } from "./judge-ahead.ts";
import { verdictOf } from "./judge.ts";
import { scopeSchema } from "./scope.ts";

const workers = createWorkers();
afterAll(() => workers.close());

const tool = {
  type: "object",
  properties: { note: { type: "string" }, count: { type: "integer" } },
  required: ["count"],
};
const scopes = compileScopes([{ name: "crm/write", scope: scopeSchema.parse({ tools: { add: tool } }) }]);

async function verdict(given: Readonly<Record<string, unknown>>): Promise<unknown> {
  const message = {
    kind: "request",
    id: 1,
    method: "tools/call",
    params: { name: "add", arguments: { ...given, note: "x".repeat(INLINE_BODY_BYTES) } },
  } as const;
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const share = { heavy: createHeavyWork(), key: "agent", workers };
  const act = await judgeAhead({ message }, bytes, scopes, share, new AbortController().signal);
  return verdictOf(scopes, act);
}

it("judges a large call in a worker as the main thread judges a small one", async () => {
  expect(await verdict({ count: 1 })).toMatchObject({ kind: "permit", operation: "crm/write" });
  expect(await verdict({ count: "1" })).toMatchObject({
    kind: "deny",
    denial: { message: expect.stringContaining("count must be integer") as string },
  });
});
