import { digestOf, type Json } from "../../../kernel/canonical.ts";

/** A tool's definition, as far as a model reads it and a client acts on it. */
const pinned = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"] as const;

/** What of a tool's definition an operator accepts, and so all of it that comes down. */
export function definitionOf(tool: Readonly<Record<string, unknown>>): Record<string, Json> {
  const definition: Record<string, Json> = {};
  for (const name of pinned) if (tool[name] !== undefined) definition[name] = tool[name] as Json;
  return definition;
}

/** The digest of a tool's definition: what an operator accepts. Canonical JSON, so that order says nothing. */
export function pinOf(tool: Readonly<Record<string, unknown>>): string {
  return digestOf(definitionOf(tool));
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A prompt's definition, as far as a model or a person reads it. */
const pinnedOfPrompt = ["name", "title", "description"] as const;
const pinnedOfArgument = ["name", "title", "description", "required"] as const;

/** What of a prompt's definition an operator accepts, and so all of it that comes down. */
export function promptDefinitionOf(prompt: Fields): Record<string, Json> {
  const pick = (from: Fields, names: readonly string[]): Record<string, Json> =>
    Object.fromEntries(
      names.filter((name) => from[name] !== undefined).map((name) => [name, from[name] as Json]),
    );
  const written: unknown = prompt["arguments"];
  return {
    ...pick(prompt, pinnedOfPrompt),
    ...(Array.isArray(written)
      ? { arguments: written.filter(isObject).map((each) => pick(each, pinnedOfArgument)) }
      : {}),
  };
}

/** A prompt's name among the pins: no tool's name holds a colon. */
export function promptKey(name: string): string {
  return `prompt:${name}`;
}

/** The digest of a prompt's definition. */
export function pinOfPrompt(prompt: Fields): string {
  return digestOf(promptDefinitionOf(prompt));
}

/** Names of arguments that say nothing but themselves. */
const plainName = /^[A-Za-z0-9_.-]{1,64}$/;

/** What of a prompt comes down that no operator accepted: its name, and what its arguments are called. */
export function bareDefinitionOf(prompt: Fields): Record<string, Json> {
  const written: unknown = prompt["arguments"];
  const named = (Array.isArray(written) ? (written as unknown[]) : []).filter(isObject);
  return {
    name: prompt["name"] as Json,
    arguments: named
      .filter(({ name }) => typeof name === "string" && plainName.test(name))
      .map(({ name, required }) => ({ name: name as string, required: required === true })),
  };
}
