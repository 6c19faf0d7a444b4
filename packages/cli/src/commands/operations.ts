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

/** An operation with all that it covers. */
export function linesOf(offer: Offer): string[] {
  const emergency = offer.break_glass;
  return [
    painted(oneLine(offer.name), "bold"),
    `  ${oneLine(offer.description)}`,
    ...offer.scope.map((line) => `  - ${oneLine(line)}`),
    ...(offer.policy === undefined
      ? []
      : [`  policy: ${oneLine(offer.policy)}; approval: ${oneLine(approvalText(offer))}`]),
    ...(offer.lease === undefined
      ? []
      : [`  lease: of ${formatDuration(offer.lease.max_seconds * 1000)} at most (mayfly run holds one)`]),
    ...requiresText(offer).map((what) => `  requires: ${what}`),
    ...offer.conditions.map((line) => `  when: ${oneLine(line)}`),
    ...(emergency === undefined
      ? []
      : [
          `  break glass: ${oneLine(emergency.policy)}; up to ${formatDuration(emergency.max_seconds * 1000)}`,
          ...emergency.conditions.map((line) => `  break glass when: ${oneLine(line)}`),
        ]),
  ];
}

/** What must be known of where the task runs, a line each. */
function requiresText({ requires }: Offer): string[] {
  const seconds = requires?.closed_paths_within_seconds;
  return [
    ...(seconds === undefined
      ? []
      : [
          `the paths beside the gateway probed closed within ${formatDuration(seconds * 1000)} (mayfly probe)`,
        ]),
    ...(requires?.sandbox === undefined ? [] : ["a command in a sandbox (mayfly run --sandbox)"]),
  ];
}

/** An operation's row, and one more where breaking glass gives it. */
function rowsOf(offer: Offer): string[][] {
  const described = (conditions: readonly string[]): string =>
    offer.description + (conditions.length === 0 ? "" : ` (when ${conditions.join(" and ")})`);
  const { ttl, break_glass: emergency } = offer;
  return [
    ...(offer.requestable
      ? [
          [
            offer.name,
            offer.risk,
            ttl === undefined
              ? "-"
              : `${formatDuration(ttl.default_seconds * 1000)}, up to ${formatDuration(ttl.max_seconds * 1000)}`,
            approvalText(offer),
            described(offer.conditions),
          ],
        ]
      : []),
    ...(emergency === undefined
      ? []
      : [
          [
            offer.name,
            offer.risk,
            `up to ${formatDuration(emergency.max_seconds * 1000)}`,
            "break glass",
            described(emergency.conditions),
          ],
        ]),
  ];
}

function approvalText(offer: { approval?: { by: readonly string[]; count: number } }): string {
  if (offer.approval === undefined) return "none";
  const by = offer.approval.by.join(" or ");
  return offer.approval.count === 1 ? by : `${offer.approval.count} of ${by}`;
}
