import { randomUUID } from "node:crypto";
import type { EventHooks } from "../senders/event-hooks.ts";
import { isHookEligible } from "../events/org-event.ts";
import { notFound, OktaApiError } from "./okta-error.ts";
import { change, get } from "./route.ts";
import type { Route } from "./route.ts";

/** A hook as the API keeps it. */
interface Kept {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
  isVerified: boolean;
}

const shown = (hook: Kept) => ({
  id: hook.id,
  name: hook.name,
  status: "ACTIVE",
  verificationStatus: hook.isVerified ? "VERIFIED" : "UNVERIFIED",
  events: { type: "EVENT_TYPE", items: hook.events },
  channel: {
    type: "HTTP",
    version: "1.0.0",
    config: { uri: hook.url, headers: [], authScheme: { type: "HEADER", key: "Authorization" } },
  },
});

/**
 * `/api/v1/eventHooks`: a hook is made, verified, and from then on sent to.
 * @param ca the CA (PEM) of receivers, besides the public ones
 */
export function eventHookRoutes(hooks: EventHooks, ca: () => string | undefined): readonly Route[] {
  const kept = new Map<string, Kept>();
  const named = (id: string): Kept => {
    const hook = kept.get(id);
    if (hook === undefined) throw notFound(id, "EventHook");
    return hook;
  };
  return [
    get(/^\/api\/v1\/eventHooks$/, "okta.eventHooks.read", () => [...kept.values()].map(shown)),
    change("POST", /^\/api\/v1\/eventHooks$/, "okta.eventHooks.manage", (_, { body }) => {
      const hook = hookIn(body);
      kept.set(hook.id, hook);
      return { status: 200, body: shown(hook) };
    }),
    change(
      "POST",
      /^\/api\/v1\/eventHooks\/([^/]+)\/lifecycle\/verify$/,
      "okta.eventHooks.manage",
      async (_, { params: [id = ""] }) => {
        const hook = named(id);
        if (hook.isVerified) return { status: 200, body: shown(hook) };
        try {
          const { url, secret, events } = hook;
          await hooks.add({ url, secret, events, ca: ca() });
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          throw new OktaApiError(400, "E0000001", `Api validation failed: eventHook: ${why}`);
        }
        hook.isVerified = true;
        return { status: 200, body: shown(hook) };
      },
    ),
    change(
      "DELETE",
      /^\/api\/v1\/eventHooks\/([^/]+)$/,
      "okta.eventHooks.manage",
      (_, { params: [id = ""] }) => {
        hooks.remove(named(id).url);
        kept.delete(id);
        return { status: 204 };
      },
    ),
  ];
}

/** Reads what is posted. @throws OktaApiError (400) */
function hookIn(body: Record<string, unknown>): Kept {
  const { name, events, channel } = body as {
    name?: unknown;
    events?: { items?: unknown };
    channel?: { config?: { uri?: unknown; authScheme?: { type?: unknown; key?: unknown; value?: unknown } } };
  };
  const items = events?.items;
  const { uri, authScheme } = channel?.config ?? {};
  const bad = (what: string): OktaApiError =>
    new OktaApiError(400, "E0000001", `Api validation failed: ${what}`);
  if (typeof name !== "string") throw bad("name");
  if (!Array.isArray(items) || items.length === 0) throw bad("events.items");
  const ineligible = items.map(String).find((type) => !isHookEligible(type));
  if (ineligible !== undefined) throw bad(`events.items: ${ineligible} is not eligible`);
  if (typeof uri !== "string") throw bad("channel.config.uri");
  if (authScheme?.type !== "HEADER" || String(authScheme.key).toLowerCase() !== "authorization")
    throw bad("channel.config.authScheme");
  if (typeof authScheme.value !== "string") throw bad("channel.config.authScheme.value");
  return {
    id: `who${randomUUID().replaceAll("-", "").slice(0, 17)}`,
    name,
    url: uri,
    secret: authScheme.value,
    events: items as string[],
    isVerified: false,
  };
}
