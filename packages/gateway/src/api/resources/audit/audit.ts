import * as z from "zod";
import { oneLog } from "../../../audit/logs/one-log.ts";
import { MAX_PLACES_LENGTH, placesPattern } from "../../../audit/logs/places.ts";
import { type AuditLogs, LACKS, type LogsQuery } from "../../../audit/logs/port.ts";
import { recordTypes } from "../../../audit/records.ts";
import { component } from "../../contract/components.ts";
import { endpoint } from "../../contract/endpoint.ts";
import { timeSchema } from "../../contract/schemas.ts";
import { retiredIn, retiredSchema } from "./retired.ts";
import type { ApiServices } from "../../services.ts";

export const recordSchema = component(
  "AuditRecord",
  z
    .object({
      seq: z.int(),
      log: z
        .string()
        .optional()
        .meta({ description: "The name of its log, where several gateways or workers share a store" }),
      time: timeSchema,
      type: z.enum(recordTypes),
      principal: z
        .object({
          kind: z.enum(["agent", "person", "system"]),
          issuer: z.string(),
          subject: z.string(),
          name: z.string(),
          client: z.string().optional().meta({
            description: "The agent's own id, where it acts for somebody and the subject is theirs",
          }),
          person: z.string().optional(),
          actors: z.array(z.string()).optional(),
        })
        .optional(),
      request: z.string().optional(),
      grant: z.string().optional(),
      session: z.string().optional(),
      connection: z.string().optional(),
      operations: z.array(z.string()).optional(),
      policy: z.string().optional(),
      configuration: z.string().optional(),
      detail: z.record(z.string(), z.unknown()),
    })
    .meta({
      description:
        "One record of the audit log. The log's own records of acts (`act.intent`, `act.denied`, `act.outcome`) carry of their context only the number of their session's opening record; `principal`, `request`, `grant`, `session`, `connection`, `operations`, `policy`, `configuration`, and of an intent `detail.decision` and `detail.operation` (in the log a place in `operations`, or nothing where there is one), are joined from there. An act that repeats an earlier one of its session (`detail.repeats`, that record's number) gets the other members of `detail.act` from it. What is signed and proved is the line as the log holds it: see AuditProofs.",
    }),
);

/** Logs of which an answer may lack something. */
export const partialSchema = z.array(z.object({ log: z.string(), lacks: z.enum(LACKS), reason: z.string() }));

const recordsSchema = component(
  "AuditRecords",
  z.object({
    records: z.array(recordSchema).meta({
      description: "Newest first: those of a log in its order, and among logs by their time",
    }),
    next_before: z.string().optional().meta({ description: "Ask with before= this for the next page" }),
    last_event_id: z.string().optional().meta({
      description:
        "On the first page: follow the events after it with this as Last-Event-ID. Of a search with filters: those after all that it has looked through",
    }),
    partial: partialSchema.optional().meta({
      description:
        "Logs that could not be searched whole. Their gateway does not answer: the answer may lack `acts` of theirs, or has these with `detail.body_at` (the name of the log that holds the rest) in the place of what they say (`bodies`). Or it may lack the `newest` records, which were not indexed yet",
    }),
    retired: retiredSchema.optional().meta({
      description:
        "Logs that an operator has given up: the answer lacks the same of them as under `partial`, for good",
    }),
    archived: z.object({ records: z.int(), to: timeSchema }).optional().meta({
      description:
        "On the last page: so many older records, the newest of that time, are in the log's archive alone and were not searched",
    }),
  }),
);

const keySchema = component(
  "AuditKey",
  z.object({ key: z.string().meta({ description: "C2SP signed-note verifier key" }) }),
);

const word = z.string().min(1).max(200);
/** A number in a query. */
export const queryNumber = z.string().regex(/^\d{1,15}$/, { error: "is not a number" });
/** Places in several logs. */
export const placesSchema = z.string().max(MAX_PLACES_LENGTH).regex(placesPattern, {
  error: "is not what an earlier answer gave",
});
const moment = z.iso.datetime({ offset: true });

/** What narrows a search of the log. */
export const recordFilterSchema = z.strictObject({
  type: z
    .string()
    .max(1000)
    .optional()
    .refine((text) => text === undefined || readTypes(text) !== undefined, {
      error: `is not a list of record types separated by commas: ${recordTypes.join(", ")}`,
    })
    .meta({ description: "Record types, separated by commas" }),
  log: word.optional().meta({ description: "A log's name: that one alone" }),
  principal: word.optional().meta({ description: "Part of a name, subject or client" }),
  connection: word.optional(),
  operation: word.optional().meta({
    description: "connection/operation, or an operation's name: what asks for it, is granted or done by it",
  }),
  request: word.optional(),
  grant: word.optional(),
  session: word.optional(),
  decision: z.enum(["permit", "deny"]).optional(),
  text: word.optional().meta({ description: "Words found anywhere in the record" }),
  from: moment.optional().meta({ description: "RFC 3339" }),
  to: moment.optional().meta({ description: "RFC 3339" }),
});

const querySchema = recordFilterSchema.extend({
  before: z.union([queryNumber, placesSchema]).optional().meta({
    description:
      "next_before of the page before. A sequence number alone: only records below it, of the log that is named, else of the answering gateway's",
  }),
  limit: queryNumber
    .refine((text) => Number(text) >= 1 && Number(text) <= 1000, { error: "is not 1 to 1000" })
    .optional(),
});

function readTypes(text: string): (typeof recordTypes)[number][] | undefined {
  const types: (typeof recordTypes)[number][] = [];
  for (const name of text.split(",")) {
    const type = recordTypes.find((known) => known === name);
    if (type === undefined) return undefined;
    types.push(type);
  }
  return types;
}

/** The filter of a search as the index takes it. */
export function readFilter(query: z.output<typeof recordFilterSchema>): Omit<LogsQuery, "before" | "limit"> {
  const types = query.type === undefined ? undefined : readTypes(query.type);
  return {
    ...(types === undefined ? {} : { types }),
    ...(query.log === undefined ? {} : { log: query.log }),
    ...(query.principal === undefined ? {} : { principal: query.principal }),
    ...(query.connection === undefined ? {} : { connection: query.connection }),
    ...(query.operation === undefined ? {} : { operation: query.operation }),
    ...(query.request === undefined ? {} : { request: query.request }),
    ...(query.grant === undefined ? {} : { grant: query.grant }),
    ...(query.session === undefined ? {} : { session: query.session }),
    ...(query.decision === undefined ? {} : { decision: query.decision }),
    ...(query.text === undefined ? {} : { text: query.text }),
    ...(query.from === undefined ? {} : { from: Date.parse(query.from) }),
    ...(query.to === undefined ? {} : { to: Date.parse(query.to) }),
  };
}

/** All logs; of a gateway whose store is its own, that one. */
export const logsOf = ({ logs, reader }: Pick<ApiServices, "logs" | "reader">): AuditLogs =>
  logs ?? oneLog(reader);

/** Searches the audit log's index. */
export const searchRecords = endpoint({
  id: "GET /v1/audit/records",
  operationId: "searchRecords",
  summary: "Search the audit logs of all gateways that share the store, newest first",
  query: querySchema,
  answers: { 200: { description: "The records", schema: recordsSchema } },
  async handle({ services, query }) {
    const asked: LogsQuery = {
      ...readFilter(query),
      ...(query.before === undefined ? {} : { before: query.before }),
      limit: Number(query.limit ?? 100),
    };
    const { records, next, archived, partial, retired, after } = await logsOf(services).search(asked);
    const mayBeThere = asked.from === undefined || asked.from <= Date.parse(archived?.to ?? "");
    return {
      status: 200,
      body: {
        records,
        ...(next === undefined ? {} : { next_before: next }),
        ...(next === undefined && archived !== undefined && mayBeThere ? { archived } : {}),
        ...(partial.length === 0 ? {} : { partial: [...partial] }),
        ...retiredIn(retired),
        ...(after === undefined ? {} : { last_event_id: after }),
      },
    };
  },
});

/** The newest signed head of the log. */
export const getCheckpoint = endpoint({
  id: "GET /v1/audit/checkpoint",
  operationId: "getCheckpoint",
  summary: "The newest signed checkpoint of the log (C2SP tlog-checkpoint)",
  answers: {
    200: { description: "A signed note", schema: z.string(), mediaType: "text/plain; charset=utf-8" },
  },
  handle: async ({ services }) => ({ status: 200, body: await services.reader.checkpoint() }),
});

/** The public key with which checkpoints verify. */
export const getAuditKey = endpoint({
  id: "GET /v1/audit/key",
  operationId: "getAuditKey",
  summary: "The public key that checkpoints verify with; note it down outside the gateway",
  answers: { 200: { description: "The key", schema: keySchema } },
  handle: ({ services }) => ({ status: 200, body: { key: services.reader.verifierKey } }),
});
