import type { Session } from "@mayfly/sdk/browser";
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { mayfly, setCsrf } from "./client.ts";

/** The session, and when this page read it, milliseconds since the epoch. */
export type ReadSession = Session & { readonly read_at: number };

/** Who is signed in here. Not asked again by itself: that would keep an idle session alive. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<ReadSession> => {
    const session = await mayfly.session();
    setCsrf(session.csrf);
    return { ...session, read_at: Date.now() };
  },
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
  retry: false,
});

/** The session; every page inside the shell has one. */
export function useSession(): ReadSession {
  return useSuspenseQuery(sessionQuery).data;
}

/** The roles of whoever is signed in. */
export function useRoles(): readonly string[] {
  return useSession().me.roles;
}
