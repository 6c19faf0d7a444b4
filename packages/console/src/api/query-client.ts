import { MayflyError } from "@mayfly/sdk/browser";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isSignedOut } from "./problems.ts";

/** Whether the same question may well get an answer a moment later. */
export function passes(error: unknown): boolean {
  return error instanceof MayflyError && (error.code === "unreachable" || error.status === 503);
}

/**
 * Makes the cache of what the gateway answered. Events keep it fresh (events/); without them it goes stale after a
 * few seconds. `signedOut` is called when an answer says that the session has ended.
 */
export function createQueryClient(signedOut: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (isSignedOut(error)) signedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (count, error) => passes(error) && count < 3,
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}
