import { isName } from "../checks/names.ts";

/** Longer ones are no names that anybody is called by, and would push the login aside. */
const longest = 80;

/**
 * The name that a provider shows for a person, which stands beside the login and never in its place: people often write
 * it themselves. What could be taken for a login is left out, and so is whatever is no name; nobody is refused for it.
 */
export function displayName(value: unknown, login: string): string | undefined {
  if (!isName(value) || value.length > longest || value.includes("@")) return undefined;
  const name = value.trim();
  return name === login ? undefined : name;
}
