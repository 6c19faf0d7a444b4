import { INLINE_BODY_BYTES, INLINE_SCHEMA_COST, SHARED_SCHEMA_COST } from "../../gate/bounds.ts";
import { type Amiss, wrong } from "../../gate/hints.ts";
import { type Account, Busy } from "../../gate/web/sharing.ts";
import type { HttpAct } from "./act.ts";
import { type BodyWork, isAmiss } from "./body-work.ts";
import type { Compiled, CompiledBody } from "./compile.ts";
import { judgeBody } from "./body.ts";
import { bodyRulesOf } from "./judge.ts";

const module = new URL(import.meta.url.endsWith(".ts") ? "./body-work.ts" : "./body-work.js", import.meta.url)
  .href;

/** What a principal takes for judging. */
type Share = Pick<Account, "heavy" | "key" | "workers">;

/**
 * Judges a body that was read by every rule that may decide, where that may take long: in its principal's turn, or in a
 * worker that is ended when it takes too long. A small body whose schema is checked at once stays as it is.
 * @param ended gives up waiting when it aborts
 * @throws Busy when as many bodies wait as may
 */
export async function judgeAhead(
  act: HttpAct,
  scopes: readonly Compiled[],
  share: Share,
  ended: AbortSignal,
): Promise<HttpAct> {
  const { body } = act;
  if (body.kind !== "read") return act;
  const { length } = body.bytes;
  const rules = bodyRulesOf(scopes, act);
  const costs = rules.map((rule) => rule.schema?.cost(length) ?? 0);
  if (length <= INLINE_BODY_BYTES && costs.every((cost) => cost <= INLINE_SCHEMA_COST))
    return { ...act, body: { ...body, mostCost: INLINE_SCHEMA_COST } };
  const found = new Map<CompiledBody, Amiss | undefined>();
  for (const [at, rule] of rules.entries()) {
    const isShared = length <= INLINE_BODY_BYTES && (costs[at] ?? 0) <= SHARED_SCHEMA_COST;
    found.set(
      rule,
      isShared
        ? await share.heavy.run(share.key, () => judgeBody(act, rule))
        : await judgeElsewhere(act, body.bytes, rule, share, ended),
    );
  }
  return { ...act, body: { ...body, found } };
}

async function judgeElsewhere(
  { method, headers }: HttpAct,
  bytes: Buffer,
  rule: CompiledBody,
  { workers, key }: Share,
  ended: AbortSignal,
): Promise<Amiss | undefined> {
  const { max, types, schema } = rule;
  // Of a slice of a larger buffer, all of that would be copied.
  const own = bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  const input: BodyWork = { method, headers, bytes: own, schema: schema?.text, max, types };
  const done = await workers.run(key, { module, name: "judgeBodyWork", input }, ended);
  switch (done.kind) {
    case "done":
      return isAmiss(done.output) ? done.output : wrong("the body could not be judged");
    case "busy":
      throw new Busy("work", "principal");
    case "too slow":
      return wrong("the body takes longer to judge than it may");
    case "too large":
      return wrong("the body takes more memory to judge than it may");
    case "failed":
    case "left":
      return wrong("the body could not be judged");
    default:
      return done satisfies never;
  }
}
