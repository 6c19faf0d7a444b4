import type * as z from "zod";
import { type Tool, tool, type TypedTool } from "../../gate/tools/tool.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Place } from "../../kernel/known-paths.ts";
import type { ApiServices } from "../services.ts";

/** Who calls one of Mayfly's own tools. */
export interface OwnToolCall {
  readonly services: ApiServices;
  readonly principal: Principal;
  /** The caller's own access token. */
  readonly bearer: string;
  readonly address: string;
  /** Where they call from: some grants are for one host. */
  readonly from: Place;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
  /** Counts a long poll: the function that ends it. @throws ApiProblem 429 when there are too many */
  readonly startPoll: () => () => void;
}

/** Declares a tool of Mayfly's own: one that asks for access, not one that uses it. */
export function ownTool<S extends z.ZodObject>(spec: TypedTool<S, OwnToolCall>): Tool<OwnToolCall> {
  return tool(spec);
}
