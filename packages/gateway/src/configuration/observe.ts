import * as z from "zod";
import { systemClock } from "../kernel/clock.ts";
import { check, finding, type Finding } from "./findings.ts";
import { isMapping } from "./mappings.ts";
import type { Path } from "./positions.ts";
import type { ConnectionConfiguration, OperationConfiguration, ProtocolSchema } from "./types.ts";

/** The name of the operation that an observed connection has beside those that are written. */
export const OBSERVE = "observe";

/** Nobody observes for longer: what nobody has proposed by then was not meant to end. Days. */
const MAX_DAYS = 92;
const day = 86_400_000;

/** How long a connection is observed. */
export const observe = z.strictObject({
  until: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, "this must be a day such as 2027-01-31")
    .describe(
      `The last day, UTC, at most ${MAX_DAYS} days from now: whatever can be recorded may be asked for until its end`,
    ),
});

/** The operation of an observed connection, or what is wrong with `observe`. */
export interface ReadObserve {
  readonly operation?: Omit<OperationConfiguration, "digest"> & { readonly until: number };
  readonly findings: readonly Finding[];
}

/** Reads a connection's `observe`. @param path the connection's */
export function readObserve(
  written: Record<string, unknown>,
  { kind, observed }: ProtocolSchema,
  path: Path,
): ReadObserve {
  if (!("observe" in written)) return { findings: [] };
  const at = [...path, "observe"];
  const wrong = (message: string, hint: string, where: Path = at): ReadObserve => ({
    findings: [finding("value", where, message, hint)],
  });
  if (observed === undefined)
    return wrong(`${kind} connections cannot be observed`, "name its operations, and remove observe");
  if (!isMapping(written["observe"]))
    return wrong("observing needs its last day", "write observe: { until: YYYY-MM-DD }, or leave it out");
  const { operations } = written;
  if (isMapping(operations) && OBSERVE in operations)
    return wrong("an observed connection has an operation observe already", "give this one another name", [
      ...path,
      "operations",
      OBSERVE,
    ]);
  const read = check(observe, written["observe"], at);
  if (!read.ok) return { findings: read.findings };
  const { until } = read.output;
  const last = Date.parse(`${until}T00:00:00Z`);
  if (Number.isNaN(last) || new Date(last).toISOString().slice(0, 10) !== until)
    return wrong(`${until} is no day`, "write a day of the calendar: YYYY-MM-DD", [...at, "until"]);
  if (last - systemClock.wall() > MAX_DAYS * day)
    return wrong(
      `${until} is more than ${MAX_DAYS} days from now`,
      "observe for some weeks, propose operations with mayflyd inventory, and set a later day where that was not enough",
      [...at, "until"],
    );
  return {
    findings: [],
    operation: {
      name: OBSERVE,
      description: `Whatever can be recorded, to learn what is needed; until the end of ${until}, UTC`,
      risk: "high",
      scope: observed(),
      until: last + day,
    },
  };
}

/** A connection without operations that end: what it grants for good. */
export function withoutEnding(connection: ConnectionConfiguration): ConnectionConfiguration {
  const lasting = [...connection.operations].filter(([, { until }]) => until === undefined);
  return { ...connection, operations: new Map(lasting) };
}
