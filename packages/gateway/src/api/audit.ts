import * as z from "zod";
import type { AuditQuery } from "../audit/index-port.ts";
import { recordTypes } from "../audit/records.ts";
import { component } from "./components.ts";
import { endpoint } from "./endpoint.ts";
import { timeSchema } from "./schemas.ts";

export const recordSchema = component(
  "AuditRecord",
  z.object({
    seq: z.int(),
    time: timeSchema,
    type: z.enum(recordTypes),
    principal: z
      .object({
        kind: z.enum(["agent", "person", "system"]),
        issuer: z.string(),
        subject: z.string(),
        name: z.string(),
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
  }),
);

const recordsSchema = component(
  "AuditRecords",
  z.object({
    records: z.array(recordSchema).meta({ description: "Newest first" }),
    next_before: z.int().optional().meta({ description: "Ask with before= this for the next page" }),
  }),
);

const keySchema = component(
  "AuditKey",
  z.object({ key: z.string().meta({ description: "C2SP signed-note verifier key" }) }),
);

const word = z.string().min(1).max(200);
/** A number in a query. */
export const queryNumber = z.string().regex(/^\d{1,15}$/, { error: "is not a number" });
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
  before: queryNumber.optional().meta({ description: "Only records below this sequence number" }),
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
export function readFilter(query: z.output<typeof recordFilterSchema>): Omit<AuditQuery, "limit"> {
  const types = query.type === undefined ? undefined : readTypes(query.type);
  return {
    ...(types === undefined ? {} : { types }),
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

/** Searches the audit log's index. */
export const searchRecords = endpoint({
  id: "GET /v1/audit/records",
  operationId: "searchRecords",
  summary: "Search the audit log, newest first",
  query: querySchema,
  answers: { 200: { description: "The records", schema: recordsSchema } },
  async handle({ services, query }) {
    const asked: AuditQuery = {
      ...readFilter(query),
      ...(query.before === undefined ? {} : { before: Number(query.before) }),
      limit: Number(query.limit ?? 100),
    };
    const records = await services.reader.search(asked);
    const last = records.at(-1);
    return {
      status: 200,
      body: {
        records,
        ...(last === undefined || records.length < asked.limit || last.seq === 0
          ? {}
          : { next_before: last.seq }),
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
