import type { Offer } from "../../grants/grants.ts";
import { closedPathsInWords } from "../../policy/closed-paths.ts";
import { conditionInWords } from "../../policy/condition.ts";
import type { Grant } from "../../grants/types.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { isFrom } from "../../kernel/known-paths.ts";
import { isOwn } from "../contract/views.ts";
import type { OwnToolCall } from "./own-tool.ts";

/** How many operations an error names. */
const MAX_NAMED_OPERATIONS = 8;

/** How a grant on a connection is used, in words. */
export function usageOf({ services }: OwnToolCall, connection: string): string {
  const kind = services.connections().find(({ name }) => name === connection)?.protocol;
  return services.toolbox.usage(kind, connection, services.url);
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
  const { approval, closedPaths } = terms;
  if (terms.sandbox !== undefined)
    return `not with these tools: it takes a command in a sandbox; use mayfly run --sandbox${emergency}`;
  if (terms.lease !== undefined)
    return `not with these tools: it takes a lease, which a running task renews; use mayfly run${emergency}`;
  const from = closedPaths === undefined ? "" : `, from a host with ${closedPathsInWords(closedPaths)}`;
  const upTo = `up to ${formatDuration(terms.maxTtl)}${from}`;
  const when =
    outlook.conditions.length === 0
      ? ""
      : `; only when ${outlook.conditions.map(conditionInWords).join(" and ").slice(0, 300)}`;
  if (approval === undefined) return `granted at once, ${upTo}${when}${emergency}`;
  const who = approval.count === 1 ? "a person" : `${approval.count} people`;
  return `${who} of ${approval.by.join(", ")} must approve, ${upTo}${when}${emergency}`;
}

/** What could be asked for on a connection, beside what a grant has already. */
export function alternatives(call: OwnToolCall, connection: string, has: readonly string[] = []): string {
  const offers = call.services.grants
    .offers(call.principal, call.address)
    // What ends soon covers nearly everything: nobody is led to it.
    .filter(
      ({ connection: on, operation, until }) =>
        on === connection && until === undefined && !has.includes(operation),
    );
  if (offers.length === 0)
    return has.length > 0
      ? "there is nothing more that you may request on this connection"
      : "there is nothing that you may request on this connection: list_operations shows what there is";
  const lines = offers
    .slice(0, MAX_NAMED_OPERATIONS)
    .map((offer) => `${connection}/${offer.operation} (${offer.description}): ${howToGet(offer)}`);
  const more =
    offers.length > MAX_NAMED_OPERATIONS
      ? ` … and ${offers.length - MAX_NAMED_OPERATIONS} more: list_operations`
      : "";
  return `call request_access with connection "${connection}" and one of: ${lines.join(" | ")}${more}`;
}

/** An error that says how to ask for what was missing. */
export function notGranted(
  call: OwnToolCall,
  connection: string,
  message: string,
  has: readonly string[] = [],
): MayflyError {
  return new MayflyError("not_granted", message, { status: 403, hint: alternatives(call, connection, has) });
}

/** The caller's own active grants on a connection that may be used from where they call, with a token, newest first. */
export function held({ services, principal, from }: OwnToolCall, connection: string): readonly Grant[] {
  return services.grants
    .liveOf(principal, connection)
    .map(({ grant }) => grant)
    .filter((grant) => grant.sandbox === undefined && isFrom(grant.from, from));
}

/**
 * The caller's own active grant: the one that is named, or the newest on the connection.
 * @throws MayflyError not_granted, which says what to ask for
 */
export async function activeGrant(
  call: OwnToolCall,
  by: { readonly connection: string; readonly grant?: string | undefined },
): Promise<Grant> {
  const { services, principal } = call;
  const here = held(call, by.connection);
  const found = by.grant === undefined ? here[0] : here.find(({ id }) => id === by.grant);
  if (found !== undefined) return found;
  if (by.grant === undefined)
    throw notGranted(call, by.connection, `you have no active grant on ${by.connection}`);
  const known = await services.grants.grant(principal, by.grant);
  if (!isOwn(known.requester, principal) || known.connection !== by.connection)
    throw notGranted(call, by.connection, `${by.grant} is no grant of yours on ${by.connection}`);
  if (known.state === "active" && !isFrom(known.from, call.from))
    throw notGranted(
      call,
      by.connection,
      `grant ${by.grant} is for the host that asked for it, not for this one`,
    );
  if (known.state === "active" && known.sandbox === true)
    throw notGranted(call, by.connection, `grant ${by.grant} is for a command in a sandbox alone`);
  throw notGranted(
    call,
    by.connection,
    `grant ${by.grant} is ${known.state}: ${known.endReason ?? "it has ended"}`,
  );
}
