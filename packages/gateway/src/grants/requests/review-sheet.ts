import { digestOf } from "../../kernel/canonical.ts";
import type { GrantRules } from "../grants.ts";
import { samePerson } from "../approvals/people.ts";
import type { AccessRequest, Allowed, Approval, PastGrant, Sheet, SheetOperation } from "../types.ts";

/** The configured operations, for a reviewer to read; undefined when one is not configured. */
export function sheetOperations(
  rules: GrantRules,
  connection: string,
  operations: readonly string[],
): readonly SheetOperation[] | undefined {
  const found: SheetOperation[] = [];
  for (const name of operations) {
    const entry = rules.inventory.get(connection)?.get(name);
    if (entry === undefined) return undefined;
    const { description, risk, scope, digest } = entry;
    found.push({ name, description, risk, scope: [...scope], digest });
  }
  return found;
}

type Bound = Pick<
  AccessRequest,
  | "id"
  | "requester"
  | "connection"
  | "operations"
  | "reason"
  | "breakGlass"
  | "ttl"
  | "lease"
  | "sandbox"
  | "paths"
  | "policies"
  | "approval"
  | "sheet"
  | "createdAt"
>;

/**
 * What an approval is bound to: everything that a reviewer sees. Who asks and who stands behind them, what (to the
 * letter of each scope and in the words shown), why, for how long, by which policies, whose approval, and what became
 * of earlier grants.
 */
export function digestOfRequest(request: Bound): string {
  const { requester, approval } = request;
  return digestOf({
    id: request.id,
    requester: {
      kind: requester.kind,
      issuer: requester.issuer,
      subject: requester.subject,
      client: requester.client,
      name: requester.name,
      owner: requester.owner ?? null,
      person: requester.person === undefined ? null : [requester.person.issuer, requester.person.subject],
      ...(requester.uid === undefined ? {} : { uid: requester.uid }),
      ...(requester.person?.uid === undefined ? {} : { person_uid: requester.person.uid }),
      ...(requester.person?.groups === undefined ? {} : { person_groups: requester.person.groups }),
      actors: requester.actors,
      groups: requester.groups,
    },
    connection: request.connection,
    operations: request.operations,
    reason: request.reason,
    break_glass: request.breakGlass === true,
    ttl: request.ttl,
    ...(request.lease === undefined ? {} : { lease: request.lease }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    ...(request.paths === undefined
      ? {}
      : { paths_closed_at: request.paths.closedAt, probe: request.paths.probe }),
    policies: request.policies,
    approval:
      approval === undefined
        ? null
        : {
            by: approval.by,
            count: approval.count,
            within: approval.within,
            escalate:
              approval.escalate === undefined ? null : [approval.escalate.after, approval.escalate.to],
            fresh_sign_in: approval.freshSignIn ?? null,
            refusals: approval.refusals,
          },
    sheet: {
      operations: request.sheet.operations.map(({ name, description, risk, scope, digest }) => ({
        name,
        description,
        risk,
        scope,
        digest,
      })),
      history: request.sheet.history.map(pastGrantInWords),
    },
    asked: request.createdAt,
  });
}

/** An earlier grant as records and digests hold it: names in snake case, every member always there. */
export function pastGrantInWords(past: PastGrant): {
  grant: string;
  connection: string;
  operations: readonly string[];
  activated_at: string;
  state: string;
  acts: number | null;
  denied: number | null;
  end_reason: string | null;
} {
  return {
    grant: past.grant,
    connection: past.connection,
    operations: past.operations,
    activated_at: new Date(past.activatedAt).toISOString(),
    state: past.state,
    acts: past.acts ?? null,
    denied: past.denied ?? null,
    end_reason: past.endReason ?? null,
  };
}

const risks = ["low", "medium", "high"] as const;

/** The risk of a sheet's riskiest operation; that of an empty one is high: nothing is known of it. */
export function riskiest(sheet: Sheet): (typeof risks)[number] {
  if (sheet.operations.length === 0) return "high";
  return risks[Math.max(...sheet.operations.map(({ risk }) => risks.indexOf(risk)))] ?? "high";
}

/** The decisions of one kind that count: one for each person, however the login is written. */
function countedOf(request: AccessRequest, decision: Approval["decision"]): readonly Approval[] {
  const given = request.approvals.filter((one) => one.decision === decision && one.digest === request.digest);
  return given.filter(
    (one, at) => given.findIndex((other) => samePerson(other.reviewer, one.reviewer)) === at,
  );
}

/** The approvals that count: one for each person. */
export function countedApprovals(request: AccessRequest): readonly Approval[] {
  return countedOf(request, "approve");
}

/** The refusals that count: one for each person. */
export function countedRefusals(request: AccessRequest): readonly Approval[] {
  return countedOf(request, "refuse");
}

/** What all of these reviewers allow: the operations that every one of them allowed, for the shortest time. */
export function allowedBy(request: AccessRequest, yeses: readonly Approval[]): Allowed {
  return {
    operations: request.operations.filter((name) =>
      yeses.every(({ allowed }) => allowed === undefined || allowed.operations.includes(name)),
    ),
    ttl: Math.min(request.ttl, ...yeses.map(({ allowed }) => allowed?.ttl ?? request.ttl)),
  };
}
