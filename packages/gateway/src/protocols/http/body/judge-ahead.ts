import { INLINE_BODY_BYTES, INLINE_SCHEMA_COST, SHARED_SCHEMA_COST } from "../../../gate/bounds.ts";
import { type Objection, wrong } from "../../../gate/hints.ts";
import { type SharedUse, Busy } from "../../../gate/web/sessions/sharing.ts";
import type { HttpAct } from "../act.ts";
import { type BodyWork, isAmiss, judgeBodyWork } from "./work.ts";
import type { CompiledBody } from "../compile.ts";
import { judgeBody } from "./judge.ts";
import { type Finding, prepare, type Prepared } from "../judge.ts";
import type { JudgedHead } from "../judge-head.ts";

const module = new URL(import.meta.url.endsWith(".ts") ? "./work.ts" : "./work.js", import.meta.url).href;

/** What a principal takes for judging. */
type Share = Pick<SharedUse, "heavy" | "key" | "workers">;
/** An act and its verdict. */
export type PreparedAct = HttpAct & { readonly prepared: Prepared };

/**
 * Finds the verdict on a request whose head was judged. A small body is judged at once; one that may take long in its
 * principal's turn, or in a worker that is ended when it takes too long.
 * @param ended gives up waiting when it aborts
 * @throws Busy when as many bodies wait as may
 */
export function judgeAhead(
  head: JudgedHead,
  act: HttpAct,
  share: Share,
  ended: AbortSignal,
): PreparedAct | Promise<PreparedAct> {
  const { body } = act;
  if (body.kind !== "read") return prepare(head, act);
  const { length } = body.bytes;
  const costs = head.candidates.map(({ scope }) => scope.body?.schema?.cost(length) ?? 0);
  if (length <= INLINE_BODY_BYTES && costs.every((cost) => cost <= INLINE_SCHEMA_COST))
    return prepare(head, { ...act, body: { ...body, maxCost: INLINE_SCHEMA_COST } });
  return judgeSlowly(head, act, body.bytes, costs, share, ended);
}

async function judgeSlowly(
  head: JudgedHead,
  act: HttpAct,
  bytes: Buffer,
  costs: readonly number[],
  share: Share,
  ended: AbortSignal,
): Promise<PreparedAct> {
  const findings: Finding[] = [];
  for (const [at, { scope }] of head.candidates.entries()) {
    const { body: rule } = scope;
    const isShared = bytes.length <= INLINE_BODY_BYTES && (costs[at] ?? 0) <= SHARED_SCHEMA_COST;
    const finding =
      rule === undefined
        ? judgeBody(act, rule)
        : isShared
          ? await share.heavy.run(share.key, () => judgeBody(act, rule))
          : await judgeElsewhere(act, bytes, rule, share, ended);
    findings.push(finding);
    if (finding === undefined) break;
  }
  // Nothing judges it once more on this thread, for a hint say.
  return prepare(head, { ...act, body: { kind: "read", bytes, maxCost: -1 } }, findings);
}

async function judgeElsewhere(
  { method, headers }: HttpAct,
  bytes: Buffer,
  rule: CompiledBody,
  { workers, key }: Share,
  ended: AbortSignal,
): Promise<Objection | undefined> {
  const { max, types, schema } = rule;
  // Of a slice of a larger buffer, all of that would be copied.
  const own = bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  const input: BodyWork = { method, headers, bytes: own, schema: schema?.text, max, types };
  // By the function's own name, whatever it is called: the worker finds it in its module by that.
  const done = await workers.run(key, { module, name: judgeBodyWork.name, input }, ended);
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
