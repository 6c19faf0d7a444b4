import type { Offer } from "../../grants/grants.ts";
import type { Grant } from "../../grants/types.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { isOwn } from "../views.ts";
import type { ToolCall } from "./tool.ts";

/** How many operations an error names. */
const most = 8;

/** The tools that use a grant, by the protocol of its connection. */
export function toolsFor(protocol: string | undefined, connection: string, url: string): string {
  if (protocol === "postgres") return "run_sql";
  if (protocol === "http") return "http_request";
  if (protocol === "kubernetes") return "kubernetes_get, kubernetes_logs, kubernetes_exec";
  return protocol === "mcp"
    ? `the MCP server at ${url}/mcp/${connection}, with the same bearer`
    : "the protocol's own client: mayfly run";
}

/** The protocol of a connection. */
export function protocolOf(call: ToolCall, connection: string): string | undefined {
  return call.services.connections().find(({ name }) => name === connection)?.protocol;
}

/** What has to happen before an operation is granted, in words. */
export function howToGet({ outlook, breakGlass }: Offer): string {
  const { terms } = outlook;
  const emergency =
    breakGlass?.terms === undefined
      ? ""
      : "; in an emergency with break_glass at once, and everybody hears of it";
  if (terms === undefined || !outlook.requestable)
    return `not requestable now (${outlook.reasons.join("; ").slice(0, 300)})${emergency}`;
  const { approval } = terms;
  const upTo = `up to ${formatDuration(terms.maxTtl)}`;
  const when =
    outlook.conditions.length === 0 ? "" : `; only when ${outlook.conditions.join(" and ").slice(0, 300)}`;
  if (approval === undefined) return `granted at once, ${upTo}${when}${emergency}`;
  const who = approval.count === 1 ? "a person" : `${approval.count} people`;
  return `${who} of ${approval.by.join(", ")} must approve, ${upTo}${when}${emergency}`;
}

/** What could be asked for on a connection, beside what a grant has already. */
export function alternatives(call: ToolCall, connection: string, has: readonly string[] = []): string {
  const offers = call.services.grants
    .offers(call.principal, call.address)
    .filter((offer) => offer.connection === connection && !has.includes(offer.operation));
  if (offers.length === 0)
    return has.length > 0
      ? "there is nothing more that you may request on this connection"
      : "there is nothing that you may request on this connection: list_operations shows what there is";
  const lines = offers
    .slice(0, most)
    .map((offer) => `${connection}/${offer.operation} (${offer.description}): ${howToGet(offer)}`);
  const more = offers.length > most ? ` … and ${offers.length - most} more: list_operations` : "";
  return `call request_access with connection "${connection}" and one of: ${lines.join(" | ")}${more}`;
}

/** An error that says how to ask for what was missing. */
export function notGranted(
  call: ToolCall,
  connection: string,
  message: string,
  has: readonly string[] = [],
): MayflyError {
  return new MayflyError("not_granted", message, { status: 403, hint: alternatives(call, connection, has) });
}

/**
 * The caller's own active grant: the one that is named, or the newest on the connection.
 * @throws MayflyError not_granted, which says what to ask for
 */
export async function activeGrant(
  call: ToolCall,
  by: { readonly connection: string; readonly grant?: string | undefined },
): Promise<Grant> {
  const { services, principal } = call;
  const live = services.grants.liveOf(principal, by.connection);
  const found = by.grant === undefined ? live[0] : live.find(({ grant }) => grant.id === by.grant);
  if (found !== undefined) return found.grant;
  if (by.grant === undefined)
    throw notGranted(call, by.connection, `you have no active grant on ${by.connection}`);
  const known = await services.grants.grant(principal, by.grant);
  if (!isOwn(known.requester, principal) || known.connection !== by.connection)
    throw notGranted(call, by.connection, `${by.grant} is no grant of yours on ${by.connection}`);
  throw notGranted(
    call,
    by.connection,
    `grant ${by.grant} is ${known.state}: ${known.endReason ?? "it has ended"}`,
  );
}

/** A grant's `connection/operation` names. */
export function namesOf(grant: Pick<Grant, "connection" | "operations">): readonly string[] {
  return grant.operations.map((operation) => `${grant.connection}/${operation}`);
}
