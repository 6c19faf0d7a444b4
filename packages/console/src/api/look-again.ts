import type { Background, Request } from "@mayfly/sdk/browser";

// What a page asks again by itself, because no event tells everybody who looks at it: a reviewer, and whoever took the access
// themselves, do not hear of a grant's end. Pure.

/** Whether access that was taken by breaking glass may have ended since, so that it can be reviewed, or is over. */
export function mayHaveEnded(request: Request | undefined): boolean {
  if (request === undefined || !request.break_glass || request.state !== "approved") return false;
  // Only whoever took it sees the grant itself.
  return request.grant === undefined ? request.may_review === false : request.grant.state === "active";
}

/** Whether more may have been done with the access since. */
export function mayBeUsed(background: Background | undefined): boolean {
  return background?.taken?.state === "active";
}
