import { MayflyError } from "../../kernel/errors.ts";

/** Every way a sign-in can fail; `/sign-in?problem=CODE` names it, and the console has words for each. */
export const signInProblems = {
  provider_away: "the identity provider cannot be reached",
  refused: "the identity provider refused the sign-in",
  expired: "this sign-in is over: it took longer than ten minutes, or was used before",
  other_browser: "this sign-in was begun in another browser",
  not_verified: "what came back from the identity provider could not be verified",
  not_fresh: "the identity provider did not ask who you are again",
  not_configured: "people cannot sign in this way here",
  too_many: "too many sign-ins from this address",
  unavailable: "Mayfly cannot sign anybody in now",
  not_recorded: "the sign-in could not be recorded, so nobody was signed in",
} as const;

export type SignInProblem = keyof typeof signInProblems;

/** Problems that pass by themselves, and that the person who signs in did not cause. */
const passing: readonly SignInProblem[] = ["provider_away", "unavailable", "not_recorded"];

/**
 * A refused sign-in. The message is fixed; `why` is for the record and the operator. It names checks, and repeats nothing
 * that the browser or the provider sent.
 */
export class SignInRefused extends MayflyError {
  override readonly name: string = "SignInRefused";
  readonly problem: SignInProblem;
  /** Which check refused, in a few words, for the operator. */
  readonly why: string;

  constructor(problem: SignInProblem, why: string, cause?: unknown) {
    const status = passing.includes(problem) ? 503 : 401;
    super(problem, signInProblems[problem], {
      status,
      hint: status === 503 ? "try again in a moment; nothing was done" : "sign in again",
      ...(cause === undefined ? {} : { cause }),
    });
    this.problem = problem;
    this.why = why;
  }
}
