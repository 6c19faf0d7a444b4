import { MayflyError, type Request } from "@mayfly/sdk/browser";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { mayfly } from "../../api/client.ts";
import { requestQuery } from "../../api/queries.ts";
import { toast } from "../../components/toast.tsx";
import { visibleText } from "../../components/visible.ts";
import type { Draft } from "./draft.ts";
import { allowedPart, approvedText } from "./words.ts";

/** Answers of the gateway after which the request is not what the screen shows. */
const outdated = new Set([
  "digest_mismatch",
  "not_pending",
  "timed_out",
  "request_void",
  "already_decided",
  "forbidden",
  "own_request",
  "not_found",
]);

/** One decision on its way. */
export interface Decision {
  readonly send: (draft: Draft, digest: string) => void;
  readonly busy: boolean;
  readonly error: unknown;
  readonly reset: () => void;
}

/**
 * Sends a decision about `request`, once however often it is pressed, and brings the screen up to date whatever the
 * answer is. `done` is called with the request as it is after a decision that counted.
 */
export function useDecision(request: Request, done: (after: Request) => void): Decision {
  const queryClient = useQueryClient();
  const sending = useRef(false);
  const mutation = useMutation({
    mutationFn: ({ draft, digest }: { draft: Draft; digest: string }) => {
      const answer = { digest, comment: draft.comment };
      if (draft.decision === "refuse") return mayfly.refuse(request.id, answer);
      const allow = allowedPart(request, new Set(draft.operations), draft.seconds);
      return mayfly.approve(request.id, { ...answer, ...(allow === undefined ? {} : { allow }) });
    },
    onSuccess(after, { draft }) {
      queryClient.setQueryData(requestQuery(request.id).queryKey, after);
      toast(visibleText(draft.decision === "refuse" ? "Refused." : approvedText(after)));
      done(after);
    },
    onError(error) {
      if (error instanceof MayflyError && outdated.has(error.code))
        void queryClient.invalidateQueries({ queryKey: ["request", request.id] });
    },
    onSettled() {
      sending.current = false;
      void queryClient.invalidateQueries({ queryKey: ["inbox"] });
      void queryClient.invalidateQueries({ queryKey: ["records"] });
    },
  });
  return {
    send(draft, digest) {
      // The second click of a double click comes before React has drawn the disabled button.
      if (sending.current) return;
      sending.current = true;
      mutation.mutate({ draft, digest });
    },
    busy: mutation.isPending,
    error: mutation.error,
    reset: mutation.reset,
  };
}
