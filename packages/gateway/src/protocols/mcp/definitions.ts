import type { McpTarget } from "./target.ts";
import { pinOf } from "./pins.ts";

/** A tool as an upstream server defines it. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string };

/**
 * Why a granted tool cannot be offered now, or undefined: what a model reads of a tool is what the operator accepted, to
 * the letter, and a definition that has changed since is refused until they accept it.
 */
export function problemOfDefinition(
  target: McpTarget,
  tool: ToolDefinition | undefined,
  name: string,
): string | undefined {
  if (tool === undefined) return `the server has no tool ${name}`;
  const pin = Object.hasOwn(target.pins, name) ? target.pins[name] : undefined;
  if (pin === undefined) return `the definition of ${name} was not accepted by an operator yet (mayflyd pin)`;
  return pinOf(tool) === pin
    ? undefined
    : `the definition of ${name} has changed since an operator accepted it (mayflyd pin shows it)`;
}
