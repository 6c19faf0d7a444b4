import { join } from "node:path";
import { foldersOf, upwards } from "./folders.ts";
import type { FoundCredential } from "./found.ts";
import { sectionsOf, settingsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { items, jsonFile, member, members, text, yamlFile } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { isReference, targetText } from "./words.ts";

/** Finds the logins of further command-line tools, and GnuPG's keys. */
export async function findTools(search: Search): Promise<void> {
  await findGnupg(search);
  await findArgoCd(search);
  await findKaggle(search);
  await findOldHuggingFace(search);
  await findSentry(search);
  await findVercel(search);
  await findWrangler(search);
  await findNetlify(search);
}

/** GnuPG's manual, "Agent Configuration" and "GPG Configuration": versions before 2.1 keep all in one file. */
async function findGnupg(search: Search): Promise<void> {
  for (const folder of foldersOf(search, "GNUPGHOME", search.home(".gnupg"))) {
    const keys = join(folder, "private-keys-v1.d");
    if ((await search.names(keys)).some((name) => name.endsWith(".key")))
      search.add("vault", keys, "GnuPG, private keys");
    const old = join(folder, "secring.gpg");
    if (await search.holdsAnything(old)) search.add("vault", old, "GnuPG, private keys");
  }
}

/** Argo CD's documentation, "Environment Variables"; its source, localconfig.go: contexts join users and servers. */
async function findArgoCd(search: Search): Promise<void> {
  const usual = [search.config("argocd"), search.home(".argocd")];
  for (const folder of foldersOf(search, "ARGOCD_CONFIG_DIR", ...usual)) {
    const path = join(folder, "config");
    const value = await yamlFile(search, path);
    const plain = new Set(
      items(member(value, "servers"))
        .filter((server) => member(server, "plain-text") === true)
        .map((server) => member(server, "server")),
    );
    const servers = Map.groupBy(items(member(value, "contexts")), (context) => member(context, "user"));
    const users = items(member(value, "users"))
      .filter((user) => ["auth-token", "refresh-token"].some((key) => text(member(user, key)) !== undefined))
      .map((user) => member(user, "name"));
    for (const user of new Set(users))
      for (const context of servers.get(user) ?? [undefined]) {
        const server = member(context, "server");
        add(search, "cloud", path, "Argo CD", `${plain.has(server) ? "http://" : ""}${text(server) ?? ""}`);
      }
  }
}

/** Kaggle API's README, "API credentials". */
async function findKaggle(search: Search): Promise<void> {
  const usual = [search.config("kaggle"), search.home(".kaggle")];
  for (const path of foldersOf(search, "KAGGLE_CONFIG_DIR", ...usual).map((at) => join(at, "kaggle.json")))
    if (text(member(await jsonFile(search, path), "key")) !== undefined)
      add(search, "registry", path, "Kaggle", "https://www.kaggle.com");
}

/** huggingface_hub's source, _hf_folder.py of 0.11: where older versions keep the token. */
async function findOldHuggingFace(search: Search): Promise<void> {
  const path = search.home(".huggingface", "token");
  if (await search.holdsAnything(path))
    add(search, "registry", path, "Hugging Face", "https://huggingface.co");
}

/** Sentry CLI's documentation, "Configuration and Authentication": it is looked for upwards, and in the home folder. */
async function findSentry(search: Search): Promise<void> {
  const name = ".sentryclirc";
  for (const path of new Set([search.home(name), ...upwards(search).map((folder) => join(folder, name))])) {
    const sections = sectionsOf((await search.text(path))?.text ?? "");
    const secret = ["token", "api_key"]
      .map((key) => sections.get("auth")?.get(key))
      .find((setting) => setting !== undefined && setting.value !== "" && !isReference(setting.value));
    const url = sections.get("defaults")?.get("url")?.value ?? "https://sentry.io";
    if (secret !== undefined) add(search, "cloud", `${path}:${secret.line}`, "Sentry", url);
  }
}

/** Vercel's documentation, "Global Vercel CLI Configuration". */
async function findVercel(search: Search): Promise<void> {
  const data = search.env("XDG_DATA_HOME") ?? search.home(".local", "share");
  const path = join(data, "com.vercel.cli", "auth.json");
  const login = await jsonFile(search, path);
  if (["token", "refreshToken"].some((key) => text(member(login, key)) !== undefined))
    add(search, "cloud", path, "Vercel", "https://api.vercel.com");
}

/** Wrangler's source, auth-config-file.ts and global-wrangler-config-path.ts: a file for each profile, `default` first. */
async function findWrangler(search: Search): Promise<void> {
  const usual = [search.home(".wrangler"), search.config(".wrangler")];
  for (const folder of foldersOf(search, "WRANGLER_HOME", ...usual).map((at) => join(at, "config")))
    for (const name of (await search.names(folder)).filter((each) => each.endsWith(".toml"))) {
      const path = join(folder, name);
      const secret = settingsOf((await search.text(path))?.text ?? "").find(
        ({ key, value }) => /^(?:oauth_token|refresh_token|api_token|api_key)$/.test(key) && value !== "",
      );
      if (secret !== undefined)
        add(search, "cloud", `${path}:${secret.line}`, "Cloudflare", "https://api.cloudflare.com");
    }
}

/** Netlify CLI's source, get-global-config-store.ts: older versions keep it in the home folder. */
async function findNetlify(search: Search): Promise<void> {
  for (const path of [search.config("netlify", "config.json"), search.home(".netlify", "config.json")]) {
    const users = members(member(await jsonFile(search, path), "users"));
    if (users.some(([, user]) => text(member(user, "auth", "token")) !== undefined))
      add(search, "cloud", path, "Netlify", "https://api.netlify.com");
  }
}

/** @param url empty where it isn't known */
function add(
  search: Search,
  kind: FoundCredential["kind"],
  place: string,
  program: string,
  url: string,
): void {
  const leadsTo = serverOf(url);
  const at = url === "" ? "" : ` at ${targetText(leadsTo, "a host without a plain name")}`;
  search.add(kind, place, `${program}${at}`, leadsTo);
}
