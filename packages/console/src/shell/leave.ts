import { safeReturn } from "../pages/sign-in/return.ts";

let leaving = false;

/**
 * Goes to the sign-in page as another document, so that nothing that was on the screen stays in memory; once, however
 * many answers say that the session has ended.
 */
export function leave(problem: "ended" | "idle"): void {
  if (leaving) return;
  leaving = true;
  const back = safeReturn(location.pathname + location.search);
  location.assign(`/sign-in?problem=${problem}&return=${encodeURIComponent(back)}`);
}
