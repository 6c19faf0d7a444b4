import type { Offer } from "../../grants/grants.ts";
import { closedPathsInWords } from "../../policy/closed-paths.ts";
import { conditionInWords } from "../../policy/condition.ts";
import type { Grant } from "../../grants/types.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { isFrom, type Place } from "../../kernel/known-paths.ts";
import type { Terms, Way } from "../../policy/types.ts";
import { isOwn } from "../contract/views.ts";
import type { OwnToolCall } from "./own-tool.ts";

/** How many operations an error names. */
const MAX_NAMED_OPERATIONS = 8;

/** How a grant on a connection is used, in words. */
export function usageOf({ services }: OwnToolCall, connection: string): string {
  const kind = services.connections().find(({ name }) => name === connection)?.protocol;
  return services.toolbox.usage(kind, connection, services.url);
}

/** How an active grant is used with these tools, or why it is not. */
export function useOf(
  call: OwnToolCall,
  grant: Grant,
): { readonly use: string } | { readonly not_with_these_tools: string } {
  const why = unusableHere(grant, call.from);
  return why === undefined
    ? { use: usageOf(call, grant.connection) }
    : { not_with_these_tools: `it is ${why}` };
}

/** What to do with an active grant, in words. */
export function nextWith(call: OwnToolCall, grant: Grant): string {
  const why = unusableHere(grant, call.from);
  if (why !== undefined) return `not with these tools: the grant is ${why}`;
  const left = formatDuration(grant.endsAt - call.services.clock.wall());
  return `use ${usageOf(call, grant.connection)} with connection "${grant.connection}" within ${left}, then release_access with grant "${grant.id}"`;
}

/** What has to happen before an operation is granted to a caller of these tools, in words. */
export function howToGet({ outlook, breakGlass }: Offer): string {
  const emergency =
    breakGlass?.terms === undefined
      ? ""
      : `; in an emergency ${emergencyInWords(breakGlass.terms)}, and everybody hears of it`;
  const { terms, conditions, alternatives = [] } = outlook;
  if (terms === undefined || !outlook.requestable)
    return `not requestable now (${outlook.reasons.join("; ").slice(0, 300)})${emergency}`;
  const ways: readonly Way[] = [{ terms, conditions }, ...alternatives];
  const way = ways.find((each) => commandFor(each.terms) === undefined);
  if (way !== undefined) return wayInWords(way) + emergency;
  const what =
    terms.sandbox === undefined ? "a lease, which a running task renews" : "a command in a sandbox";
  return `not with these tools: it takes ${what}; use ${commandFor(terms) ?? ""}${emergency}`;
}

/** The command that brings what a caller of tools cannot; undefined where nothing of the kind is demanded. */
function commandFor({ lease, sandbox }: Terms): string | undefined {
  if (sandbox !== undefined) return "mayfly run --sandbox";
  return lease === undefined ? undefined : "mayfly run";
}

function emergencyInWords(terms: Terms): string {
  const command = commandFor(terms);
  return `${command === undefined ? "with break_glass" : `with ${command} --break-glass`} at once${fromHost(terms)}`;
}

function wayInWords({ terms, conditions }: Way): string {
  const { approval, maxTtl } = terms;
  const upTo = `up to ${formatDuration(maxTtl)}${fromHost(terms)}`;
  const when =
    conditions.length === 0
      ? ""
      : `; only when ${conditions.map(conditionInWords).join(" and ").slice(0, 300)}`;
  if (approval === undefined) return `granted at once, ${upTo}${when}`;
  const who = approval.count === 1 ? "a person" : `${approval.count} people`;
  return `${who} of ${approval.by.join(", ")} must approve, ${upTo}${when}`;
}

function fromHost({ closedPaths }: Terms): string {
  return closedPaths === undefined ? "" : `, from a host with ${closedPathsInWords(closedPaths)}`;
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
    .filter((grant) => unusableHere(grant, from) === undefined);
}

/** Why an active grant is of no use to a caller of tools, who comes from there: `for a command in a sandbox alone`. */
function unusableHere({ from: host, sandbox }: Grant, from: Place): string | undefined {
  if (!isFrom(host, from)) return "for the host that asked for it, not for this one";
  return sandbox === undefined ? undefined : "for a command in a sandbox alone";
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
  if (by.grant === undefined) {
    const [other] = services.grants.liveOf(principal, by.connection);
    const why = other === undefined ? undefined : unusableHere(other.grant, call.from);
    throw notGranted(
      call,
      by.connection,
      `you have no active grant on ${by.connection}` +
        (other === undefined || why === undefined ? "" : ` for these tools: ${other.grant.id} is ${why}`),
    );
  }
  const known = await services.grants.grant(principal, by.grant);
  if (!isOwn(known.requester, principal) || known.connection !== by.connection)
    throw notGranted(call, by.connection, `${by.grant} is no grant of yours on ${by.connection}`);
  const why = known.state === "active" ? unusableHere(known, call.from) : undefined;
  if (why !== undefined) throw notGranted(call, by.connection, `grant ${by.grant} is ${why}`);
  throw notGranted(
    call,
    by.connection,
    `grant ${by.grant} is ${known.state}: ${known.endReason ?? "it has ended"}`,
  );
}
