import { formatDuration } from "@mayfly/sdk/formats";
import type { Offer } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, connect } from "../context.ts";
import { listing, list, type ListOptions } from "../listing.ts";
import { oneLine } from "../print.ts";
import { lookOfRisk, painted } from "../terminal/colour.ts";
import { type Column, table } from "../terminal/table.ts";

/** `mayfly operations`. */
export function operationsCommand(): Command {
  return listing(
    command(
      "operations",
      "List what you may request: for how long, and whether a person must approve",
      "mayfly operations --scope",
    ),
  )
    .option("--scope", "also print what each operation covers")
    .action((options: ListOptions & { readonly scope?: boolean }) => {
      const { mayfly } = connect(options);
      return list(options, {
        load: () => mayfly.operations(),
        text: (operations, fit) =>
          options.scope === true
            ? operations.flatMap(linesOf).join("\n")
            : table(columns, operations.flatMap(rowsOf), fit),
        empty: "There is nothing that you may request.",
      });
    });
}

const columns: readonly Column[] = [
  { name: "OPERATION", givesWay: "never" },
  { name: "RISK", givesWay: "never", look: lookOfRisk },
  { name: "TTL", givesWay: "never", leaves: 1 },
  { name: "APPROVAL" },
  { name: "DESCRIPTION", givesWay: "below" },
];

/** What one policy gives, as the API says it. */
type Given = Pick<Offer, "policy" | "ttl" | "approval" | "lease" | "requires" | "conditions">;

/** An operation with all that it covers, and each way to it. */
export function linesOf(offer: Offer): string[] {
  const emergency = offer.break_glass;
  return [
    painted(oneLine(offer.name), "bold"),
    `  ${oneLine(offer.description)}`,
    ...offer.scope.map((line) => `  - ${oneLine(line)}`),
    ...waysTo(offer).flatMap((way, at) => linesOfWay(at === 0 ? "" : "or ", way)),
    ...(emergency === undefined
      ? []
      : [
          `  break glass: ${oneLine(emergency.policy)}; up to ${formatDuration(emergency.max_seconds * 1000)}`,
          ...linesOfDemands("break glass ", emergency),
        ]),
  ];
}

/** What it takes by the policy that is offered first, and by each other one. */
function waysTo(offer: Offer): readonly Given[] {
  return [offer, ...(offer.alternatives ?? [])];
}

function linesOfWay(or: string, way: Given): string[] {
  const policy = way.policy === undefined ? [] : [policyLine(or, way.policy, way)];
  return [...policy, ...linesOfDemands(or === "" ? "" : "  ", way)];
}

function policyLine(or: string, policy: string, way: Given): string {
  const upTo =
    or === "" || way.ttl === undefined ? "" : `; up to ${formatDuration(way.ttl.max_seconds * 1000)}`;
  return `  ${or}policy: ${oneLine(policy)}; approval: ${oneLine(approvalText(way))}${upTo}`;
}

/** What a way asks of the task, a line each. */
function linesOfDemands(before: string, way: Pick<Given, "lease" | "requires" | "conditions">): string[] {
  const { closed_paths_within_seconds: within, sandbox } = way.requires ?? {};
  return [
    ...(way.lease === undefined
      ? []
      : [`lease: of ${formatDuration(way.lease.max_seconds * 1000)} at most (mayfly run holds one)`]),
    ...(within === undefined
      ? []
      : [
          `requires: the paths beside the gateway probed closed within ${formatDuration(within * 1000)} (mayfly probe)`,
        ]),
    ...(sandbox === undefined ? [] : ["requires: a command in a sandbox (mayfly run --sandbox)"]),
    ...way.conditions.map((line) => `when: ${oneLine(line)}`),
  ].map((line) => `  ${before}${line}`);
}

/** An operation's rows: one for each way to it, and one more where breaking glass gives it. */
export function rowsOf(offer: Offer): string[][] {
  const { break_glass: emergency } = offer;
  const row = (ttl: string, approval: string, way: Parameters<typeof asked>[0]): string[] => [
    offer.name,
    offer.risk,
    ttl,
    approval,
    offer.description + asked(way),
  ];
  return [
    ...(offer.requestable ? waysTo(offer) : []).map((way) =>
      row(
        way.ttl === undefined
          ? "-"
          : `${formatDuration(way.ttl.default_seconds * 1000)}, up to ${formatDuration(way.ttl.max_seconds * 1000)}`,
        approvalText(way),
        way,
      ),
    ),
    ...(emergency === undefined
      ? []
      : [row(`up to ${formatDuration(emergency.max_seconds * 1000)}`, "break glass", emergency)]),
  ];
}

/** What a way asks of the task, in a parenthesis: ` (mayfly run --sandbox; when context.hour < 6)` */
function asked({ lease, requires, conditions }: Pick<Given, "lease" | "requires" | "conditions">): string {
  const within = requires?.closed_paths_within_seconds;
  const demands = [
    // A sandbox brings a lease.
    ...(requires?.sandbox === undefined
      ? lease === undefined
        ? []
        : ["with a lease: mayfly run"]
      : ["in a sandbox: mayfly run --sandbox"]),
    ...(within === undefined ? [] : [`from a host probed closed within ${formatDuration(within * 1000)}`]),
    ...(conditions.length === 0 ? [] : [`when ${conditions.join(" and ")}`]),
  ];
  return demands.length === 0 ? "" : ` (${demands.join("; ")})`;
}

function approvalText({ approval }: Pick<Given, "approval">): string {
  if (approval === undefined) return "none";
  const by = approval.by.join(" or ");
  return approval.count === 1 ? by : `${approval.count} of ${by}`;
}
