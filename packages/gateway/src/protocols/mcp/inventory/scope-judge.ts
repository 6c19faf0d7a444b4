import { readMessage } from "../../../gate/web/mcp/message.ts";
import { type CompiledSchema, compileSchema } from "../../../gate/web/schema/json-schema.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import type { Compiled } from "../compile.ts";
import { verdictOf } from "../judge.ts";
import { schemaText, scopeSchema } from "../scope.ts";

/** Why a scope refuses an act; undefined: it does not. */
export type Refusal = (act: string) => string | undefined;

/** How many schemas are kept, and the characters of their texts: to compile one takes some twenty milliseconds. */
const kept = boundedMap<CompiledSchema>(1000, 4_000_000);

function compiled(text: string): CompiledSchema | undefined {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const made = compileSchema(text);
  if ("why" in made) return undefined;
  kept.set(text, made, text.length);
  return made;
}

/** What a scope refuses, when it is loaded and asked; undefined: no configuration takes that scope. */
export function refusalOf(scope: object): Refusal | undefined {
  const read = scopeSchema.safeParse(scope);
  if (!read.success) return undefined;
  const tools = new Map<string, CompiledSchema>();
  for (const [name, written] of Object.entries(read.data.tools)) {
    const schema = compiled(schemaText(written));
    if (schema === undefined) return undefined;
    tools.set(name, schema);
  }
  const { resources, prompts } = read.data;
  if (tools.size + resources.length + prompts.length === 0) return undefined;
  const one: Compiled = {
    name: "connection/operation",
    tools,
    resources,
    prompts: new Set(prompts),
    budget: undefined,
  };
  return (act) => {
    const message = readMessage(Buffer.from(act));
    if ("why" in message) return message.why;
    const verdict = verdictOf([one], { message });
    return verdict.kind === "permit" ? undefined : verdict.denial.message.replace(/^refused: /, "");
  };
}
