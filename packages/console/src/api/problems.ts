import { MayflyError } from "@mayfly/sdk/browser";

/** An error in words for the screen. */
export interface ProblemText {
  readonly code: string;
  readonly title: string;
  readonly text: string;
  readonly hint?: string;
}

const titles: Readonly<Record<string, string>> = {
  unreachable: "Mayfly can't be reached",
  bad_answer: "That was not an answer of Mayfly",
  not_found: "There is nothing here",
  role_required: "This is not for your roles",
  not_signed_in: "You are not signed in",
  csrf: "This page is out of date",
  too_many_requests: "Too many requests at once",
  digest_mismatch: "The request is not the one you saw",
  not_pending: "This request is decided already",
  timed_out: "Too late: it waited too long",
  locked_down: "Everything is locked down",
};

/** What happened and what to do about it. Anything that is no error of ours is told as a fault of the console. */
export function problemOf(error: unknown): ProblemText {
  if (error instanceof MayflyError) {
    return {
      code: error.code,
      title: titles[error.code] ?? "That did not work",
      text: sentence(error.message),
      ...(error.hint === undefined ? {} : { hint: sentence(error.hint) }),
    };
  }
  return {
    code: "console_fault",
    title: "The console made a mistake",
    text: sentence(error instanceof Error ? error.message : String(error)),
    hint: "Load the page again; if it stays, tell whoever runs Mayfly.",
  };
}

/** The gateway's messages are written as parts of a sentence; on a page they stand alone. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Whether an error says that nobody is signed in (any more). */
export function isSignedOut(error: unknown): boolean {
  return error instanceof MayflyError && (error.code === "not_signed_in" || error.code === "token_missing");
}
