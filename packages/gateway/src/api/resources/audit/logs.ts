import * as z from "zod";
import type { LogEntry } from "../../../audit/logs/list.ts";
import { component } from "../../contract/components.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { timeOf, timeSchema } from "../../contract/schemas.ts";

const logsSchema = component(
  "AuditLogs",
  z.object({
    logs: z
      .array(
        z.object({
          name: z.string(),
          key: z
            .string()
            .meta({ description: "Its first C2SP verifier key, which its later keys follow from" }),
          state: z.enum(["writing", "stopped", "retired"]).meta({
            description:
              "Whether a gateway has said within the last 15 s that it writes it; `retired`: an operator has given it up",
          }),
          host: z.string().optional().meta({ description: "That gateway's machine" }),
          records: z.int().meta({ description: "On its disk, as of seen_at" }),
          covered: z.int().optional().meta({ description: "How many of them its newest checkpoint covers" }),
          checkpoint: z.string().optional().meta({ description: "That checkpoint, a signed note" }),
          seen_at: timeSchema,
          retired: z
            .object({ by: z.string(), reason: z.string(), at: timeSchema })
            .optional()
            .meta({ description: "Who gave it up, why and when" }),
        }),
      )
      .meta({ description: "By name" }),
    note: z.string().meta({
      description:
        "The list as a signed note (C2SP signed-note): mayfly-logs, the name of the log that signs, the time, and a line a log: its first key, its records, its newest checkpoint in base64 or -, and `retired` where it was given up",
    }),
    key: z
      .string()
      .meta({ description: "The verifier key that the note verifies with: the answering gateway's" }),
  }),
);

/** How many records a checkpoint covers: its second line. */
function coveredBy(checkpoint: string | undefined): number | undefined {
  const size = Number(checkpoint?.split("\n")[1]);
  return Number.isSafeInteger(size) ? size : undefined;
}

function stateOf({ host, retired }: LogEntry): "writing" | "stopped" | "retired" {
  if (host !== undefined) return "writing";
  return retired === undefined ? "stopped" : "retired";
}

function retirementOf({ retired }: LogEntry) {
  if (retired === undefined) return {};
  const { by, reason, at } = retired;
  return { retired: { by, reason, at: timeOf(at) } };
}

/** The logs of the gateways that share the store. */
export const listLogs = endpoint({
  id: "GET /v1/audit/logs",
  operationId: "listLogs",
  summary: "The logs of all gateways that share the store, and the list of them signed",
  description:
    "What it says of other logs, their keys too, is the store's word until their folders verify. Kept elsewhere, the note tells later whether a log was hidden, shortened, or its key swapped: mayfly audit verify --logs.",
  answers: { 200: { description: "The logs", schema: logsSchema } },
  async handle({ services }) {
    const { logs, note, key } = await services.listLogs();
    return {
      status: 200,
      body: {
        logs: logs.map((log) => {
          const covered = coveredBy(log.checkpoint);
          return {
            name: log.name,
            key: log.key,
            state: stateOf(log),
            ...(log.host === undefined ? {} : { host: log.host }),
            records: log.records,
            ...(covered === undefined ? {} : { covered }),
            ...(log.checkpoint === undefined ? {} : { checkpoint: log.checkpoint }),
            seen_at: timeOf(log.seenAt),
            ...retirementOf(log),
          };
        }),
        note,
        key,
      },
    };
  },
});
