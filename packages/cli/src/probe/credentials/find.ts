import { findAgents } from "./agents.ts";
import { findCloud } from "./cloud.ts";
import { findDatabases } from "./databases.ts";
import { findInCurlrc } from "./curlrc.ts";
import { findInDotenv } from "./dotenv.ts";
import { findInEnvironment } from "./environment.ts";
import type { FoundHere, Surroundings } from "./found.ts";
import { findGit } from "./git.ts";
import { findKerberos } from "./kerberos.ts";
import { findKubernetes } from "./kubernetes.ts";
import { findInMcpSettings } from "./mcp.ts";
import { findMysql } from "./mysql.ts";
import { findInNetrc } from "./netrc.ts";
import { findPostgres } from "./postgres.ts";
import { findRegistries } from "./registries.ts";
import { Search } from "./search.ts";
import { findSsh } from "./ssh.ts";
import { findTools } from "./tools.ts";
import { findVault } from "./vault.ts";

export type { FoundCredential, FoundHere, FoundProxy, Surroundings } from "./found.ts";

/** What is looked for, in this order: the first to be found are kept where there are too many. */
const FINDERS: readonly { readonly what: string; readonly find: (search: Search) => Promise<void> }[] = [
  { what: "environment", find: findInEnvironment },
  { what: "PostgreSQL", find: findPostgres },
  { what: "MySQL", find: findMysql },
  { what: "other databases", find: findDatabases },
  { what: "Kubernetes", find: findKubernetes },
  { what: "Kerberos", find: findKerberos },
  { what: "settings of MCP servers", find: findInMcpSettings },
  { what: "coding agents", find: findAgents },
  { what: "SSH", find: findSsh },
  { what: "cloud providers", find: findCloud },
  { what: "vaults", find: findVault },
  { what: ".netrc", find: findInNetrc },
  { what: "curl and wget", find: findInCurlrc },
  { what: "git", find: findGit },
  { what: "registries", find: findRegistries },
  { what: "command-line tools", find: findTools },
  { what: ".env files", find: findInDotenv },
];

/**
 * Looks for standing credentials, where their clients would find them. It gives names and places, never a value.
 * It never throws: what cannot be read or understood is said in `unread`.
 */
export async function findCredentials(surroundings: Surroundings): Promise<FoundHere> {
  return (await searchAll(surroundings)).found();
}

/** Looks for standing credentials as `findCredentials` does. @returns the search, which tells what holds them */
export async function searchAll(surroundings: Surroundings): Promise<Search> {
  const search = new Search(surroundings);
  for (const { what, find } of FINDERS) {
    try {
      await find(search);
    } catch {
      // An error's text may quote what it was about.
      search.failed(what);
    }
  }
  return search;
}
