import { boundedMap } from "../../../kernel/bounded-map.ts";
import { compileSchema } from "./json-schema.ts";

/** A call's message and the schema of its arguments, in the form that is copied into a worker. */
export interface CallWork {
  /** A JSON-RPC message that has passed the strict reader. */
  readonly bytes: Uint8Array;
  /** The schema's text. */
  readonly schema: string;
}

/** The result of a check: why the value is refused, if it is. */
export interface SchemaFinding {
  readonly why: string | undefined;
}

/** Whether a worker's answer is a finding. */
export function isSchemaFinding(output: unknown): output is SchemaFinding {
  if (typeof output !== "object" || output === null || !("why" in output)) return false;
  return output.why === undefined || typeof output.why === "string";
}

const MAX_COMPILED = 100;
/** The schemas that this worker has compiled, by text; dropped with the worker, which its gateway ends. */
const compiled = boundedMap<ReturnType<typeof compileSchema>>(MAX_COMPILED);

/** Compiles a schema once. @throws TypeError for an unusable schema */
export function schemaOf(text: string): Exclude<ReturnType<typeof compileSchema>, { readonly why: string }> {
  let known = compiled.get(text);
  if (known === undefined) {
    known = compileSchema(text);
    compiled.set(text, known);
  }
  if ("why" in known) throw new TypeError(known.why);
  return known;
}

/** Checks a call's arguments, in a worker. */
export function checkCall({ bytes, schema }: CallWork): SchemaFinding {
  const { params } = JSON.parse(Buffer.from(bytes).toString()) as {
    readonly params?: { readonly arguments?: unknown };
  };
  return { why: schemaOf(schema).check(params?.arguments ?? {}) };
}
