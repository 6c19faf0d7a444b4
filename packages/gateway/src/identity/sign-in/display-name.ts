import { isClaimName } from "../checks/names.ts";

/** A longer name would push the login aside. */
const MAX_DISPLAY_NAME_CHARACTERS = 80;

/**
 * The name that a provider shows for a person. It stands beside the login, never in its place, because people often write
 * it themselves. A name that could pass for a login, or that is not a name, is left out; nobody is refused for it.
 */
export function displayName(value: unknown, login: string): string | undefined {
  if (!isClaimName(value) || value.length > MAX_DISPLAY_NAME_CHARACTERS || value.includes("@"))
    return undefined;
  const name = value.trim();
  return name === login ? undefined : name;
}
