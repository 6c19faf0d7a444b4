import type { Objection } from "../../../gate/hints.ts";
import { schemaOf } from "../../../gate/web/schema/check-worker.ts";
import { judgeBody } from "./judge.ts";

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

/** Whether what a worker answered is a finding. */
export function isAmiss(output: unknown): output is Objection | undefined {
  if (output === undefined) return true;
  return (
    typeof output === "object" &&
    output !== null &&
    "why" in output &&
    typeof output.why === "string" &&
    "remedy" in output &&
    (output.remedy === "ask" || output.remedy === "correct")
  );
}

/** Judges a body by one rule, in a worker. @throws TypeError for a schema that cannot be used */
export function judgeBodyWork({
  method,
  headers,
  bytes,
  schema,
  max,
  types,
}: BodyWork): Objection | undefined {
  const check = schema === undefined ? undefined : schemaOf(schema).check;
  const body = { kind: "read", bytes: Buffer.from(bytes) } as const;
  return judgeBody({ method, headers, body }, { check, schema: undefined, max, types });
}
