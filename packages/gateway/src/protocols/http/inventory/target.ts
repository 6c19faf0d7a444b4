import type { HttpTarget } from "../target.ts";

/** A line of acts that were seen at the gateway itself, whose paths begin behind the connection's name. */
export const AT_GATEWAY = "mayfly-grant:";

/** The path that an API's URL has, without a slash at its end; empty: it has none, or nothing is configured yet. */
export function baseOf(target: unknown): string {
  if (target === undefined) return "";
  return new URL((target as HttpTarget).url).pathname.replace(/\/+$/u, "");
}

/**
 * An act as a client of the gateway sends it: logs of the API have the path of its URL before each request's own.
 * @param base of `baseOf`
 */
export function withoutBase(act: string, base: string): string {
  const blank = act.indexOf(" ");
  if (base === "" || !act.startsWith(`${base}/`, blank + 1) || act.includes(`\n${AT_GATEWAY}`)) return act;
  return `${act.slice(0, blank + 1)}${act.slice(blank + 1 + base.length)}`;
}
