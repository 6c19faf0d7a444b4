import * as z from "zod";

/** A refusal inside a transform, with a hint; zod keeps `params` on custom issues. */
export function addIssue(
  context: z.RefinementCtx,
  input: unknown,
  message: string,
  hint?: string,
): typeof z.NEVER {
  context.issues.push({
    code: "custom",
    message,
    input,
    ...(hint === undefined ? {} : { params: { hint } }),
  });
  return z.NEVER;
}
