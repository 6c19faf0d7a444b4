import { formatDuration } from "../../kernel/durations.ts";
import { closestName } from "../../kernel/closest-name.ts";
import type { ApprovalRule, Outlook, PolicyAsk, PolicyVerdict, Terms } from "../../policy/types.ts";
import type { GrantRules, InventoryEntry, Offer } from "../grants.ts";
import { leaseMissing } from "../leases/terms.ts";
import type { Requester } from "../types.ts";
import { closedPathsMissing } from "./closed-paths.ts";
import { commonApproval } from "./common-approval.ts";
import { sandboxMissing } from "./sandbox.ts";
import { isPast, tooLong } from "./until.ts";

/** The facts of a request that policies judge; stored with it, so that a reload can judge it again. */
export interface Facts {
  readonly requester: Requester;
  readonly connection: string;
  readonly operations: readonly string[];
  readonly reason: string;
  /** Milliseconds; left out: the policies' default. */
  readonly ttl?: number;
  /** Whether it is asked as an emergency; left out: not. */
  readonly breakGlass?: boolean;
  /** The lease asked for, milliseconds; left out: none. */
  readonly lease?: number;
  /** Whether it is asked for a command in a sandbox; left out: not. */
  readonly sandbox?: true;
  readonly clientAddress: string;
  /** How long ago the paths beside the gateway were probed closed, milliseconds; left out: they are not known to be. */
  readonly closedFor?: number;
  /** Why they are not, in words. */
  readonly whyNotClosed?: string;
  /** When it was asked, milliseconds since the epoch: a condition on the hour means this one. */
  readonly at: number;
}

/** The result of judging a request by the rules. */
export type Plan =
  | {
      readonly decision: "permit";
      readonly ttl: number;
      readonly policies: readonly string[];
      readonly approval?: ApprovalRule;
      /** One of them demands closed paths: the grant is for the host that asks alone. */
      readonly isForHost: boolean;
      readonly reasons: readonly string[];
    }
  | { readonly decision: "deny"; readonly reasons: readonly string[] };

function policyAsk(facts: Facts, operation: string, ttl: number): PolicyAsk {
  const { requester } = facts;
  const at = new Date(facts.at);
  return {
    principal: {
      kind: requester.kind,
      issuer: requester.issuer,
      subject: requester.subject,
      client: requester.client,
      name: requester.name,
      groups: requester.groups,
    },
    connection: facts.connection,
    operation,
    ...(facts.lease === undefined ? {} : { lease: facts.lease }),
    ...(facts.closedFor === undefined ? {} : { closedFor: facts.closedFor }),
    ...(facts.sandbox === undefined ? {} : { sandbox: facts.sandbox }),
    context: {
      reason: facts.reason,
      requested_seconds: Math.ceil(ttl / 1000),
      hour: at.getUTCHours(),
      // Monday is 1, Sunday 7.
      weekday: ((at.getUTCDay() + 6) % 7) + 1,
      client_address: facts.clientAddress,
      has_person: requester.kind === "person" || requester.person !== undefined,
      person_groups: requester.kind === "person" ? requester.groups : (requester.person?.groups ?? []),
      break_glass: facts.breakGlass === true,
    },
  };
}

/** An exception while judging denies. */
function decide(rules: GrantRules, facts: Facts, operation: string, ttl: number): PolicyVerdict {
  try {
    return rules.policies.decide(policyAsk(facts, operation, ttl));
  } catch {
    return { decision: "deny", reasons: ["the policies could not be evaluated"] };
  }
}

/** The outlook on an operation that exists and that the requester could ask for; what cannot be judged is not offered. */
function outlookOf(rules: GrantRules, facts: Facts, operation: string): Outlook | undefined {
  if (entryOf(rules, facts.connection, operation) === undefined) return undefined;
  try {
    const outlook = rules.policies.outlook(policyAsk({ ...facts, reason: "" }, operation, 0));
    return outlook.requestable ? outlook : undefined;
  } catch {
    return undefined;
  }
}

/** The outlook on an operation that only a break-glass policy permits. */
const onlyBreakGlass: Outlook = {
  requestable: false,
  conditions: [],
  reasons: ["only in an emergency: ask with break_glass (mayfly request --break-glass)"],
};

/** What the requester could ask for now; everything else does not exist for them. */
export function offersOf(
  rules: GrantRules,
  requester: Requester,
  clientAddress: string,
  at: number,
): readonly Offer[] {
  const offers: Offer[] = [];
  for (const [connection, operations] of rules.inventory) {
    for (const [operation, entry] of operations) {
      const facts = { requester, connection, operations: [], reason: "", clientAddress, at };
      const outlook = outlookOf(rules, facts, operation);
      const breakGlass = outlookOf(rules, { ...facts, breakGlass: true }, operation);
      if (outlook === undefined && breakGlass === undefined) continue;
      if (isPast(rules, connection, [operation], at)) continue;
      offers.push({
        ...entry,
        connection,
        operation,
        outlook: outlook ?? onlyBreakGlass,
        ...(breakGlass === undefined ? {} : { breakGlass }),
      });
    }
  }
  return offers;
}

/** Why an operation that the requester cannot see is denied: the same words whether it exists or not. */
function unseen(facts: Facts, operation: string, offers: readonly Offer[]): string {
  const names = offers.map((offer) => `${offer.connection}/${offer.operation}`);
  const asked = `${facts.connection}/${operation}`;
  const meant = closestName(asked, names);
  return [
    `you can't request ${asked}${facts.breakGlass === true ? " by breaking glass" : ""}, or it doesn't exist`,
    operation === "*" || facts.connection === "*" ? "; wildcards are never granted, name each operation" : "",
    meant === undefined ? "" : `; did you mean ${meant}?`,
  ].join("");
}

/**
 * Judges an ask by the rules: pure.
 *
 * Without a time-to-live it is judged twice: once to learn the policies' default, and once as if that had been asked
 * for, so that a condition on `requested_seconds` cannot be slipped by leaving it out.
 */
export function planOf(rules: GrantRules, facts: Facts): Plan {
  const hidden = facts.operations.filter((operation) => outlookOf(rules, facts, operation) === undefined);
  if (hidden.length > 0) {
    const emergency = facts.breakGlass === true;
    const offers = offersOf(rules, facts.requester, facts.clientAddress, facts.at).filter(
      ({ outlook, breakGlass }) => (emergency ? breakGlass !== undefined : outlook.requestable),
    );
    return { decision: "deny", reasons: hidden.map((operation) => unseen(facts, operation, offers)) };
  }
  const judge = (ttl: number): { terms: Terms[]; reasons: string[]; denied: string[] } => {
    const result = { terms: [] as Terms[], reasons: [] as string[], denied: [] as string[] };
    for (const operation of facts.operations) {
      const verdict = decide(rules, facts, operation, ttl);
      const said = verdict.reasons.map((reason) => `${facts.connection}/${operation}: ${reason}`);
      if (verdict.decision === "permit") {
        result.terms.push(verdict.terms);
        result.reasons.push(...said);
      } else result.denied.push(...(said.length > 0 ? said : [`${facts.connection}/${operation}: denied`]));
    }
    return result;
  };
  let ttl = facts.ttl;
  if (ttl === undefined) {
    const first = judge(0);
    if (first.denied.length > 0) return { decision: "deny", reasons: first.denied };
    ttl = Math.min(...first.terms.map((terms) => terms.defaultTtl));
  }
  const { terms, reasons, denied } = judge(ttl);
  if (denied.length > 0) return { decision: "deny", reasons: denied };
  const past = tooLong(rules, facts, facts.at, ttl);
  if (past !== undefined) return { decision: "deny", reasons: [past] };
  for (const one of terms) {
    if (ttl <= one.maxTtl) continue;
    const longestAllowed = formatDuration(Math.min(...terms.map((other) => other.maxTtl)));
    const why = `a time-to-live of ${formatDuration(ttl)} is more than policy "${one.policy}" allows; ask for ${longestAllowed} or less`;
    return { decision: "deny", reasons: [why] };
  }
  for (const one of terms) {
    const why =
      sandboxMissing(one, facts) ?? leaseMissing(one, facts.lease) ?? closedPathsMissing(one, facts);
    if (why !== undefined) return { decision: "deny", reasons: [why] };
  }
  const approval = commonApproval(terms);
  if (approval === "differ") {
    return {
      decision: "deny",
      reasons: ["these operations need different approvals; ask for each in a request of its own"],
    };
  }
  return {
    decision: "permit",
    ttl,
    policies: terms.map((one) => one.policy),
    ...(approval === undefined ? {} : { approval }),
    isForHost: terms.some(({ closedPaths }) => closedPaths !== undefined),
    reasons,
  };
}

/** The inventory's entry of one operation. */
export function entryOf(
  rules: GrantRules,
  connection: string,
  operation: string,
): InventoryEntry | undefined {
  return rules.inventory.get(connection)?.get(operation);
}
