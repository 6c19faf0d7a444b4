/** Why somebody stands at the sign-in page again, in words. */
export interface SignInProblem {
  readonly tone: "bad" | "warn" | "info";
  readonly title: string;
  readonly text: string;
}

const problems: Readonly<Record<string, SignInProblem>> = {
  signed_out: { tone: "info", title: "You are signed out.", text: "This browser's session has ended." },
  ended: {
    tone: "info",
    title: "Your session has ended.",
    text: "It reached its limit, or it was ended elsewhere. Sign in to continue.",
  },
  idle: {
    tone: "info",
    title: "You were away, so you were signed out.",
    text: "This page was idle for a while. Sign in to continue where you were.",
  },
  provider_away: {
    tone: "bad",
    title: "Your identity provider can't be reached.",
    text: "Nothing was done. Try again in a moment; if it happens again, tell your operator.",
  },
  refused: {
    tone: "bad",
    title: "Your identity provider refused the sign-in.",
    text: "You may have cancelled it, or your account is not assigned to Mayfly. Whoever runs your identity provider can tell.",
  },
  expired: {
    tone: "warn",
    title: "This sign-in is over.",
    text: "It took longer than ten minutes, or its link was used before. Start again.",
  },
  other_browser: {
    tone: "bad",
    title: "This sign-in was begun in another browser.",
    text: "If you did not begin it, somebody may have sent you a link to sign you in as themselves. Start again here.",
  },
  not_verified: {
    tone: "bad",
    title: "The answer of your identity provider could not be verified.",
    text: "You were not signed in, and it is recorded. Try once more; if it happens again, tell your operator.",
  },
  not_fresh: {
    tone: "warn",
    title: "Your identity provider did not ask who you are again.",
    text: "This decision needs a fresh sign-in. Sign in again and enter your credentials there.",
  },
  not_configured: {
    tone: "bad",
    title: "People can't sign in this way here.",
    text: "Choose a way that is offered below.",
  },
  too_many: {
    tone: "warn",
    title: "Too many sign-ins from your address.",
    text: "Wait a minute, then try again.",
  },
  unavailable: {
    tone: "bad",
    title: "Sign-in is unavailable right now.",
    text: "Mayfly could not finish the sign-in. Try again in a moment; if it happens again, tell your operator.",
  },
  not_recorded: {
    tone: "bad",
    title: "Mayfly could not record the sign-in, so nobody was signed in.",
    text: "Its audit log takes no records now. Tell your operator, and try again later.",
  },
};

/** The words for a `problem` of the sign-in page's address. Anybody can write one: unknown ones are not repeated. */
export function signInProblem(code: string): SignInProblem {
  return (
    (Object.hasOwn(problems, code) ? problems[code] : undefined) ?? {
      tone: "bad",
      title: "The sign-in did not work.",
      text: "Try again; if it happens again, tell your operator.",
    }
  );
}
