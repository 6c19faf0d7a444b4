import type { McpTarget } from "../target.ts";
import { bareDefinitionOf, pinOf, pinOfPrompt, promptDefinitionOf, promptKey } from "./pins.ts";

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

/** The pin of a prompt, where an operator accepted it. */
export function promptPin(target: McpTarget, name: string): string | undefined {
  const key = promptKey(name);
  return Object.hasOwn(target.pins, key) ? target.pins[key] : undefined;
}

/**
 * A prompt as it is listed: whole where an operator accepted it, bare where none did, and undefined where it has changed
 * since.
 */
export function listedPrompt(
  target: McpTarget,
  prompt: ToolDefinition,
): Readonly<Record<string, unknown>> | undefined {
  const pin = promptPin(target, prompt.name);
  if (pin === undefined) return bareDefinitionOf(prompt);
  return pin === pinOfPrompt(prompt) ? promptDefinitionOf(prompt) : undefined;
}

/** Why a pinned prompt cannot be given now, or undefined. */
export function problemOfPrompt(
  target: McpTarget,
  prompt: ToolDefinition | undefined,
  name: string,
): string | undefined {
  if (prompt === undefined) return `the server has no prompt ${name}`;
  return pinOfPrompt(prompt) === promptPin(target, name)
    ? undefined
    : `the definition of prompt ${name} has changed since an operator accepted it (mayflyd pin shows it)`;
}
