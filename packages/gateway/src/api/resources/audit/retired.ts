import * as z from "zod";
import { LACKS, type RetiredLog } from "../../../audit/logs/port.ts";
import { requireOperator } from "../../../grants/approvals/people.ts";
import { recordPrincipal } from "../../../audit/record-principal.ts";
import { component } from "../../contract/components.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { timeOf, timeSchema } from "../../contract/schemas.ts";
import { reasonText } from "../../contract/texts.ts";

/** Logs of which an answer lacks something for good. */
export const retiredSchema = z.array(
  z.object({
    log: z.string(),
    lacks: z.enum(LACKS),
    by: z.string(),
    at: timeSchema,
  }),
);

/** What of an answer says which logs were retired; nothing where none was. */
export function retiredIn(
  retired: readonly RetiredLog[] = [],
): Partial<Record<"retired", z.input<typeof retiredSchema>>> {
  if (retired.length === 0) return {};
  return { retired: retired.map(({ log, lacks, by, at }) => ({ log, lacks, by, at: timeOf(at) })) };
}

const orderSchema = component(
  "RetireLogOrder",
  z.strictObject({
    log: z.string().min(1).max(255).meta({ description: "The log's name" }),
    reason: reasonText,
  }),
);

const retirementSchema = component(
  "RetiredLog",
  z.object({
    log: z.string(),
    key: z.string().meta({ description: "Its first C2SP verifier key" }),
    records: z.int().meta({ description: "On its disk when it was last heard of" }),
    by: z.string(),
    reason: z.string(),
    at: timeSchema,
  }),
);

/** Gives up a log whose gateway and files are gone. */
export const retireLog = endpoint({
  id: "POST /v1/audit/logs/retire",
  operationId: "retireLog",
  summary: "Give up a log whose gateway and files are gone: searches and exports go on without it",
  description:
    "What the store's index has of it is still found, and answers say so under `retired`. It counts until the log's gateway is back.",
  introspect: true,
  body: orderSchema,
  answers: { 200: { description: "The log, retired", schema: retirementSchema } },
  async handle({ services, verified, body }) {
    // From then on an export is whole without that log: the groups of this moment count.
    const { principal } = await services.people.current(verified);
    requireOperator(principal);
    const retired = await services.retireLog({ ...body, by: recordPrincipal(principal) });
    return {
      status: 200,
      body: {
        log: retired.name,
        key: retired.log,
        records: retired.records,
        by: retired.by,
        reason: retired.reason,
        at: timeOf(retired.at),
      },
    };
  },
});
