import { placeOf } from "../../kernel/known-paths.ts";
import * as z from "zod";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { grantSchema, pageLimit } from "../contract/schemas.ts";
import { reasonText } from "../contract/texts.ts";
import { grantView, isOwn } from "../contract/views.ts";

const grantIdSchema = z.strictObject({ id: z.string().regex(/^gr_[0-9a-z]{16}$/) });

const grantsSchema = component(
  "Grants",
  z.object({
    grants: z.array(grantSchema),
    next_before: z
      .string()
      .optional()
      .meta({ description: "Where older ones may follow: ask again with before= this id" }),
  }),
);

const leaseSchema = component(
  "Lease",
  z.object({
    seconds_left: z.number().meta({
      description:
        "Until the lease is lost and the grant ends, unless it is renewed again; never past the deadline",
    }),
  }),
);

const revocationSchema = component("Revocation", z.strictObject({ reason: reasonText }));

/** Lists grants. */
export const listGrants = endpoint({
  id: "GET /v1/grants",
  operationId: "listGrants",
  summary: "Your grants, newest first; with all=true everyone's, for operators and auditors",
  query: z.strictObject({
    state: grantSchema.shape.state.optional(),
    all: z.enum(["true", "false"]).optional(),
    before: grantIdSchema.shape.id.optional().meta({ description: "Only what is older than this grant" }),
    limit: pageLimit,
  }),
  answers: { 200: { description: "The grants", schema: grantsSchema } },
  async handle({ services, principal, query }) {
    const all = query.all === "true";
    if (all && !principal.roles.some((role) => role === "operator" || role === "auditor")) {
      throw new ApiProblem(
        "role_required",
        403,
        "everyone's grants are for operators and auditors",
        "leave out all=true to see your own",
      );
    }
    const grants = await services.grants.grants(principal, {
      all,
      limit: Number(query.limit),
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(query.before === undefined ? {} : { before: query.before }),
    });
    const last = grants.at(-1);
    return {
      status: 200,
      body: {
        grants: grants.map((grant) => grantView(grant)),
        ...(grants.length < Number(query.limit) || last === undefined ? {} : { next_before: last.id }),
      },
    };
  },
});

/** Shows a grant. */
export const getGrant = endpoint({
  id: "GET /v1/grants/{id}",
  operationId: "getGrant",
  summary: "One grant; its holder also sees the ways in, without the secret",
  params: grantIdSchema,
  answers: { 200: { description: "The grant", schema: grantSchema } },
  async handle({ services, principal, params }) {
    const grant = await services.grants.grant(principal, params.id);
    const mine = grant.state === "active" && isOwn(grant.requester, principal);
    return { status: 200, body: grantView(grant, mine ? services.access(grant) : undefined) };
  },
});

const sandboxSchema = z.boolean().optional().meta({
  description:
    "It is collected for a command in a sandbox, as whoever collects it says: a grant may be for that alone",
});

/** Gives a grant's secret away, once. A POST, because it changes what is stored: a GET never does. */
export const collectSecret = endpoint({
  id: "POST /v1/grants/{id}/secret",
  operationId: "collectSecret",
  summary: "Collect your active grant's secret, once",
  params: grantIdSchema,
  introspect: true,
  body: z.strictObject({ sandbox: sandboxSchema }).optional(),
  answers: { 200: { description: "The grant with its ways in, the secret in them", schema: grantSchema } },
  async handle({ services, principal, verified, address, params, body }) {
    const from = placeOf(address, verified.key);
    const secret = await services.grants.collectSecret(principal, params.id, from, body?.sandbox);
    const grant = await services.grants.grant(principal, params.id);
    if (secret === undefined) {
      throw new ApiProblem(
        "secret_collected",
        409,
        `the secret of grant ${params.id} was collected before, or the grant has ended`,
        grant.sandbox === true
          ? "a secret is shown once: release the grant and request again"
          : "a secret is shown once: use your access token as the password over TLS, or release the grant and request again",
      );
    }
    return { status: 200, body: grantView(grant, services.access(grant, secret)) };
  },
});

/** Keeps a leased grant alive: the task that holds it is still there. */
export const renewLease = endpoint({
  id: "POST /v1/grants/{id}/lease",
  operationId: "renewLease",
  summary: "Renew the lease of your active grant: it never moves the deadline",
  description:
    "For the principal that the grant is for, or whoever sends `Authorization: Bearer GRANT.SECRET`. Renew three times in " +
    "the lease's period. 409 `grant_ended` says how the grant ended; 409 `no_lease`: it was not asked for with one.",
  params: grantIdSchema,
  body: z.strictObject({}).optional(),
  answers: { 200: { description: "The lease is renewed", schema: leaseSchema } },
  handle: async ({ services, principal, params }) => ({
    status: 200,
    body: { seconds_left: (await services.grants.renewLease(principal, params.id)) / 1000 },
  }),
});

/** Ends one's own grant. */
export const releaseGrant = endpoint({
  id: "DELETE /v1/grants/{id}",
  operationId: "releaseGrant",
  summary: "Release your grant: its sessions are cut, its secret is dead",
  description: "Releasing a grant that has ended changes nothing.",
  params: grantIdSchema,
  answers: { 200: { description: "The grant, ended", schema: grantSchema } },
  handle: async ({ services, principal, params }) => ({
    status: 200,
    body: grantView(await services.grants.release(principal, params.id)),
  }),
});

/** Ends anybody's grant. */
export const revokeGrant = endpoint({
  id: "POST /v1/grants/{id}/revoke",
  operationId: "revokeGrant",
  summary: "Revoke a grant: its sessions are cut at once",
  params: grantIdSchema,
  body: revocationSchema,
  answers: { 200: { description: "The grant, ended", schema: grantSchema } },
  handle: async ({ services, principal, params, body }) => ({
    status: 200,
    body: grantView(await services.grants.revoke(principal, params.id, body.reason)),
  }),
});
