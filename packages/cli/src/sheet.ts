import { formatDuration } from "@mayfly/sdk/formats";
import type { Request } from "@mayfly/sdk";
import { moment, oneLine, printable } from "./print.ts";
import { lookOfRisk, painted } from "./terminal/colour.ts";

type PastGrant = Request["history"][number];
type Fact = readonly [name: string, value: string];

/**
 * A request as a reviewer must see it, in the order in which ten seconds are spent: who, for whom, why, what exactly,
 * how long, how risky, and what became of their last grants. What an agent wrote is indented behind a bar, so that it
 * cannot pass for ours.
 * @param taken of an emergency: the grant as it stands now
 */
export function sheetOf(request: Request, now: number = Date.now(), taken?: PastGrant): string {
  const who = request.requester;
  const facts: Fact[] = [
    ["request", `${request.id} (${stateOf(request)})`],
    ["who", `${who.name} (${who.kind}), client ${who.client}, subject ${who.subject}`],
    ["", `of ${who.issuer}, in ${who.groups.join(", ") || "no group"}`],
    ...(who.owner === undefined ? [] : [["owner", who.owner] as const]),
    ["for whom", behind(request)],
  ];
  const terms: Fact[] = [
    ["how long", `${formatDuration(request.ttl_seconds * 1000)}, from its approval`],
    ...(request.lease_seconds === undefined
      ? []
      : [
          [
            "",
            `ends sooner if its task is not heard from for ${formatDuration(request.lease_seconds * 1000)}`,
          ] as const,
        ]),
    ...(request.sandbox === undefined ? [] : [["sandbox", "claimed by who asks, not checked"] as const]),
    ...(request.paths_closed_at === undefined
      ? []
      : [["paths", `probed closed ${moment(request.paths_closed_at, now)}`] as const]),
    ["risk", riskOf(request).toUpperCase()],
  ];
  const rest: Fact[] = [
    ...approvalFacts(request, now),
    ...(taken === undefined ? [] : [["done", useOf(taken)] as const]),
    ...reviewFacts(request, now),
    ["policy", [...new Set(request.policies)].join(", ")],
    ["asked", moment(request.created_at, now)],
    ["digest", request.digest],
  ];
  const width = Math.max(...[...facts, ...terms, ...rest].map(([name]) => name.length));
  const inColumns = (list: readonly Fact[]): string[] =>
    list.map(
      ([name, value]) =>
        `${painted(name.padEnd(width), "bold")}  ${painted(oneLine(value), name === "risk" ? lookOfRisk(value.toLowerCase()) : undefined)}`,
    );
  return [
    ...(request.break_glass ? [painted("BREAK GLASS: nobody approved this", "red")] : []),
    ...inColumns(facts),
    painted("why, as the requester wrote it", "bold"),
    ...printable(request.reason)
      .split("\n")
      .map((line) => `  | ${line}`),
    painted("what", "bold"),
    ...request.operations.flatMap((operation) => [
      `  ${oneLine(operation.name)}, risk ${operation.risk ?? "unknown"}: ${oneLine(operation.description)}`,
      ...operation.scope.map((fact) => `    - ${oneLine(fact)}`),
    ]),
    ...inColumns(terms),
    painted("last grants", "bold"),
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
export function riskOf(request: Request): string {
  return risks[Math.max(0, ...request.operations.map(({ risk }) => risks.indexOf(risk ?? "high")))] ?? "high";
}

/** How much was done with a grant, and how it ended. */
function useOf({ acts, denied, state, end_reason: reason }: PastGrant): string {
  const count = acts === undefined ? "acts not known" : `${acts} act${acts === 1 ? "" : "s"}`;
  const refused = denied === undefined ? "" : `, ${denied} denied`;
  return `${count}${refused}  ${reason === undefined ? state : `${state}: ${reason}`}`;
}

function historyOf(request: Request, now: number): string[] {
  if (request.history.length === 0) return ["  none: this is the first, as far as Mayfly knows"];
  return request.history.map((past) => {
    const when = moment(past.activated_at, now);
    return `  ${when}  ${past.operations.map(oneLine).join(" ")}  ${oneLine(useOf(past))}`;
  });
}

/** Who has reviewed an emergency afterwards, as far as whoever looks may know. */
function reviewFacts(request: Request, now: number): Fact[] {
  const { id, reviews, may_review: may, why_not_review: whyNot } = request;
  if (reviews === undefined) return [];
  if (reviews.length === 0 && may === false) return [["reviewed", `by nobody yet; you may not: ${whyNot}`]];
  if (reviews.length === 0)
    return [["reviewed", `by nobody yet: mayfly review ${id} --note "what you found"`]];
  return reviews.map(({ reviewer, note, at }) => [
    "reviewed",
    `by ${reviewer.name} ${moment(at, now)}: ${note}`,
  ]);
}

function approvalFacts(request: Request, now: number): Fact[] {
  const { approval } = request;
  const given = request.approvals.map(({ decision, reviewer, comment, allowed, at }): Fact => {
    const part =
      allowed === undefined
        ? ""
        : ` ${allowed.operations.join(", ")} for ${formatDuration(allowed.ttl_seconds * 1000)}`;
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
            ? `after ${formatDuration(escalate.after_seconds * 1000)} ${escalate.to.join(", ")} as well`
            : `${escalate.to.join(", ")} as well since ${moment(request.escalated_at, now)}`,
        ]),
    ...(fresh === undefined ? [] : [`signed in within the last ${formatDuration(fresh * 1000)}`]),
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
