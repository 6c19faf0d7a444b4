import { join } from "node:path";
import { linesOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { serverOf } from "./urls.ts";

/** Finds the logins of vaults, and of other gateways. */
export async function findVault(search: Search): Promise<void> {
  // Vault documentation, "Token helpers".
  const token = search.home(".vault-token");
  if (((await search.text(token))?.text ?? "").trim() !== "")
    search.add("vault", token, "Vault", serverOf(search.env("VAULT_ADDR") ?? ""));
  await findAge(search);
  for (const { path, name } of kept(search))
    if (await search.holdsAnything(path)) search.add("vault", path, name);
  await findTeleport(search);
}

/** Files that are there once somebody has logged in. */
function kept(search: Search): readonly { readonly path: string; readonly name: string }[] {
  return [
    // 1Password CLI reference, "Config directories": the accounts that have been added.
    ...[search.config("op", "config"), search.home(".op", "config")].map((path) => ({
      path,
      name: "1Password, op's accounts",
    })),
    { path: search.home(".hoop", "config.toml"), name: "hoop" },
    { path: search.home(".sdm", "state.kv"), name: "StrongDM" },
    { path: search.home(".strongdm", ".sdm"), name: "StrongDM" },
  ];
}

/** SOPS's README, "Encrypting using age". */
async function findAge(search: Search): Promise<void> {
  const named = search.env("SOPS_AGE_KEY_FILE");
  const path = named === undefined ? search.config("sops", "age", "keys.txt") : search.path(named);
  for (const { number, text } of linesOf((await search.text(path))?.text ?? ""))
    if (text.trim().startsWith("AGE-SECRET-KEY-"))
      search.add("vault", `${path}:${number}`, "SOPS, an age key");
}

/** Teleport's documentation, "tsh": a folder with the keys of each proxy. */
async function findTeleport(search: Search): Promise<void> {
  const set = search.env("TELEPORT_HOME");
  const folder = join(set === undefined ? search.home(".tsh") : search.path(set), "keys");
  for (const proxy of await search.names(folder)) {
    const leadsTo = serverOf(proxy);
    if ((await search.names(join(folder, proxy))).length > 0)
      search.add("vault", join(folder, proxy), "Teleport, tsh's keys", leadsTo);
  }
}
