import { compileSchema } from "./json-schema.ts";

/** A call's message and the schema of its arguments, as they are copied into a worker. */
export interface CallWork {
  /** A JSON-RPC message that was read strictly before. */
  readonly bytes: Uint8Array;
  /** As it was written. */
  readonly schema: string;
}

/** What a check found: why the value is refused, or that it is not. */
export interface Found {
  readonly why: string | undefined;
}

/** Whether what a worker answered is a finding. */
export function isFound(output: unknown): output is Found {
  if (typeof output !== "object" || output === null || !("why" in output)) return false;
  return output.why === undefined || typeof output.why === "string";
}

/** Schemas that this worker has compiled, by their text. */
const compiled = new Map<string, ReturnType<typeof compileSchema>>();
const MAX_COMPILED = 100;

/** Compiles a schema once. @throws TypeError for one that cannot be used */
export function schemaOf(text: string): Exclude<ReturnType<typeof compileSchema>, { readonly why: string }> {
  const known = compiled.get(text) ?? compileSchema(text);
  if (compiled.size < MAX_COMPILED) compiled.set(text, known);
  if ("why" in known) throw new TypeError(known.why);
  return known;
}

/** Checks a call's arguments, in a worker. */
export function checkCallWork({ bytes, schema }: CallWork): Found {
  const { params } = JSON.parse(Buffer.from(bytes).toString()) as {
    readonly params?: { readonly arguments?: unknown };
  };
  return { why: schemaOf(schema).check(params?.arguments ?? {}) };
}
