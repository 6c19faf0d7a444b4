import { readAct } from "../act.ts";
import { type Named, verdictOf } from "../judge.ts";
import { scopeSchema } from "../scope.ts";
import type { Live } from "../write/live.ts";
import { writeOf } from "../write/write.ts";

/** How an object is written, with the content type that says so. */
export const bodyTypes = {
  POST: "application/json",
  PUT: "application/json",
  MERGE: "application/merge-patch+json",
  STRATEGIC: "application/strategic-merge-patch+json",
  APPLY: "application/apply-patch+yaml",
  STEPS: "application/json-patch+json",
} as const;
export type How = keyof typeof bodyTypes;

/** The scopes of a grant of one operation. */
export function scopesOf(written: object): readonly Named[] {
  return [{ name: "c/op", scope: scopeSchema.parse(written) }];
}

/** An object as a cluster has it. */
export function liveAs(object: object, version = "7"): Live {
  const { metadata, ...rest } = object as { readonly metadata?: object };
  return {
    kind: "object",
    version,
    object: { ...rest, metadata: { ...metadata, resourceVersion: version } },
  };
}

/**
 * What scopes make of a write, given what the cluster says of its object.
 * @returns `permit`, or why not
 */
export function judgeChange(
  scopes: readonly Named[],
  how: How,
  target: string,
  body: unknown,
  live: Live = { kind: "absent" },
): string {
  const act = readAct({
    method: how === "POST" || how === "PUT" ? how : "PATCH",
    target: how === "APPLY" ? `${target}?fieldManager=x` : target,
    headers: ["content-type", bodyTypes[how]],
    body: { kind: "read", bytes: Buffer.from(JSON.stringify(body)) },
  });
  const { request } = act;
  if ("why" in request || request.kind !== "resource")
    throw new Error("a request that is not about an object");
  const judged = how === "POST" ? act : { ...act, write: writeOf(act, request, live) };
  const verdict = verdictOf(scopes, judged);
  return verdict.kind === "permit" ? "permit" : verdict.denial.message;
}
