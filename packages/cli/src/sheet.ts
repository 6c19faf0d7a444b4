import type { Request } from "@mayfly/sdk";
import { bold, duration, moment, oneLine, printable } from "./print.ts";

type Fact = readonly [name: string, value: string];

/**
 * A request as a reviewer must see it, in the order in which ten seconds are spent: who, for whom, why, what exactly,
 * how long, how risky, and what became of their last grants. What an agent wrote is indented behind a bar, so that it
 * cannot pass for ours.
 */
export function sheetOf(request: Request, now: number = Date.now()): string {
  const who = request.requester;
  const facts: Fact[] = [
    ["request", `${request.id} (${stateOf(request)})`],
    ["who", `${who.name} (${who.kind}), client ${who.client}, subject ${who.subject}`],
    ["", `of ${who.issuer}, in ${who.groups.join(", ") || "no group"}`],
    ...(who.owner === undefined ? [] : [["owner", who.owner] as const]),
    ["for whom", behind(request)],
  ];
  const terms: Fact[] = [
    ["how long", `${duration(request.ttl_seconds)}, from its approval`],
    ["risk", riskOf(request).toUpperCase()],
  ];
  const rest: Fact[] = [
    ...approvalFacts(request, now),
    ["policy", [...new Set(request.policies)].join(", ")],
    ["asked", moment(request.created_at, now)],
    ["digest", request.digest],
  ];
  const width = Math.max(...[...facts, ...terms, ...rest].map(([name]) => name.length));
  const inColumns = (list: readonly Fact[]): string[] =>
    list.map(([name, value]) => `${bold(name.padEnd(width))}  ${oneLine(value)}`);
  return [
    ...(request.break_glass ? [bold("BREAK GLASS: nobody approved this")] : []),
    ...inColumns(facts),
    bold("why, as the requester wrote it"),
    ...printable(request.reason)
      .split("\n")
      .map((line) => `  | ${line}`),
    bold("what"),
    ...request.operations.flatMap((operation) => [
      `  ${oneLine(operation.name)}, risk ${operation.risk ?? "unknown"}: ${oneLine(operation.description)}`,
      ...operation.scope.map((fact) => `    - ${oneLine(fact)}`),
    ]),
    ...inColumns(terms),
    bold("last grants"),
    ...historyOf(request, now),
    ...inColumns(rest),
  ].join("\n");
}

function stateOf(request: Request): string {
  if (request.state !== "pending") return request.state.replace("_", " ");
  return request.may_decide ? "waits for you" : `pending; not for you: ${request.why_not ?? "unknown"}`;
}

function behind({ requester }: Request): string {
  const { person, actors, kind } = requester;
  const chain = actors.length === 0 ? "" : `, through ${actors.join(", ")}`;
  if (person !== undefined) return `${person.subject} of ${person.issuer}${chain}`;
  return `${kind === "agent" ? "nobody: the agent acts by itself" : "themselves"}${chain}`;
}

const risks = ["low", "medium", "high"] as const;

/** The risk of the riskiest operation; what is not known is high. */
function riskOf(request: Request): string {
  return risks[Math.max(0, ...request.operations.map(({ risk }) => risks.indexOf(risk ?? "high")))] ?? "high";
}

function historyOf(request: Request, now: number): string[] {
  if (request.history.length === 0) return ["  none: this is the first, as far as Mayfly knows"];
  return request.history.map((past) => {
    const acts = past.acts === undefined ? "acts not known" : `${past.acts} acts`;
    const denied = past.denied === undefined ? "" : `, ${past.denied} denied`;
    const end = past.end_reason === undefined ? past.state : `${past.state}: ${past.end_reason}`;
    const when = moment(past.activated_at, now);
    return `  ${when}  ${past.operations.map(oneLine).join(" ")}  ${acts}${denied}  ${oneLine(end)}`;
  });
}

function approvalFacts(request: Request, now: number): Fact[] {
  const { approval } = request;
  const given = request.approvals.map(({ decision, reviewer, comment, allowed, at }): Fact => {
    const part =
      allowed === undefined ? "" : ` ${allowed.operations.join(", ")} for ${duration(allowed.ttl_seconds)}`;
    const said = comment === "" ? "" : `: ${comment}`;
    const did = decision === "approve" ? "approved" : "refused";
    return ["decided", `${reviewer.name} ${did}${part} ${moment(at, now)}${said}`];
  });
  if (approval === undefined) return given;
  const { escalate, fresh_sign_in_seconds: fresh, refusals } = approval;
  const needs = [
    `${approval.count} of ${approval.by.join(", ")}`,
    ...(escalate === undefined
      ? []
      : [
          request.escalated_at === undefined
            ? `after ${duration(escalate.after_seconds)} ${escalate.to.join(", ")} as well`
            : `${escalate.to.join(", ")} as well since ${moment(request.escalated_at, now)}`,
        ]),
    ...(fresh === undefined ? [] : [`signed in within the last ${duration(fresh)}`]),
    ...(refusals === 1 ? [] : [`${refusals} refusals end it`]),
  ];
  return [
    ["approval", needs.join("; ")],
    ...(request.state === "pending" && request.waits_until !== undefined
      ? [["waits until", moment(request.waits_until, now)] as const]
      : []),
    ...given,
  ];
}
