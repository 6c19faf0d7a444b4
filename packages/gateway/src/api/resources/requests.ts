import { placeOf } from "../../kernel/known-paths.ts";
import * as z from "zod";
import type { AccessRequest } from "../../grants/types.ts";
import { parseDuration } from "../../kernel/durations.ts";
import { component } from "../contract/components.ts";
import { type EndpointResponse, type Call, endpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { durationSchema, pageLimit, requestSchema, requestStateSchema } from "../contract/schemas.ts";
import { grantView, isOwn, ownRequestView, requestView } from "../contract/views.ts";
import { askSchema, leaseOf } from "./ask.ts";

/** The longest that one long poll is held. */
const longestWait = 60_000;

export const requestIdSchema = z.strictObject({ id: z.string().regex(/^req_[0-9a-z]{16}$/) });

const requestsSchema = component(
  "Requests",
  z.object({
    requests: z.array(requestSchema),
    next_before: z.string().optional().meta({
      description:
        "Where older ones may follow, also behind a short or empty list: ask again with before= this id. The list is over without it",
    }),
  }),
);

/** Asks for access. */
export const createRequest = endpoint({
  id: "POST /v1/requests",
  operationId: "createRequest",
  summary: "Ask for operations on a connection",
  description:
    "201: a grant is active, and `grant.access` carries the ways in with the secret, this once. 202: a person must " +
    "approve; poll GET /v1/requests/{id}?wait=30s, then POST /v1/grants/{id}/secret. 403: denied, with the reasons. " +
    "The same Idempotency-Key with the same body gives the first request again.",
  headers: z.object({
    "idempotency-key": z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/)
      .optional(),
    traceparent: z.string().optional().meta({
      description:
        "The span that asks (W3C Trace Context): the request's trace is a part of its trace. What is malformed is ignored",
    }),
  }),
  body: askSchema,
  introspect: true,
  answers: {
    201: { description: "A grant is active", schema: requestSchema },
    202: { description: "Waiting for approval", schema: requestSchema },
  },
  async handle(call): Promise<EndpointResponse> {
    const { services, principal, body, headers } = call;
    const key = headers["idempotency-key"];
    const ttl = body.ttl === undefined ? undefined : parseDuration(body.ttl);
    const lease = leaseOf(body.lease);
    const request = await services.grants.request(principal, {
      connection: body.connection,
      operations: body.operations,
      reason: body.reason,
      ...(ttl === undefined ? {} : { ttl }),
      ...(body.break_glass === true ? { breakGlass: true } : {}),
      ...(lease === undefined ? {} : { lease }),
      ...(body.sandbox === true ? { sandbox: true } : {}),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(headers.traceparent === undefined ? {} : { traceparent: headers.traceparent }),
      clientAddress: call.address,
      ...(call.verified.key === undefined ? {} : { key: call.verified.key }),
    });
    if (request.state === "denied") {
      throw new ApiProblem(
        "denied",
        403,
        `the request for ${body.operations.map((name) => `${body.connection}/${name}`).join(", ")} is denied`,
        "GET /v1/operations (mayfly operations) lists what you may request, for how long and on which conditions",
        { members: { request: request.id, reasons: [...request.reasons] } },
      );
    }
    const headersOut = { location: `/v1/requests/${request.id}` };
    if (request.grant === undefined) {
      return {
        status: request.state === "pending" ? 202 : 201,
        headers: headersOut,
        body: requestView(services, principal, request),
      };
    }
    const secret = await services.grants.collectSecret(
      principal,
      request.grant,
      placeOf(call.address, call.verified.key),
      body.sandbox,
    );
    const grant = await services.grants.grant(principal, request.grant);
    const access = grant.state === "active" ? services.access(grant, secret) : undefined;
    return {
      status: 201,
      headers: headersOut,
      body: requestView(services, principal, request, grantView(grant, access)),
    };
  },
});

/** Lists requests. */
export const listRequests = endpoint({
  id: "GET /v1/requests",
  operationId: "listRequests",
  summary: "Your requests, newest first; with all=true everyone's, for reviewers, operators and auditors",
  query: z.strictObject({
    state: requestStateSchema.optional(),
    all: z.enum(["true", "false"]).optional(),
    decided: z
      .enum(["true", "false"])
      .optional()
      .meta({ description: "With all=true: only those that you have approved or refused" }),
    emergencies: z.enum(["any", "unreviewed", "reviewed"]).optional().meta({
      description:
        "With all=true: only those that took access by breaking glass, or of them those that nobody, or somebody, has reviewed",
    }),
    before: requestIdSchema.shape.id.optional().meta({ description: "Only what is older than this request" }),
    limit: pageLimit,
  }),
  answers: { 200: { description: "The requests", schema: requestsSchema } },
  async handle({ services, principal, query }) {
    const all = query.all === "true";
    if (all && principal.roles.length === 0) {
      throw new ApiProblem(
        "role_required",
        403,
        "everyone's requests are for reviewers, operators and auditors",
        "leave out all=true to see your own",
      );
    }
    const { emergencies } = query;
    if (emergencies !== undefined && !all) {
      throw new ApiProblem(
        "invalid_request",
        400,
        "emergencies are listed of everyone's requests alone",
        "say all=true as well",
      );
    }
    const { requests, next } = await services.grants.requestsPage(principal, {
      all,
      ...(emergencies === undefined ? {} : { emergencies }),
      ...(query.decided === "true" ? { decided: true } : {}),
      limit: Number(query.limit),
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(query.before === undefined ? {} : { before: query.before }),
    });
    return {
      status: 200,
      body: {
        requests: requests.map((request) => requestView(services, principal, request)),
        ...(next === undefined ? {} : { next_before: next }),
      },
    };
  },
});

/** Shows a request, waiting for its decision where asked to. */
export const getRequest = endpoint({
  id: "GET /v1/requests/{id}",
  operationId: "getRequest",
  summary: "One request; with wait=30s answers when it is decided, or after that time",
  params: requestIdSchema,
  query: z.strictObject({
    wait: durationSchema
      .refine((text) => (parseDuration(text) ?? 0) <= longestWait, { error: "is longer than 60s" })
      .optional(),
  }),
  answers: { 200: { description: "The request", schema: requestSchema } },
  async handle(call) {
    const { services, principal, params, query } = call;
    const ms = query.wait === undefined ? 0 : (parseDuration(query.wait) ?? 0);
    const request =
      ms === 0 ? await services.grants.find(principal, params.id) : await poll(call, params.id, ms);
    return { status: 200, body: await ownRequestView(services, principal, request) };
  },
});

/** Holds the answer until the request is decided, the time is up, the client goes or the gateway stops. */
async function poll(call: Call, id: string, ms: number): Promise<AccessRequest> {
  const end = call.startPoll();
  try {
    return await call.services.grants.wait(call.principal, id, ms, call.signal);
  } catch (thrown) {
    if (!call.signal.aborted) throw thrown;
    return await call.services.grants.find(call.principal, id);
  } finally {
    end();
  }
}

/** Takes a pending request back. */
export const withdrawRequest = endpoint({
  id: "DELETE /v1/requests/{id}",
  operationId: "withdrawRequest",
  summary: "Withdraw your pending request",
  params: requestIdSchema,
  answers: { 200: { description: "The request, withdrawn", schema: requestSchema } },
  async handle({ services, principal, params }) {
    const found = await services.grants.find(principal, params.id);
    if (!isOwn(found.requester, principal)) {
      throw new ApiProblem(
        "not_yours",
        403,
        `request ${params.id} is somebody else's`,
        "only its requester withdraws a request",
      );
    }
    const withdrawn = await services.grants.withdraw(principal, params.id);
    return { status: 200, body: requestView(services, principal, withdrawn) };
  },
});
