import { useMutation } from "@tanstack/react-query";
import { mayfly } from "../api/client.ts";
import { problemOf } from "../api/problems.ts";
import { toast } from "../components/toast.tsx";

/** Signs out here, and at the provider where it offers that. */
export function useSignOut(): { readonly signOut: () => void; readonly busy: boolean } {
  const mutation = useMutation({
    mutationFn: () => mayfly.signOut(),
    onSuccess({ provider_sign_out: provider }) {
      // Another document, not another page: nothing that was on the screen stays in memory.
      location.assign(provider ?? "/sign-in?problem=signed_out");
    },
    onError: (error) => toast("You are still signed in", "bad", problemOf(error).text),
  });
  return { signOut: () => mutation.mutate(), busy: mutation.isPending };
}
