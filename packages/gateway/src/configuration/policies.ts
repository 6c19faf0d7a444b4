import type * as z from "zod";
import { formatDuration } from "../kernel/durations.ts";
import { MAX_LEASE_MS } from "../kernel/leases.ts";
import { addAll, check, finding, hintFor } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { isMapping } from "./mappings.ts";
import type { Path } from "./positions.ts";
import { policy } from "./policy-schema.ts";
import type { PolicyEntry } from "../kernel/policy-entry.ts";

/**
 * Checks and completes `policies:`. Their connections and operations must be among `names`. A `when:` is text here; the
 * policy folder compiles it.
 */
export function readPolicies(
  written: unknown,
  names: ReadonlyMap<string, readonly string[]>,
): { policies: PolicyEntry[]; findings: Finding[] } {
  if (written === undefined) return { policies: [], findings: [] };
  if (!Array.isArray(written)) {
    return { policies: [], findings: [finding("value", ["policies"], "this must be a list of policies")] };
  }
  const policies: PolicyEntry[] = [];
  const findings: Finding[] = [];
  const seen = new Set<unknown>();
  for (const [index, entry] of (written as unknown[]).entries()) {
    const path = ["policies", index];
    if (!isMapping(entry)) {
      findings.push(finding("value", path, "this must be a mapping that says who may request what"));
      continue;
    }
    if (typeof entry["name"] === "string" && seen.has(entry["name"])) {
      findings.push(
        finding(
          "value",
          [...path, "name"],
          "another policy has this name already",
          "give each policy its own",
        ),
      );
    }
    seen.add(entry["name"]);
    addAll(findings, targetFindings(path, entry, names));
    addAll(findings, termFindings(path, entry));
    const result = check(policy, entry, path);
    if (!result.ok) {
      addAll(findings, result.findings);
      continue;
    }
    const { person_groups, ttl, when, approval, lease, requires, break_glass, shadow, ...rest } =
      result.output;
    if (ttl !== undefined && ttl.default > ttl.max) {
      const message = `the default is longer than max (${formatDuration(ttl.max)})`;
      findings.push(finding("value", [...path, "ttl", "default"], message));
    }
    if (approval?.escalate !== undefined && approval.escalate.after >= approval.within) {
      const within = formatDuration(approval.within);
      const message = `this is no shorter than within (${within}): the request has timed out by then`;
      const at = [...path, "approval", "escalate", "after"];
      findings.push(finding("value", at, message, "escalate earlier, or let it wait longer"));
    }
    policies.push({
      ...rest,
      ...(person_groups === undefined ? {} : { personGroups: person_groups }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(when === undefined ? {} : { when }),
      ...(approval === undefined ? {} : { approval: approvalOf(approval) }),
      ...leaseOf(lease, requires?.sandbox),
      ...(requires?.closed_paths === undefined ? {} : { closedPaths: requires.closed_paths }),
      ...(requires?.sandbox === undefined ? {} : { sandbox: requires.sandbox }),
      ...(break_glass ? { breakGlass: true } : {}),
      ...(shadow ? { shadow: true } : {}),
    });
  }
  return { policies, findings };
}

function approvalOf(
  written: NonNullable<z.output<typeof policy>["approval"]>,
): NonNullable<PolicyEntry["approval"]> {
  const { escalate, fresh_sign_in, ...rest } = written;
  return {
    ...rest,
    ...(escalate === undefined ? {} : { escalate }),
    ...(fresh_sign_in === undefined ? {} : { freshSignIn: fresh_sign_in }),
  };
}

/** The lease that a policy demands: all that is known of a sandbox is the lease of what started it. */
function leaseOf(written: number | undefined, sandbox: true | undefined): Pick<PolicyEntry, "lease"> {
  const lease = written ?? (sandbox === undefined ? undefined : MAX_LEASE_MS);
  return lease === undefined ? {} : { lease };
}

/** Checks policies as written, so that another error beside them hides none of these. */
function targetFindings(
  path: Path,
  entry: Record<string, unknown>,
  names: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const { connection, operations } = entry;
  if (typeof connection !== "string" || connection === "") return [];
  const known = names.get(connection);
  if (known === undefined) {
    const message = "there is no connection of this name";
    return [finding("value", [...path, "connection"], message, hintFor(connection, [...names.keys()]))];
  }
  const findings: Finding[] = [];
  for (const [index, operation] of (Array.isArray(operations) ? (operations as unknown[]) : []).entries()) {
    if (typeof operation !== "string" || operation === "" || known.includes(operation)) continue;
    const message = `${connection} has no operation of this name`;
    findings.push(finding("value", [...path, "operations", index], message, hintFor(operation, known)));
  }
  return findings;
}

function termFindings(path: Path, entry: Record<string, unknown>): Finding[] {
  if (entry["break_glass"] === true && entry["forbid"] !== true && "approval" in entry) {
    const hint = "remove approval, or break_glass";
    return [finding("key", [...path, "approval"], "nobody approves breaking glass", hint)];
  }
  if (entry["forbid"] !== true) {
    if ("ttl" in entry || !["undefined", "boolean"].includes(typeof entry["forbid"])) return [];
    return [
      finding(
        "missing",
        [...path, "ttl"],
        "ttl is missing",
        "write ttl: 5m, or ttl: { default: 5m, max: 15m }",
      ),
    ];
  }
  return ["ttl", "approval", "lease", "requires", "break_glass"].flatMap((member) =>
    member in entry
      ? [finding("key", [...path, member], `a policy that forbids has no ${member}`, "remove it")]
      : [],
  );
}
