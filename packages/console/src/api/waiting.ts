import type { InboxItem } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { inboxQuery } from "./queries.ts";
import { useRoles } from "./session.ts";

const none: readonly InboxItem[] = [];

/** The requests that wait for whoever is signed in to decide; none for whoever is no reviewer, or until they are known. */
export function useWaiting(): readonly InboxItem[] {
  return useKnownWaiting() ?? none;
}

/** The same; undefined until the gateway has said which they are. */
export function useKnownWaiting(): readonly InboxItem[] | undefined {
  const isReviewer = useRoles().includes("reviewer");
  const { data } = useQuery({ ...inboxQuery, enabled: isReviewer });
  return data?.waiting.filter((item) => item.may_decide);
}
