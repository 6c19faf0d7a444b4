import { type Found, schemaOf } from "../../gate/web/schema-work.ts";
import { judgeBody } from "./body.ts";

/** A body and a rule, as they are copied into a worker. */
export interface BodyWork {
  readonly method: string;
  readonly headers: readonly string[];
  readonly bytes: Uint8Array;
  /** The schema as it was written. */
  readonly schema: string | undefined;
  readonly max: number;
  readonly types: readonly string[];
}

/** Judges a body by one rule, in a worker. @throws TypeError for a schema that cannot be used */
export function judgeBodyWork({ method, headers, bytes, schema, max, types }: BodyWork): Found {
  const check = schema === undefined ? undefined : schemaOf(schema).check;
  const body = { kind: "read", bytes: Buffer.from(bytes) } as const;
  return { why: judgeBody({ method, headers, body }, { check, schema: undefined, max, types }) };
}
