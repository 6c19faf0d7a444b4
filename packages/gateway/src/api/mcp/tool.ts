import type * as z from "zod";
import type { Principal } from "../../identity/principal.ts";
import type { ApiServices } from "../services.ts";

/** Who calls a tool. */
export interface ToolCall {
  readonly services: ApiServices;
  readonly principal: Principal;
  /** The caller's own access token: the doors verify it again. */
  readonly bearer: string;
  readonly address: string;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
  /** Counts a long poll: the function that ends it. @throws ApiProblem 429 when there are too many */
  readonly startPoll: () => () => void;
}

/** What a tool answers: JSON. */
export type ToolResult = Readonly<Record<string, unknown>>;

/** What clients are told of a tool's effects (MCP, "Tool Annotations"): hints, and no more than that. */
interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint: boolean;
}

/** One tool: the single source of its validation, its types and what clients are told of it. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** For a model to read: what it does, when to use it, what comes next. */
  readonly description: string;
  readonly input: z.ZodObject;
  readonly annotations: Annotations;
  /** @throws MayflyError that a model can act on */
  run(input: unknown, call: ToolCall): Promise<ToolResult>;
}

/** Declares a tool; its arguments have the schema's types. */
export function tool<S extends z.ZodObject>(
  spec: Omit<Tool, "input" | "run"> & {
    readonly input: S;
    run(input: z.output<S>, call: ToolCall): Promise<ToolResult>;
  },
): Tool {
  // Here the types are erased: server.ts parses with these very schemas before it calls.
  return spec;
}
