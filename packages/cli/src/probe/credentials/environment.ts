import type { Search } from "./search.ts";
import { findInVariables } from "./variables.ts";

/** Finds what the environment's variables hold. */
export async function findInEnvironment(search: Search): Promise<void> {
  const variables = Object.entries(search.surroundings.env).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value, place: `environment variable ${name}` }],
  );
  await findInVariables(search, variables);
}
