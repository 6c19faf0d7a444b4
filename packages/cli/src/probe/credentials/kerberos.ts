import { join } from "node:path";
import type { Search } from "./search.ts";

/** Finds tickets (MIT Kerberos documentation, "Credential cache"): of the environment's cache, and of the usual one. */
export async function findKerberos(search: Search): Promise<void> {
  const named = search.env("KRB5CCNAME");
  const { uid } = search.surroundings;
  const paths = uid === undefined ? [] : [search.system(`/tmp/krb5cc_${uid}`)];
  if (named !== undefined) paths.push(...(await cachesOf(search, named)));
  for (const path of new Set(paths))
    if (await isCache(search, path)) search.add("environment", path, "Kerberos, tickets");
}

/** The files of a cache: `FILE:` may be left out, `DIR:` has several, `DIR::` names one of them. */
async function cachesOf(search: Search, named: string): Promise<readonly string[]> {
  const [, type = "FILE", rest = named] = /^([A-Za-z0-9]{1,20}):(.*)$/s.exec(named) ?? [];
  if (type === "FILE" || rest.startsWith(":")) return [search.path(rest.replace(/^:/, ""))];
  if (type === "DIR") {
    const folder = search.path(rest);
    const names = await search.names(folder);
    return names.filter((name) => name.startsWith("tkt")).map((name) => join(folder, name));
  }
  if (type !== "MEMORY")
    search.unread("environment variable KRB5CCNAME", "its cache is kept by the system, not in a file");
  return [];
}

/** MIT Kerberos documentation, "Credential cache file format": 5, then the version. */
async function isCache(search: Search, path: string): Promise<boolean> {
  const [first, version = 0] = (await search.head(path)) ?? [];
  return first === 5 && version >= 1 && version <= 4;
}
