import { digestOf, type Json } from "../../kernel/canonical.ts";

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
