import { queryOptions } from "@tanstack/react-query";
import { mayfly } from "./client.ts";

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
  queryOptions({ queryKey: ["request", id], queryFn: () => mayfly.getRequest(id) });

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

/** Whether everything is locked down. */
export const lockdownQuery = queryOptions({
  queryKey: ["lockdown"],
  queryFn: () => mayfly.lockdown.get(),
  refetchInterval: anyway,
});

/** Browser sessions: one's own, or everyone's. */
export const sessionsQuery = (all: boolean) =>
  queryOptions({ queryKey: ["sessions", { all }], queryFn: () => mayfly.sessions({ all }) });
