import type * as z from "zod";
import type { Loopback } from "./loopback.ts";

/** A grant that the caller of a tool holds. */
export interface HeldGrant {
  readonly id: string;
  readonly connection: string;
  readonly operations: readonly string[];
}

/** A grant's `connection/operation` names. */
export function namesOf(grant: Pick<HeldGrant, "connection" | "operations">): readonly string[] {
  return grant.operations.map((operation) => `${grant.connection}/${operation}`);
}

/** The context of a tool call: who calls, what they hold, and access to the protocol's endpoints. */
export interface ToolCall {
  /** The caller's own access token: every endpoint that the tool calls verifies it again. */
  readonly bearer: string;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
  /** The protocol's own endpoints, in memory, for this caller. */
  readonly loopback: Loopback;
  /**
   * The caller's own active grant: the one that is named, or the newest on the connection.
   * @throws MayflyError not_granted, which says what to ask for
   */
  activeGrant(by: { readonly connection: string; readonly grant?: string | undefined }): Promise<HeldGrant>;
  /** Every active grant that the caller holds on a connection, newest first. */
  grantsOn(connection: string): readonly HeldGrant[];
  /** What the caller could ask for on a connection, beside the operations they have, in words. */
  alternatives(connection: string, has?: readonly string[]): string;
}

/** A tool's result: JSON. */
export type ToolResult = Readonly<Record<string, unknown>>;

/** What clients are told of a tool's effects (MCP, "Tool Annotations"): hints, and no more than that. */
interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint: boolean;
}

/** What clients are told of a tool. */
export interface ToolFacts {
  readonly name: string;
  readonly title: string;
  /** For a model to read: what it does, when to use it, what comes next. */
  readonly description: string;
  readonly input: z.ZodObject;
  readonly annotations: Annotations;
}

/** One tool: the single source of its validation, its types and what clients are told of it. */
export interface Tool<Call = ToolCall> extends ToolFacts {
  /** @throws MayflyError that a model can act on */
  run(input: unknown, call: Call): Promise<ToolResult>;
}

/** A tool whose arguments have its schema's types. */
export type TypedTool<S extends z.ZodObject, Call> = Omit<ToolFacts, "input"> & {
  readonly input: S;
  run(input: z.output<S>, call: Call): Promise<ToolResult>;
};

/** Declares a tool. */
export function tool<S extends z.ZodObject, Call = ToolCall>(spec: TypedTool<S, Call>): Tool<Call> {
  // Here the types are erased: the server parses with these very schemas before it calls.
  return spec;
}
