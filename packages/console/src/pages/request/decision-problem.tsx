import { MayflyError } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { problemOf } from "../../api/problems.ts";
import { Banner } from "../../components/page.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { type SignInAgain, SignInAgainButton, SignInAgainWords, useSignInAgain } from "./sign-in-again.tsx";

const words: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  digest_mismatch: {
    title: "The request changed while you looked.",
    text: "Nothing was decided. Close this, read it as it is now, and decide again.",
  },
  request_void: {
    title: "The configuration changed since this was asked.",
    text: "This request is void; the agent can ask again.",
  },
  not_pending: {
    title: "Somebody decided it first.",
    text: "Your decision was not counted.",
  },
  already_decided: {
    title: "You already decided this.",
    text: "Each person counts once; others must give the remaining approvals.",
  },
  timed_out: {
    title: "Too late: it timed out.",
    text: "Nobody decided in time; the agent can ask again.",
  },
  token_stale: {
    title: "Your groups need to be checked again.",
    text: "Sign in again, then decide. Nothing was decided.",
  },
  provider_away: {
    title: "Your identity provider can't be reached.",
    text: "Whether you may still decide can't be checked, so nothing was decided. Try again in a moment.",
  },
};

/** The shortest time that a policy can ask for, where the gateway does not say which; seconds. */
const SHORTEST_FRESH_SECONDS = 30;

/** How to sign in again after the gateway asked for it; undefined for every other error. */
function useSignInAgainNow(error: unknown): SignInAgain | undefined {
  const isAsked = error instanceof MayflyError && error.code === "sign_in_again";
  return useSignInAgain(isAsked ? (error.maxAge ?? SHORTEST_FRESH_SECONDS) : undefined, {
    refused: true,
  });
}

/** Why a decision did not count, in words, and what to do about it. `leave` is called before the page is left. */
export function DecisionProblem({
  error,
  path,
  leave,
}: {
  error: unknown;
  path: string;
  leave: () => void;
}): ReactNode {
  const again = useSignInAgainNow(error);
  if (again !== undefined) {
    return (
      <Banner tone="info" action={<SignInAgainButton again={again} path={path} leave={leave} />}>
        <SignInAgainWords seconds={again.seconds} /> What you wrote is kept; nothing was decided yet.
      </Banner>
    );
  }
  const problem = problemOf(error);
  const known = words[problem.code];
  return (
    <Banner tone="bad">
      <strong>{known?.title ?? `${problem.title}.`}</strong>{" "}
      {known?.text ?? (
        <>
          <Untrusted text={problem.text} /> {problem.hint !== undefined && <Untrusted text={problem.hint} />}
        </>
      )}
    </Banner>
  );
}
