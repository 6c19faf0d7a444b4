import { INLINE_BODY_BYTES, INLINE_SCHEMA_COST, SHARED_SCHEMA_COST } from "../../gate/bounds.ts";
import { type CallWork, checkCall, isSchemaFinding } from "../../gate/web/schema/check-worker.ts";
import { type SharedUse, Busy } from "../../gate/web/sessions/sharing.ts";
import type { Compiled, CompiledTool } from "./compile.ts";
import type { McpAct } from "./act.ts";

const module = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../gate/web/schema/check-worker.ts"
    : "../../gate/web/schema/check-worker.js",
  import.meta.url,
).href;

/** What a principal takes for judging. */
type Share = Pick<SharedUse, "heavy" | "key" | "workers">;

/**
 * Checks a call's arguments by every schema that may decide, where that may take long: in its principal's turn, or in a
 * worker that is ended when it takes too long.
 * @param bytes the message as it came
 * @param ended gives up waiting when it aborts
 * @throws Busy when as many calls wait as may
 */
export async function judgeAhead(
  act: McpAct,
  bytes: Buffer,
  scopes: readonly Compiled[],
  { heavy, key, workers }: Share,
  ended: AbortSignal,
): Promise<McpAct> {
  const { message } = act;
  if (message.method !== "tools/call") return act;
  const { name, arguments: given = {} } = message.params;
  const tools = scopes.flatMap(({ tools: all }) => all.get(String(name)) ?? []);
  const { length } = bytes;
  if (length <= INLINE_BODY_BYTES && tools.every(({ cost }) => cost(length) <= INLINE_SCHEMA_COST))
    return { ...act, bytes: length };
  const found = new Map<CompiledTool, string | undefined>();
  for (const tool of tools) {
    if (length <= INLINE_BODY_BYTES && tool.cost(length) <= SHARED_SCHEMA_COST) {
      found.set(tool, await heavy.run(key, () => tool.check(given)));
      continue;
    }
    const input: CallWork = { bytes: new Uint8Array(bytes), schema: tool.text };
    // By the function's own name, whatever it is called: the worker finds it in its module by that.
    const done = await workers.run(key, { module, name: checkCall.name, input }, ended);
    if (done.kind === "busy") throw new Busy("work", "principal");
    if (done.kind === "done" && isSchemaFinding(done.output)) found.set(tool, done.output.why);
    else
      found.set(
        tool,
        done.kind === "too slow" || done.kind === "too large"
          ? "the arguments take longer to judge than they may"
          : "the arguments could not be judged",
      );
  }
  return { ...act, found };
}
