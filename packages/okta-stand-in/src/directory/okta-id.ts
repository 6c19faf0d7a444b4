import { createHash } from "node:crypto";

/** An id as Okta's look, always the same for one name: a prefix of three characters and 17 more. */
export function oktaId(prefix: string, name: string): string {
  return `${prefix}${createHash("sha256").update(name).digest("hex").slice(0, 17)}`;
}
