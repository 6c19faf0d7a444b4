import { MayflyError } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { problemOf } from "../../api/problems.ts";
import { Button } from "../../components/button.tsx";
import { spanText } from "../../components/duration.ts";
import { Banner } from "../../components/page.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { withReturn } from "../sign-in/return.ts";

const words: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  digest_mismatch: {
    title: "The request changed while you looked.",
    text: "Nothing was decided. Close this, read it as it is now, and decide again.",
  },
  request_void: {
    title: "The configuration changed since this was asked.",
    text: "The request is void and nobody can approve it any more; it has to be asked again.",
  },
  not_pending: {
    title: "Somebody was faster.",
    text: "This request is decided already; your decision did not count.",
  },
  already_decided: {
    title: "You have decided this before.",
    text: "A person counts once. If more approvals are needed, others have to give them.",
  },
  timed_out: {
    title: "Too late: it waited too long.",
    text: "Nobody decided within the time that the policy gives; it has to be asked again.",
  },
  token_stale: {
    title: "Your groups have to be looked up again.",
    text: "Sign in again, then decide. Nothing was decided.",
  },
  provider_away: {
    title: "Your identity provider can't be reached.",
    text: "Whether you may still decide can't be checked, so nothing was decided. Try again in a moment.",
  },
};

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
  if (error instanceof MayflyError && error.code === "sign_in_again") {
    return (
      <Banner
        tone="info"
        action={
          <span className="row">
            {error.signIn.map((url) => (
              <Button
                key={url}
                variant="primary"
                onClick={() => {
                  leave();
                  location.assign(withReturn(url, path));
                }}
              >
                Sign in again
                {error.signIn.length > 1 && (url.includes("/saml") ? " by SAML" : " by OpenID Connect")}
              </Button>
            ))}
          </span>
        }
      >
        <strong>Prove that it is you.</strong>{" "}
        {error.maxAge === undefined
          ? "Your sign-in is too old for this decision."
          : `Approving this takes a sign-in of the last ${spanText(error.maxAge)}.`}{" "}
        You come back here with what you wrote; nothing was decided yet.
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
