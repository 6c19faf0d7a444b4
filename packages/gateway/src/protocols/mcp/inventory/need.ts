import type { Json } from "../../../kernel/canonical.ts";
import { compileSchema } from "../../../gate/web/schema/json-schema.ts";
import { type ClientMessage, readMessage } from "../../../gate/web/mcp/message.ts";
import type { Compiled } from "../compile.ts";
import { verdictOf } from "../judge.ts";
import { scopeSchema } from "../scope.ts";

/** Arguments of a call, as JSON has them. */
export type Given = Readonly<Record<string, Json>>;

/** What a message needs of a scope. */
export type Need =
  | { readonly kind: "tool"; readonly name: string; readonly given: Given }
  | { readonly kind: "resource"; readonly uri: string }
  | { readonly kind: "prompt"; readonly name: string; readonly given: Given }
  /** Nothing: every holder of a grant may send it. */
  | { readonly kind: "free" }
  /** No scope takes it. */
  | { readonly kind: "never"; readonly why: string };

const schema = compileSchema("{}");
if ("why" in schema) throw new TypeError(schema.why);
/** Any arguments. */
const anything = schema;

/** What a scope names that grants one thing. */
interface Names {
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
}

const scopeOf = ({ tool, resource, prompt }: Names): Compiled => ({
  name: "connection/operation",
  tools: new Map(tool === undefined ? [] : [[tool, anything]]),
  resources: resource === undefined ? [] : [resource],
  prompts: new Set(prompt === undefined ? [] : [prompt]),
  budget: undefined,
});

/** What the judge that rules at run time refuses of a message, where a scope grants what it is about; undefined: nothing. */
function refusal(message: ClientMessage, names: Names): string | undefined {
  const verdict = verdictOf([scopeOf(names)], { message });
  return verdict.kind === "permit" ? undefined : verdict.denial.message.replace(/^refused: /, "");
}

/** Why no configuration names a thing so; undefined: one does. */
function unsayable({ tool, resource, prompt }: Names): string | undefined {
  const scope = scopeSchema.safeParse({
    ...(tool === undefined ? {} : { tools: [tool] }),
    ...(resource === undefined ? {} : { resources: [resource] }),
    ...(prompt === undefined ? {} : { prompts: [prompt] }),
  });
  return scope.success ? undefined : "no configuration can name it";
}

/** What an act needs: the scope that takes it and nothing else is made, and judged. */
export function needOf(act: string): Need {
  const message = readMessage(Buffer.from(act));
  if ("why" in message) return { kind: "never", why: message.why };
  if (refusal(message, {}) === undefined) return { kind: "free" };
  const { method, params } = message;
  const needed = neededBy(method, params);
  if (needed === undefined) return { kind: "never", why: `no operation has ${method}` };
  const { need, names } = needed;
  const why = unsayable(names) ?? refusal(message, names);
  return why === undefined ? need : { kind: "never", why };
}

function neededBy(
  method: string,
  params: Readonly<Record<string, unknown>>,
): { readonly need: Need; readonly names: Names } | undefined {
  const { name, uri, arguments: given = {} } = params;
  if (method === "tools/call" && typeof name === "string")
    return { need: { kind: "tool", name, given: given as Given }, names: { tool: name } };
  if (method === "resources/read" && typeof uri === "string")
    return { need: { kind: "resource", uri }, names: { resource: uri } };
  if (method === "prompts/get" && typeof name === "string")
    return { need: { kind: "prompt", name, given: given as Given }, names: { prompt: name } };
  return undefined;
}
