import { denialOf } from "../../../gate/hints.ts";
import type { Denial, Fault } from "../../../gate/protocol.ts";
import type { Compiled } from "./compile.ts";
import { beyond } from "./cover.ts";
import { GuardDenied } from "./denied.ts";

/** What was thrown while a text was judged, as its denial. @param covers what the scopes cover, in words */
export function deny(error: unknown, scopes: readonly Compiled[], covers: string, sql = ""): Denial {
  const refusal = error instanceof GuardDenied ? error : beyond(error);
  const name = refusal.operation ?? scopes.map((scope) => scope.name).join(", ");
  const { rule, message, remedy, advice } = refusal;
  const fault = faultOf(refusal, sql);
  const connection = scopes[0]?.name.split("/")[0] ?? "CONNECTION";
  return denialOf({ rule: `${name}: ${rule}`, message, remedy, advice, covers, connection, fault });
}

/** How PostgreSQL says it; it counts places in characters, from 1. */
function faultOf({ fault, place }: GuardDenied, sql: string): Fault | undefined {
  if (fault === undefined || fault.position !== undefined || place === undefined) return fault;
  return { ...fault, position: Array.from(Buffer.from(sql).toString("utf8", 0, place)).length + 1 };
}
