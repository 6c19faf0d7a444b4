import * as z from "zod";
import type { FoundRecords, LoggedRecord, PartialLog } from "../../audit/logs/port.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { approvalRuleSchema, pastGrantSchema, timeSchema } from "../contract/schemas.ts";
import { approvalRuleView, pastGrantView } from "../contract/views.ts";
import type { ShadowPlan } from "../../grants/types.ts";
import type { ApiServices } from "../services.ts";
import { logsOf, partialSchema } from "./audit/audit.ts";
import { retiredIn, retiredSchema } from "./audit/retired.ts";
import { requestIdSchema } from "./requests.ts";

/** How many denied acts of one grant, and of all together, are shown. */
const MAX_DENIALS_A_GRANT = 10;
const MAX_DENIALS = 30;

/** An act that was denied. */
export const deniedActSchema = component(
  "DeniedAct",
  z.object({
    seq: z.int().meta({ description: "The record's number in the audit log" }),
    log: z.string().optional().meta({ description: "The log's name, where several gateways share a store" }),
    at: timeSchema,
    grant: z.string(),
    connection: z.string(),
    act: z
      .record(z.string(), z.unknown())
      .meta({ description: "The act as the record has it: sql, or method and path, argv, tool" }),
    rule: z.string().optional().meta({ description: "Which rule refused it" }),
    message: z.string().optional().meta({ description: "What was refused and why" }),
  }),
);

const count = z.int().optional();

/** How many requests ended in which way; left out: none. */
export const requestCountsSchema = component(
  "RequestCounts",
  z.object({
    pending: count,
    approved: count,
    refused: count,
    withdrawn: count,
    timed_out: count,
    denied: count,
  }),
);

const shadowSchema = component(
  "ShadowPlan",
  z.object({
    decision: z.enum(["permit", "deny"]),
    policies: z.array(z.string()).optional(),
    ttl_seconds: z.number().optional(),
    approval: approvalRuleSchema.optional(),
    reasons: z.array(z.string()),
  }),
);

const backgroundSchema = component(
  "Background",
  z.object({
    first_time: z.array(z.string()).meta({
      description: "connection/operation: what the requester had not asked for in its earlier requests",
    }),
    earlier: requestCountsSchema.meta({
      description: "Earlier requests for any of these operations, by what became of them",
    }),
    looked_at: z.int().meta({ description: "How many earlier requests were looked at" }),
    more: z.boolean().meta({ description: "Whether there are older ones, which were not" }),
    taken: pastGrantSchema.optional().meta({
      description: "Of an emergency: the grant as it stands now, and how much was done with it",
    }),
    denials: z.array(deniedActSchema).optional().meta({
      description:
        "What was denied under its last grants, newest first: on the request's own connection for whoever may decide it, on all for operators and auditors; left out for reviewers who may not decide the request now",
    }),
    shadow: shadowSchema.optional().meta({
      description: "What policies in shadow would have made of it; absent: none is about it",
    }),
    partial: partialSchema.optional().meta({ description: "Logs of which denials may lack something" }),
    retired: retiredSchema.optional().meta({ description: "Logs that were given up: of these they do" }),
  }),
);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** A record of a denied act, as the API shows it. */
export function deniedActView(record: LoggedRecord): z.input<typeof deniedActSchema> {
  const { act } = record.detail;
  const rule = textIn(record.detail["rule"]);
  const message = textIn(record.detail["message"]);
  return {
    seq: record.seq,
    ...(record.log === undefined ? {} : { log: record.log }),
    at: record.time,
    grant: record.grant ?? "",
    connection: record.connection ?? "",
    act: isObject(act) ? { ...act } : {},
    ...(rule === undefined ? {} : { rule }),
    ...(message === undefined ? {} : { message }),
  };
}

/** What policies in shadow would have made of a request, as the API shows it. */
function shadowView({
  decision,
  policies,
  ttl,
  approval,
  reasons,
}: ShadowPlan): z.input<typeof shadowSchema> {
  return {
    decision,
    ...(policies === undefined ? {} : { policies: [...policies] }),
    ...(ttl === undefined ? {} : { ttl_seconds: ttl / 1000 }),
    ...(approval === undefined ? {} : { approval: approvalRuleView(approval) }),
    reasons: [...reasons],
  };
}

/** What was denied under some grants, and what may be missing of it. */
export interface Denials {
  readonly denials: z.input<typeof deniedActSchema>[];
  /** Left out: nothing is. */
  readonly partial?: PartialLog[];
  /** Of logs that were given up. Left out: nothing is. */
  readonly retired?: z.input<typeof retiredSchema>;
}

/** What was denied under these grants, newest first. */
export async function denialsOf(services: ApiServices, grants: readonly string[]): Promise<Denials> {
  const logs = logsOf(services);
  const found: FoundRecords[] = [];
  // One after another: all at once, the searches of one page would take every place there is for waiting on other gateways.
  for (const grant of grants)
    found.push(await logs.search({ grant, types: ["act.denied"], limit: MAX_DENIALS_A_GRANT }));
  const denials = found
    .flatMap(({ records }) => records)
    .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time) || b.seq - a.seq)
    .slice(0, MAX_DENIALS)
    .map(deniedActView);
  const lacking = new Map(
    found.flatMap(({ partial }) => partial).map((one) => [`${one.log} ${one.lacks}`, one]),
  );
  const gone = new Map(
    found.flatMap(({ retired = [] }) => retired).map((one) => [`${one.log} ${one.lacks}`, one]),
  );
  return {
    denials,
    ...(lacking.size === 0 ? {} : { partial: [...lacking.values()] }),
    ...retiredIn([...gone.values()]),
  };
}

/** What a reviewer wants to know beside the request. */
export const getBackground = endpoint({
  id: "GET /v1/requests/{id}/background",
  operationId: "requestBackground",
  summary: "What the requester asked for before, and what it tried in vain",
  description: "Beside what a decision is bound to: as it is now, not as it was at the ask.",
  params: requestIdSchema,
  answers: { 200: { description: "The background", schema: backgroundSchema } },
  async handle({ services, principal, params }) {
    const found = await services.grants.background(principal, params.id);
    const { request, readableGrants, taken } = found;
    const tried = request.sheet.history.filter(
      ({ grant, denied }) => denied !== 0 && readableGrants?.includes(grant) === true,
    );
    const denied =
      readableGrants === undefined
        ? {}
        : await denialsOf(
            services,
            tried.map(({ grant }) => grant),
          );
    return {
      status: 200,
      body: {
        first_time: found.firstTime.map((name) => `${request.connection}/${name}`),
        earlier: found.earlier,
        looked_at: found.lookedAt,
        more: found.more,
        ...(taken === undefined ? {} : { taken: pastGrantView(taken) }),
        ...(request.sheet.shadow === undefined ? {} : { shadow: shadowView(request.sheet.shadow) }),
        ...denied,
      },
    };
  },
});
