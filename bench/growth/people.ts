import type { Actor } from "../../packages/gateway/src/grants/grants.ts";
import type { Requester } from "../../packages/gateway/src/grants/types.ts";

/** A person who may read everything, of the same provider. */
export function auditorOf(requester: Requester): Actor {
  const subject = "auditor@example.com";
  return { ...requester, kind: "person", subject, name: subject, roles: ["auditor", "operator", "reviewer"] };
}
