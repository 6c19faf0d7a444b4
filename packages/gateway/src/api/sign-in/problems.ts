import type { SignInProblem } from "../../identity/sign-in/problems.ts";

/**
 * The sign-in page of the console, told what went wrong. The codes are those of identity/sign-in/problems.ts: a fixed
 * list, so that nobody can make the page say what they like.
 */
export function problemPage(problem: SignInProblem, returnTo: string): string {
  const query = new URLSearchParams({ problem });
  if (returnTo !== "/") query.set("return", returnTo);
  return `/sign-in?${query.toString()}`;
}
