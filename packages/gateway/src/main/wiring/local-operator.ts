import { hostname, userInfo } from "node:os";
import type { Actor } from "../../grants/grants.ts";

/**
 * Whoever starts the gateway's process, as an operator. The machine says who that is, and not the provider: so records
 * name the issuer `machine`.
 */
export function localOperator(): Actor {
  const name = userInfo().username;
  return {
    kind: "person",
    issuer: "machine",
    subject: `${name}@${hostname()}`,
    client: "mayflyd",
    name,
    groups: [],
    actors: [],
    roles: ["operator"],
  };
}
