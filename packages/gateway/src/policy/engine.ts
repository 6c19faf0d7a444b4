import * as cedar from "@cedar-policy/cedar-wasm/nodejs";

/** What is used of Cedar. Injected, so that tests can see what happens when it fails. */
export type Engine = Pick<
  typeof cedar,
  "policyToJson" | "preparsePolicySet" | "statefulIsAuthorized" | "validate"
>;

/** Cedar, in WebAssembly. */
export const cedarEngine: Engine = cedar;
