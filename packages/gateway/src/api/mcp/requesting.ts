import * as z from "zod";
import type { AccessRequest } from "../../grants/types.ts";
import { parseDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { durationSchema, timeOf } from "../contract/schemas.ts";
import { operationNames, reasonText } from "../contract/texts.ts";
import { isOwn } from "../contract/views.ts";
import { connectionInput } from "../../gate/tools/inputs.ts";
import { namesOf, type Tool, type ToolResult } from "../../gate/tools/tool.ts";
import { held, howToGet, nextWith, usageOf, useOf } from "./asking.ts";
import { type OwnToolCall, ownTool } from "./own-tool.ts";

/** How long one call waits for people: clients of MCP give up after 60 s. */
const MAX_WAIT_MS = 50_000;

const requestId = z
  .string()
  .regex(/^req_[0-9a-z]{16}$/)
  .describe("The request's id, as request_access gave it");

/** Lists what may be requested. */
export const listOperations: Tool<OwnToolCall> = ownTool({
  name: "list_operations",
  title: "List what you may request",
  description:
    "Lists the operations that you may request access to: what each covers, how it is granted (at once, or after a person approves), " +
    "and which tool uses it. Start here. With no active grant you can reach nothing; ask for the narrowest operation that does the task.",
  input: z.strictObject({
    connection: connectionInput.optional(),
    offset: z.int().min(0).max(100_000).default(0).describe("Skip so many: next_offset of the last answer"),
    limit: z.int().min(1).max(50).default(20),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ connection, offset, limit }, call) {
    const { services, principal, address } = call;
    const all = services.grants
      .offers(principal, address)
      .filter((offer) => connection === undefined || offer.connection === connection);
    const operations = all.slice(offset, offset + limit).map((offer) => {
      const holding = held(call, offer.connection).find((grant) =>
        grant.operations.includes(offer.operation),
      );
      return {
        operation: `${offer.connection}/${offer.operation}`,
        description: offer.description,
        risk: offer.risk,
        covers: offer.scope.slice(0, 20).map((line) => line.slice(0, 300)),
        how: howToGet(offer),
        use: usageOf(call, offer.connection),
        ...(holding === undefined ? {} : { active_grant: holding.id }),
      };
    });
    const next = offset + operations.length;
    return {
      operations,
      total: all.length,
      ...(next < all.length ? { next_offset: next } : {}),
      ...(services.grants.locked === undefined
        ? {}
        : { locked_down: "nothing is granted until an operator lifts it" }),
    };
  },
});

/** Asks for access. */
export const requestAccess: Tool<OwnToolCall> = ownTool({
  name: "request_access",
  title: "Request access",
  description:
    "Asks for one or more operations on one connection. Answers at once: state approved means that a grant is active and the tools work now; " +
    "pending means that a person must approve (call wait_for_access). The reason is read by the people who approve and stays in the audit log: " +
    "say what the task is and name its ticket. A grant ends by itself; release it when the task is done.",
  input: z.strictObject({
    connection: connectionInput,
    operations: operationNames.describe(
      'Names of operations on that connection, for example ["read-orders"]',
    ),
    reason: reasonText.describe("Why you need it, for a person to read"),
    ttl: durationSchema.optional().describe("For how long, for example 5m; left out: the policy's default"),
    break_glass: z
      .boolean()
      .optional()
      .describe("Only in an emergency that cannot wait for a person: everybody hears of it"),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run(input, call) {
    const { services, bearer, address } = call;
    // What opens access asks the provider about the token too, as POST /v1/requests does.
    const { principal, key } = await services.identity.verify(bearer, { introspect: true });
    const ttl = input.ttl === undefined ? undefined : parseDuration(input.ttl);
    const prefix = `${input.connection}/`;
    const request = await services.grants.request(principal, {
      connection: input.connection,
      // Listed as connection/operation, and taken in that form too.
      operations: input.operations.map((name) =>
        name.startsWith(prefix) ? name.slice(prefix.length) : name,
      ),
      reason: input.reason,
      ...(ttl === undefined ? {} : { ttl }),
      ...(input.break_glass === true ? { breakGlass: true } : {}),
      clientAddress: address,
      ...(key === undefined ? {} : { key }),
    });
    if (request.state === "denied")
      throw new MayflyError("denied", `denied: ${request.reasons.join("; ").slice(0, 2000)}`, {
        status: 403,
        hint: "list_operations shows what you may request, for how long and on which conditions",
      });
    return requestResult({ ...call, principal }, request);
  },
});

/** Waits for people. */
export const waitForAccess: Tool<OwnToolCall> = ownTool({
  name: "wait_for_access",
  title: "Wait for approval",
  description:
    "Waits up to 50 seconds until a pending request is decided, and answers with its state. While it is still pending, call it again; " +
    "it may take minutes, so tell your user who has to approve.",
  input: z.strictObject({
    request: requestId,
    seconds: z.int().min(0).max(50).default(50).describe("How long to wait at most"),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ request: id, seconds }, call) {
    const { services, principal, signal } = call;
    // Whose it is stands before the wait: a reviewer's view of others' requests is the API's to give.
    const found = await services.grants.find(principal, id);
    if (!isOwn(found.requester, principal)) throw notYours(id);
    if (seconds === 0) return requestResult(call, found);
    const end = call.startPoll();
    try {
      return await requestResult(
        call,
        await services.grants.wait(principal, id, Math.min(seconds * 1000, MAX_WAIT_MS), signal),
      );
    } finally {
      end();
    }
  },
});

/** Ends one's own grant, or takes a request back. */
export const releaseAccess: Tool<OwnToolCall> = ownTool({
  name: "release_access",
  title: "Release access",
  description:
    "Ends your grant at once (give grant), or withdraws your pending request (give request). Call it as soon as the task is done: " +
    "nothing is reachable afterwards.",
  input: z
    .strictObject({
      grant: z
        .string()
        .regex(/^gr_[0-9a-z]{16}$/)
        .optional(),
      request: requestId.optional(),
    })
    .refine(({ grant, request }) => (grant === undefined) !== (request === undefined), {
      error: "give either grant or request",
    }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ grant, request }, call) {
    const { services, principal } = call;
    if (grant !== undefined) {
      const released = await services.grants.release(principal, grant);
      return { grant: released.id, state: released.state };
    }
    const found = await services.grants.find(principal, request ?? "");
    if (!isOwn(found.requester, principal)) throw notYours(found.id);
    const withdrawn = await services.grants.withdraw(principal, found.id);
    return { request: withdrawn.id, state: withdrawn.state };
  },
});

/** Shows one's own grants. */
export const myGrants: Tool<OwnToolCall> = ownTool({
  name: "my_grants",
  title: "Show your grants",
  description:
    "Lists your active grants with what they cover and how long they last; with ended also those that are over.",
  input: z.strictObject({
    ended: z.boolean().default(false),
    before: z
      .string()
      .regex(/^gr_[0-9a-z]{16}$/)
      .optional()
      .describe("Only older ones: next_before of the last answer"),
    limit: z.int().min(1).max(50).default(20),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ ended, before, limit }, call) {
    const { services, principal } = call;
    const grants = await services.grants.grants(principal, {
      limit,
      ...(ended ? {} : { state: "active" as const }),
      ...(before === undefined ? {} : { before }),
    });
    const last = grants.at(-1);
    return {
      grants: grants.map((grant) => ({
        grant: grant.id,
        operations: namesOf(grant),
        state: grant.state,
        ends_at: timeOf(grant.endsAt),
        ...(grant.state === "active"
          ? {
              seconds_left: secondsLeft(call, grant.endsAt),
              ...useOf(call, grant),
            }
          : { why: grant.endReason ?? grant.state }),
      })),
      ...(grants.length === limit && last !== undefined ? { next_before: last.id } : {}),
    };
  },
});

function notYours(id: string): MayflyError {
  return new MayflyError("not_yours", `request ${id} is somebody else's`, {
    status: 403,
    hint: "ask for access yourself: request_access",
  });
}

function secondsLeft(call: OwnToolCall, endsAt: number): number {
  return Math.max(0, Math.round((endsAt - call.services.clock.wall()) / 1000));
}

/** A request as a model reads it: its state, and what to do next. The grant's secret stays out of a model's sight. */
async function requestResult(call: OwnToolCall, request: AccessRequest): Promise<ToolResult> {
  const { services, principal } = call;
  const facts = { request: request.id, state: request.state, operations: namesOf(request) };
  if (request.state === "pending") {
    const { approval, waitsUntil } = request;
    const who = approval === undefined ? "a person" : `a person of ${approval.by.join(", ")}`;
    return {
      ...facts,
      ...(approval === undefined ? {} : { approval: { by: approval.by, count: approval.count } }),
      ...(waitsUntil === undefined ? {} : { waits_until: timeOf(waitsUntil) }),
      next: `${who} must approve; call wait_for_access with request "${request.id}" until it is decided`,
    };
  }
  if (request.grant === undefined) {
    return {
      ...facts,
      why: [...request.approvals.map(({ comment }) => comment), ...request.reasons].filter(
        (text) => text !== "",
      ),
      next: "no access: ask again with request_access if the reason can be met, or tell your user",
    };
  }
  const grant = await services.grants.grant(principal, request.grant);
  if (grant.state !== "active")
    return { ...facts, grant: { grant: grant.id, state: grant.state, why: grant.endReason ?? "" } };
  return {
    ...facts,
    grant: {
      grant: grant.id,
      operations: namesOf(grant),
      ends_at: timeOf(grant.endsAt),
      seconds_left: secondsLeft(call, grant.endsAt),
    },
    next: nextWith(call, grant),
  };
}
