import type { Actor, Grants } from "../../grants/grants.ts";
import { riskiest } from "../../grants/requests/review-sheet.ts";
import type { GrantStore } from "../../grants/grants.ts";
import type { AccessRequest, PastGrant } from "../../grants/types.ts";
import { uidOf, verifiedOf } from "../../identity/browser-sessions/principal.ts";
import type { People } from "../../identity/people.ts";
import type { PeopleRules } from "../../identity/tokens/principal-from-claims.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { ownLogin } from "../../kernel/logins.ts";
import type { SlackPorts, SlackRequest } from "../../notifications/slack/requests.ts";

/** What Slack sees and does. @param roles those of the configuration in force */
export function slackPorts(parts: {
  readonly store: Pick<GrantStore, "request">;
  readonly grants: Pick<Grants, "approve" | "refuse">;
  readonly people: Pick<People, "sessions" | "current">;
  readonly roles: () => PeopleRules["roles"];
}): SlackPorts {
  return {
    async request(id) {
      const request = await parts.store.request(id);
      return request === undefined ? undefined : slackRequest(request);
    },
    async decide(login, decision, request, digest) {
      const reviewer = await reviewerBy(login, parts.people, parts.roles());
      if (reviewer === undefined) return "no_session";
      await parts.grants[decision](reviewer, request, digest, "decided in Slack");
      return "decided";
    },
  };
}

/**
 * The person of that login with the groups of this moment; undefined when no browser session of theirs is good, or when
 * the login is two persons': one of them has it no more, and nobody here can say which.
 * @throws MayflyError provider_away: nobody can say which groups they are in
 */
async function reviewerBy(
  login: string,
  people: Pick<People, "sessions" | "current">,
  roles: PeopleRules["roles"],
): Promise<Actor | undefined> {
  const wanted = ownLogin(login);
  const found = (await people.sessions(undefined)).filter((session) => ownLogin(session.login) === wanted);
  const ids = new Map<string, string>();
  for (const session of found) {
    const id = uidOf(session);
    if ((ids.get(session.issuer) ?? id) !== id) return undefined;
    ids.set(session.issuer, id);
  }
  for (const session of found) {
    try {
      const { principal, groupsAsOf, authenticatedAt } = await people.current(verifiedOf(session, roles));
      return {
        ...principal,
        groupsAsOf,
        ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
      };
    } catch (error) {
      // This one is over, or too old to say; another one may be good.
      if (!(error instanceof MayflyError) || error.status !== 401) throw error;
    }
  }
  return undefined;
}

/** A request as its message in Slack shows it. */
export function slackRequest(request: AccessRequest): SlackRequest {
  const { requester, approval, sheet, escalatedAt } = request;
  return {
    id: request.id,
    digest: request.digest,
    state: request.state,
    requester: {
      kind: requester.kind,
      name: requester.name,
      ...(requester.owner === undefined ? {} : { owner: requester.owner }),
      ...(requester.person === undefined ? {} : { person: requester.person.subject }),
      actors: requester.actors,
    },
    connection: request.connection,
    operations: sheet.operations.map(({ name, scope }) => ({ name, scope })),
    policies: request.policies,
    history: sheet.history.map(pastGrantInWords),
    risk: riskiest(sheet),
    reason: request.reason,
    ttl: request.ttl,
    ...(request.lease === undefined ? {} : { lease: request.lease }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    ...(request.paths === undefined ? {} : { pathsClosedAt: request.paths.closedAt }),
    ...(request.waitsUntil === undefined ? {} : { waitsUntil: request.waitsUntil }),
    by: approval?.by ?? [],
    needed: approval?.count ?? 1,
    ...(escalatedAt === undefined || approval?.escalate === undefined
      ? {}
      : { escalatedTo: approval.escalate.to }),
    freshSignIn: approval?.freshSignIn !== undefined,
    decisions: request.approvals.map(({ id, reviewer, decision }) => ({ id, name: reviewer.name, decision })),
    ...(request.reasons.length === 0 ? {} : { outcome: request.reasons.at(-1) ?? "" }),
  };
}

function pastGrantInWords({ connection, operations, activatedAt, state, acts, denied }: PastGrant): string {
  const at = new Date(activatedAt).toISOString().slice(0, 16).replace("T", " ");
  const did = acts === undefined ? "" : `, ${acts} acts let through, ${denied ?? 0} denied`;
  return `${at} UTC ${connection}: ${operations.join(", ")}, ${state}${did}`;
}
