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
        out(
          table(
            ["OPERATION", "RISK", "TTL", "APPROVAL", "DESCRIPTION"],
            operations.map((offer) => [
              offer.name,
              offer.risk,
              offer.ttl === undefined
                ? "-"
                : `${duration(offer.ttl.default_seconds)}, up to ${duration(offer.ttl.max_seconds)}`,
              approvalText(offer),
              offer.description +
                (offer.conditions.length === 0 ? "" : ` (when ${offer.conditions.join(" and ")})`),
            ]),
          ),
        );
        return undefined;
      }
      for (const offer of operations) {
        out(bold(oneLine(offer.name)));
        out(`  ${oneLine(offer.description)}`);
        for (const line of offer.scope) out(`  - ${oneLine(line)}`);
        if (offer.policy !== undefined)
          out(`  policy: ${oneLine(offer.policy)}; approval: ${approvalText(offer)}`);
        for (const line of offer.conditions) out(`  when: ${oneLine(line)}`);
      }
      return undefined;
    });
}

function approvalText(offer: { approval?: { by: readonly string[]; count: number } }): string {
  if (offer.approval === undefined) return "none";
  const by = offer.approval.by.join(" or ");
  return offer.approval.count === 1 ? by : `${offer.approval.count} of ${by}`;
}
