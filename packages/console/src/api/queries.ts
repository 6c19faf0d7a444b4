import type { WhoseGrants } from "@mayfly/sdk/browser";
import { queryOptions } from "@tanstack/react-query";
import { mayfly } from "./client.ts";
import { MAX_EMERGENCIES } from "./limits.ts";
import { mayBeUsed, mayHaveEnded } from "./look-again.ts";

// What pages ask the gateway, each under the key that events/invalidate.ts knows it by.

/** What must not stay out of date if an event got lost is asked again this often while it is seen, milliseconds. */
const anyway = 30_000;

/** What waits for me. */
export const inboxQuery = queryOptions({
  queryKey: ["inbox"],
  queryFn: () => mayfly.inbox(),
  refetchInterval: anyway,
});

/** One request as it is now. */
export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ["request", id],
    queryFn: () => mayfly.getRequest(id),
    refetchInterval: ({ state }) => mayHaveEnded(state.data) && anyway,
  });

/** What stands behind a request: what its requester asked for before, and tried in vain. */
export const backgroundQuery = (id: string) =>
  queryOptions({
    queryKey: ["request", id, "background"],
    queryFn: () => mayfly.background(id),
    refetchInterval: ({ state }) => mayBeUsed(state.data) && anyway,
  });

/** What the caller has decided, newest first. */
export const decidedQuery = queryOptions({
  queryKey: ["inbox", "decided"],
  queryFn: () => mayfly.requests({ all: true, decided: true, limit: 100 }),
});

/** The newest emergencies that the caller may see: those that nobody, or somebody, has reviewed. */
export const emergenciesQuery = (which: "unreviewed" | "reviewed") =>
  queryOptions({
    queryKey: ["emergencies", which],
    queryFn: () => mayfly.requests({ all: true, emergencies: which, limit: MAX_EMERGENCIES }),
    // A reviewer does not hear of a grant's end.
    refetchInterval: anyway,
  });

/** One agent or person that asks for access. */
export const agentQuery = (who: WhoseGrants) =>
  queryOptions({
    queryKey: ["agent", who.kind, who.issuer, who.subject, who.client],
    queryFn: () => mayfly.agent(who),
  });

/** The newest records of one request's story, at most 1000. */
export const storyQuery = (id: string) =>
  queryOptions({
    queryKey: ["records", { request: id }],
    queryFn: () => mayfly.audit.search({ request: id, limit: 1000 }),
  });

/** Grants in force and what their sessions do. */
export const liveQuery = queryOptions({
  queryKey: ["live"],
  queryFn: () => mayfly.live(),
  refetchInterval: anyway,
});

/** What is live, waits and was denied, in numbers. */
export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: () => mayfly.overview(),
  refetchInterval: anyway,
});

/** The connections as they are configured. */
export const connectionsQuery = queryOptions({
  queryKey: ["connections"],
  queryFn: () => mayfly.connections(),
});

/** What webhooks were told, newest first; for operators. */
export const deliveriesQuery = queryOptions({
  queryKey: ["deliveries"],
  queryFn: () => mayfly.webhooks.deliveries(),
});

/** Whether everything is locked down. */
export const lockdownQuery = queryOptions({
  queryKey: ["lockdown"],
  queryFn: () => mayfly.lockdown.get(),
  refetchInterval: anyway,
});

/** Browser sessions: one's own, or everyone's. */
export const sessionsQuery = (all: boolean) =>
  queryOptions({ queryKey: ["sessions", { all }], queryFn: () => mayfly.sessions({ all }) });
