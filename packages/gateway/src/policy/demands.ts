import { closedPathsInWords } from "./closed-paths.ts";
import { leaseInWords } from "./lease.ts";
import type { Terms } from "./types.ts";

/** What terms demand of the task and of where it runs. */
type Demands = Pick<Terms, "lease" | "closedPaths" | "sandbox">;

/** Whether terms demand nothing of the task: the ask alone is enough. */
export function isUndemanding({ lease, closedPaths, sandbox }: Demands): boolean {
  return lease === undefined && closedPaths === undefined && sandbox === undefined;
}

/** What terms demand of the task, for people to read: `, with a lease that the task renews, for a command in a sandbox`. */
export function demandsInWords({ lease, closedPaths, sandbox }: Demands): string {
  const held = lease === undefined ? "" : `, with ${leaseInWords(lease)} that the task renews`;
  const from = closedPaths === undefined ? "" : `, from a host with ${closedPathsInWords(closedPaths)}`;
  const inside = sandbox === undefined ? "" : ", for a command in a sandbox";
  return `${held}${from}${inside}`;
}
