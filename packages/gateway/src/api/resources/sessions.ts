import * as z from "zod";
import { isSessionOf } from "../../identity/browser-sessions/principal.ts";
import { component } from "../contract/components.ts";
import { dropCookie, sessionCookie } from "../admission/cookies.ts";
import { endpoint } from "../contract/endpoint.ts";
import { meSchema, meView } from "./me.ts";
import { ApiProblem } from "../contract/problems.ts";
import { displayNameSchema, timeOf, timeSchema } from "../contract/schemas.ts";
import { displayNameView } from "../contract/views.ts";

const method = z.enum(["oidc", "saml"]);

const sessionSchema = component(
  "Session",
  z.object({
    me: meSchema,
    csrf: z
      .string()
      .meta({ description: "What unsafe requests with the session's cookie repeat in x-mayfly-csrf" }),
    method,
    signed_in_at: timeSchema,
    authenticated_at: timeSchema.optional().meta({ description: "When the person last proved who they are" }),
    idle_ends_at: timeSchema.meta({ description: "When it ends if it is not used" }),
    ends_at: timeSchema.meta({ description: "When it ends in any case" }),
  }),
);

const listedSchema = component(
  "BrowserSession",
  z.object({
    id: z.string(),
    person: z.string().meta({ description: "The login" }),
    display_name: displayNameSchema,
    method,
    signed_in_at: timeSchema,
    last_seen_at: timeSchema,
    ends_at: timeSchema,
    address: z.string().meta({ description: "Where it was made from" }),
    browser: z.string().meta({ description: "The browser as it calls itself" }),
    current: z.boolean().meta({ description: "Whether this request came with it" }),
  }),
);

const sessionsSchema = component("BrowserSessions", z.object({ sessions: z.array(listedSchema) }));

const signedOutSchema = component(
  "SignedOut",
  z.object({
    provider_sign_out: z
      .string()
      .optional()
      .meta({ description: "Where the browser ends its session at the provider too" }),
  }),
);

const params = z.object({ id: z.string().regex(/^bs_[0-9a-z]{16}$/) });

const gone = (): ApiProblem =>
  new ApiProblem("not_found", 404, "there is no browser session of that id", "GET /v1/sessions lists them");

/** The browser session that this request came with. */
export const getSession = endpoint({
  id: "GET /v1/session",
  operationId: "session",
  summary: "The browser session that the request's cookie stands for",
  sessionOnly: true,
  answers: { 200: { description: "The session", schema: sessionSchema } },
  handle({ principal, session: current, tokenExpiresAt }) {
    if (current === undefined) throw gone();
    const { session, csrf, idleEndsAt } = current;
    return {
      status: 200,
      body: {
        me: meView(principal, tokenExpiresAt),
        csrf,
        method: session.method,
        signed_in_at: timeOf(session.signedInAt),
        ...(session.authenticatedAt === undefined
          ? {}
          : { authenticated_at: timeOf(session.authenticatedAt) }),
        idle_ends_at: timeOf(idleEndsAt),
        ends_at: timeOf(session.endsAt),
      },
    };
  },
});

/** Signs out. */
export const signOut = endpoint({
  id: "DELETE /v1/session",
  operationId: "signOut",
  summary: "Signs out of this browser",
  sessionOnly: true,
  answers: { 200: { description: "Signed out", schema: signedOutSchema } },
  async handle({ services, session: current }) {
    if (current === undefined) throw gone();
    const { id } = current.session;
    const url = services.people.signOutUrl(id);
    await services.people.end(id, "signed out");
    return {
      status: 200,
      headers: { "set-cookie": dropCookie(sessionCookie) },
      body: url === undefined ? {} : { provider_sign_out: url },
    };
  },
});

/** Browser sessions. */
export const listSessions = endpoint({
  id: "GET /v1/sessions",
  operationId: "sessions",
  summary: "Where you are signed in; for operators, with all=true, where everybody is",
  query: z.strictObject({ all: z.enum(["true", "false"]).optional() }),
  answers: { 200: { description: "Newest first", schema: sessionsSchema } },
  async handle({ services, principal, query, session: current }) {
    const all = query.all === "true";
    if (all && !principal.roles.includes("operator")) {
      throw new ApiProblem("role_required", 403, "all=true is for operators", "leave it out to see your own");
    }
    const sessions = await services.people.sessions(all ? undefined : principal);
    return {
      status: 200,
      body: {
        sessions: sessions.map((session) => ({
          id: session.id,
          person: session.login,
          ...displayNameView(session),
          method: session.method,
          signed_in_at: timeOf(session.signedInAt),
          last_seen_at: timeOf(session.lastSeenAt),
          ends_at: timeOf(session.endsAt),
          address: session.address,
          browser: session.browser,
          current: session.id === current?.session.id,
        })),
      },
    };
  },
});

/** Ends one browser session. */
export const endSession = endpoint({
  id: "DELETE /v1/sessions/{id}",
  operationId: "endSession",
  summary: "Ends one of your browser sessions; for operators, anybody's",
  params,
  answers: { 200: { description: "Ended", schema: signedOutSchema } },
  async handle({ services, principal, params: { id }, session: current }) {
    const session = await services.people.session(id);
    const may =
      session !== undefined && (isSessionOf(session, principal) || principal.roles.includes("operator"));
    // Somebody else's session and none at all look the same.
    if (!may) throw gone();
    const reason = isSessionOf(session, principal) ? "ended by its person" : `ended by ${principal.name}`;
    if (!(await services.people.end(id, reason))) throw gone();
    return {
      status: 200,
      body: {},
      ...(id === current?.session.id ? { headers: { "set-cookie": dropCookie(sessionCookie) } } : {}),
    };
  },
});

/** Signs out everywhere. */
export const endSessions = endpoint({
  id: "DELETE /v1/sessions",
  operationId: "endSessions",
  summary: "Signs you out everywhere, this browser included",
  answers: { 200: { description: "Signed out everywhere", schema: signedOutSchema } },
  async handle({ services, principal }) {
    await services.people.endAll(principal, "signed out everywhere");
    return { status: 200, headers: { "set-cookie": dropCookie(sessionCookie) }, body: {} };
  },
});
