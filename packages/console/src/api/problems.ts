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
  bad_answer: "Unexpected answer",
  not_found: "Not found",
  role_required: "Your roles don't allow this",
  not_signed_in: "You are not signed in",
  csrf: "This page is out of date",
  too_many_requests: "Too many requests at once",
  digest_mismatch: "The request changed",
  not_pending: "This request has already been decided",
  timed_out: "Too late: it timed out",
  locked_down: "Everything is locked down",
};

/** What happened and what to do about it. Anything that is no error of ours is told as a fault of the console. */
export function problemOf(error: unknown): ProblemText {
  if (error instanceof MayflyError) {
    return {
      code: error.code,
      title: titles[error.code] ?? "That didn't work",
      text: sentence(error.message),
      ...(error.hint === undefined ? {} : { hint: sentence(error.hint) }),
    };
  }
  const text = error instanceof Error ? error.message : String(error);
  // A page's files did not come: the line is down, or another version of the console is served now. The browsers' and
  // Vite's words for it say nothing to whoever reads them.
  if (/dynamically imported module|preload CSS|importing a module script|module script failed/i.test(text)) {
    return {
      code: "not_loaded",
      title: "This page could not load",
      text: "Check your connection.",
      hint: "Then load the page again: Mayfly may have been updated meanwhile.",
    };
  }
  return {
    code: "console_fault",
    title: "Something went wrong on this page",
    text: sentence(text),
    hint: "Reload the page. If it happens again, tell your operator.",
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
