import type { Offer } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, type CommonOptions, connect } from "../context.ts";
import { bold, duration, note, oneLine, out, outJson, table } from "../print.ts";

/** `mayfly operations`. */
export function operationsCommand(): Command {
  return command(
    "operations",
    "List what you may request: for how long, and whether a person must approve",
    "mayfly operations --scope",
  )
    .option("--scope", "also print what each operation covers")
    .action(async (options: CommonOptions & { readonly scope?: boolean }) => {
      const operations = await connect(options).mayfly.operations();
      if (options.json === true) return outJson(operations);
      if (operations.length === 0) return note("There is nothing that you may request.");
      if (options.scope !== true) {
        out(table(["OPERATION", "RISK", "TTL", "APPROVAL", "DESCRIPTION"], operations.flatMap(rowsOf)));
        return undefined;
      }
      for (const offer of operations) {
        out(bold(oneLine(offer.name)));
        out(`  ${oneLine(offer.description)}`);
        for (const line of offer.scope) out(`  - ${oneLine(line)}`);
        if (offer.policy !== undefined)
          out(`  policy: ${oneLine(offer.policy)}; approval: ${approvalText(offer)}`);
        for (const line of offer.conditions) out(`  when: ${oneLine(line)}`);
        if (offer.break_glass === undefined) continue;
        out(
          `  break glass: ${oneLine(offer.break_glass.policy)}; up to ${duration(offer.break_glass.max_seconds)}`,
        );
        for (const line of offer.break_glass.conditions) out(`  break glass when: ${oneLine(line)}`);
      }
      return undefined;
    });
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
            ttl === undefined ? "-" : `${duration(ttl.default_seconds)}, up to ${duration(ttl.max_seconds)}`,
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
            `up to ${duration(emergency.max_seconds)}`,
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
