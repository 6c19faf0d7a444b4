import { sameHolder } from "../../grants/approvals/people.ts";
import type { RequesterId } from "../../kernel/requester.ts";
import * as z from "zod";
import type { LiveSession } from "../../gate/live-session.ts";
import { riskiest } from "../../grants/requests/review-sheet.ts";
import type { Grant } from "../../grants/types.ts";
import { type BoundedMap, boundedMap } from "../../kernel/bounded-map.ts";
import type { Principal } from "../../identity/principal.ts";
import { component } from "../contract/components.ts";
import { endpoint } from "../contract/endpoint.ts";
import { grantSchema, timeOf, timeSchema } from "../contract/schemas.ts";
import { reasonText } from "../contract/texts.ts";
import type { ApiServices } from "../services.ts";
import { grantView } from "../contract/views.ts";

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
    grants: z.array(
      z.object({
        grant: grantSchema,
        risk: z.enum(["low", "medium", "high"]).meta({ description: "That of the riskiest operation" }),
        break_glass: z.boolean().meta({ description: "Whether it was asked for as an emergency" }),
        emergency_reason: z
          .string()
          .optional()
          .meta({ description: "Of an emergency: why, as the agent says" }),
        sessions: z.array(liveSessionSchema),
      }),
    ),
    more: z.boolean().meta({ description: "Whether there are more than these: 500 are shown" }),
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

/** What was frozen at a grant's ask, and so never changes. */
interface Asked {
  readonly risk: "low" | "medium" | "high";
  readonly break_glass: boolean;
  readonly emergency_reason?: string;
}

/** As many grants' asks are remembered; a look at what is live then reads those alone that came since the last. */
const MAX_REMEMBERED_ASKS = 2000;
const remembered = new WeakMap<ApiServices, BoundedMap<Asked>>();

/** How risky a grant is, and whether it is an emergency's: as its request says. */
async function askedOf(services: ApiServices, principal: Principal, request: string): Promise<Asked> {
  const asks = remembered.get(services) ?? boundedMap<Asked>(MAX_REMEMBERED_ASKS);
  remembered.set(services, asks);
  const known = asks.get(request);
  if (known !== undefined) return known;
  const { sheet, breakGlass, reason } = await services.grants.find(principal, request);
  const asked: Asked = {
    risk: riskiest(sheet),
    break_glass: breakGlass === true,
    ...(breakGlass === true ? { emergency_reason: reason } : {}),
  };
  asks.set(request, asked);
  return asked;
}

/** As many are shown; `grants` lists no more at once. */
const MAX_SHOWN = 500;

/** The active grants with what was said of them at their ask, newest first. */
export async function activeEntries(
  services: ApiServices,
  principal: Principal,
): Promise<readonly ({ readonly grant: Grant } & Asked)[]> {
  const grants = await services.grants.grants(principal, { all: true, state: "active" });
  return Promise.all(
    grants.map(async (grant) => ({ grant, ...(await askedOf(services, principal, grant.request)) })),
  );
}

/** What is going on. */
export const getLive = endpoint({
  id: "GET /v1/live",
  operationId: "getLive",
  summary: "Every active grant with its sessions on this gateway, and what each is doing now",
  answers: { 200: { description: "The grants, newest first", schema: liveSchema } },
  async handle({ services, principal }) {
    const entries = await activeEntries(services, principal);
    const sessions = Map.groupBy(services.sessions(), ({ grant }) => grant);
    const grants = entries.map(({ grant, ...asked }) => ({
      grant: grantView(grant),
      ...asked,
      sessions: (sessions.get(grant.id) ?? []).map(sessionView),
    }));
    return { status: 200, body: { grants, more: grants.length >= MAX_SHOWN } };
  },
});

const name = z.string().min(1).max(500);

const revocationOfAllSchema = component(
  "RevocationOfAll",
  z.strictObject({
    requester: z
      .strictObject({ kind: z.enum(["agent", "person"]), issuer: name, subject: name, client: name })
      .meta({ description: "Whose grants, as a grant's requester names them" }),
    reason: reasonText,
  }),
);

const revokedSchema = component("Revoked", z.object({ revoked: z.int() }));

/** A list of grants is bounded: what it left out comes with the next look. */
const MAX_LOOKS = 20;

/**
 * Revokes every active grant of one requester, and looks again until there is none: one may have become active
 * in between.
 * @returns how many
 * @throws what the first that failed threw, after all were tried: they have ended all the same
 */
async function revokeAllOf(
  services: ApiServices,
  operator: Principal,
  requester: RequesterId,
  reason: string,
): Promise<number> {
  const revoked = new Set<string>();
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const active = await services.grants.grants(operator, { all: true, state: "active" });
    const theirs = active.filter(
      ({ id, requester: holder }: Grant) => !revoked.has(id) && sameHolder(holder, requester),
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
