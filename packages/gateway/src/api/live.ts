import * as z from "zod";
import type { LiveSession } from "../gate/live.ts";
import type { Grant } from "../grants/types.ts";
import type { Principal } from "../identity/principal.ts";
import { component } from "./components.ts";
import { endpoint } from "./endpoint.ts";
import { grantSchema, readableText, timeOf, timeSchema } from "./schemas.ts";
import type { ApiServices } from "./services.ts";
import { grantView, isOwn } from "./views.ts";

const liveSessionSchema = component(
  "LiveSession",
  z.object({
    id: z.string(),
    protocol: z.string(),
    address: z.string().meta({ description: "The client's" }),
    software: z.string().optional().meta({ description: "What the client calls itself" }),
    opened_at: timeSchema,
    acts: z.int().meta({ description: "Acts that were permitted" }),
    denied: z.int(),
    now: z
      .object({
        text: z.string().meta({ description: "The newest permitted act, shortened" }),
        since: timeSchema.meta({ description: "When it began; for an idle session: when it ended" }),
        state: z.enum(["running", "idle"]),
      })
      .optional()
      .meta({ description: "What the session is doing; absent before its first act" }),
  }),
);

const liveSchema = component(
  "Live",
  z.object({
    grants: z.array(z.object({ grant: grantSchema, sessions: z.array(liveSessionSchema) })),
  }),
);

function sessionView(session: LiveSession): z.input<typeof liveSessionSchema> {
  const { now } = session;
  return {
    id: session.id,
    protocol: session.protocol,
    address: session.address,
    ...(session.software === undefined ? {} : { software: session.software }),
    opened_at: timeOf(session.openedAt),
    acts: session.acts,
    denied: session.denied,
    ...(now === undefined ? {} : { now: { ...now, since: timeOf(now.since) } }),
  };
}

/** What is going on. */
export const getLive = endpoint({
  id: "GET /v1/live",
  operationId: "getLive",
  summary: "Every active grant with its sessions on this gateway, and what each is doing now",
  answers: { 200: { description: "The grants, newest first", schema: liveSchema } },
  async handle({ services, principal }) {
    const grants = await services.grants.grants(principal, { all: true, state: "active" });
    const sessions = Map.groupBy(services.sessions(), ({ grant }) => grant);
    return {
      status: 200,
      body: {
        grants: grants.map((grant) => ({
          grant: grantView(grant),
          sessions: (sessions.get(grant.id) ?? []).map(sessionView),
        })),
      },
    };
  },
});

const name = z.string().min(1).max(500);

const revocationOfAllSchema = component(
  "RevocationOfAll",
  z.strictObject({
    requester: z
      .strictObject({ kind: z.enum(["agent", "person"]), issuer: name, subject: name, client: name })
      .meta({ description: "Whose grants, as a grant's requester names them" }),
    reason: readableText(2000),
  }),
);

const revokedSchema = component("Revoked", z.object({ revoked: z.int() }));

/** A list of grants is bounded: what it left out comes with the next look. */
const mostLooks = 20;

/**
 * Revokes every active grant of one requester, and looks again until there is none: one may have become active
 * in between.
 * @returns how many
 * @throws what the first that failed threw, after all were tried: they have ended all the same
 */
async function revokeAllOf(
  services: ApiServices,
  operator: Principal,
  requester: Pick<Principal, "kind" | "issuer" | "subject" | "client">,
  reason: string,
): Promise<number> {
  const revoked = new Set<string>();
  for (let look = 0; look < mostLooks; look += 1) {
    const active = await services.grants.grants(operator, { all: true, state: "active" });
    const theirs = active.filter(
      ({ id, requester: holder }: Grant) => !revoked.has(id) && isOwn(holder, requester as Principal),
    );
    if (theirs.length === 0) break;
    const done = await Promise.allSettled(
      theirs.map(({ id }) => services.grants.revoke(operator, id, reason)),
    );
    for (const { id } of theirs) revoked.add(id);
    const failed = done.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }
  return revoked.size;
}

/** Ends every grant of one agent, or one person. */
export const revokeGrants = endpoint({
  id: "POST /v1/grants/revoke",
  operationId: "revokeGrants",
  summary: "Revoke every active grant of one agent or person: their sessions are cut at once",
  body: revocationOfAllSchema,
  answers: { 200: { description: "How many were revoked", schema: revokedSchema } },
  handle: async ({ services, principal, body }) => ({
    status: 200,
    body: { revoked: await revokeAllOf(services, principal, body.requester, body.reason) },
  }),
});
