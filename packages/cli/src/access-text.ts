import type { Grant } from "@mayfly/sdk";
import { formatDuration } from "@mayfly/sdk/formats";
import { moment, note, oneLine, out } from "./print.ts";
import { waysIn } from "./ways-in.ts";

/** Prints a grant and the ways in that came with it. @param caFile see `waysIn` */
export function printAccess(grant: Grant, caFile: string | undefined): void {
  out(
    `grant ${grant.id}: ${grant.operations.map(oneLine).join(", ")} for ${termOf(grant)}, until ${moment(grant.ends_at)}`,
  );
  if (grant.access === undefined) return;
  const ways = waysIn(grant.access, caFile);
  if (ways.dsn !== undefined) out(`dsn ${oneLine(ways.dsn)}`);
  if (ways.url !== undefined) out(`url ${oneLine(ways.url)}`);
  printExports(ways.env);
  if (grant.access.kubeconfig !== undefined)
    note(`For kubectl: mayfly kubeconfig ${grant.connection} > kubeconfig.yaml, or mayfly run`);
  note(`Release it when you are done: mayfly release ${grant.id}`);
}

/**
 * Prints variables as a shell takes them: to be evaluated, so that a name must be one (POSIX, "Name").
 * @throws Error before anything is printed
 */
export function printExports(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(env))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new Error(`the gateway names a variable that no shell takes: ${oneLine(JSON.stringify(name))}`);
  for (const [name, value] of Object.entries(env)) out(`export ${name}=${shellQuote(value)}`);
}

/** How long a grant lives: less than was asked for where its reviewers allowed less. */
function termOf(grant: Grant): string {
  return formatDuration(Date.parse(grant.ends_at) - Date.parse(grant.activated_at));
}

export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
