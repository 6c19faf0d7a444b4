import type { NamedScope } from "../../gate/protocol.ts";
import { type CompiledSchema, compileSchema } from "../../gate/web/schema/json-schema.ts";
import { type McpScope, schemaText } from "./scope.ts";

/** Any tool, resource or prompt: no file can write it. */
export const ANY = "*";

/** What a tool's arguments are checked by. */
export type CompiledTool = CompiledSchema;

/** A scope, ready to judge by. */
export interface Compiled {
  /** `connection/operation`. */
  readonly name: string;
  readonly tools: ReadonlyMap<string, CompiledTool>;
  readonly resources: readonly string[];
  readonly prompts: ReadonlySet<string>;
  readonly budget: number | undefined;
}

/** A scope belongs to one operation of one configuration: it is compiled once, for all grants. */
const compiled = new WeakMap<McpScope, Compiled>();

/**
 * Compiles a grant's scopes.
 * @throws TypeError for a scope that `checkScope` refuses
 */
export function compileScopes(scopes: readonly NamedScope<McpScope>[]): readonly Compiled[] {
  return scopes.map(({ name, scope }) => {
    const known = compiled.get(scope);
    if (known?.name === name) return known;
    const made: Compiled = {
      name,
      tools: new Map(
        Object.entries(scope.tools).map(([tool, written]) => {
          const schema = compileSchema(schemaText(written));
          if ("why" in schema) throw new TypeError(`the schema of ${tool} cannot be used: ${schema.why}`);
          return [tool, schema];
        }),
      ),
      resources: scope.resources,
      prompts: new Set(scope.prompts),
      budget: scope.budget,
    };
    compiled.set(scope, made);
    return made;
  });
}

/** Whether a URI is among those granted: to the letter, or by what stands before a `*`. */
export function coversUri(granted: readonly string[], uri: string): boolean {
  // What a server could normalise into another URI is none of them.
  if (/%|\\|[^\x21-\x7e]|(?:^|\/)\.{1,2}(?:\/|$)|[?#]/.test(uri))
    return granted.includes(uri) && !uri.includes("..");
  return granted.some((each) => (each.endsWith("*") ? uri.startsWith(each.slice(0, -1)) : uri === each));
}
