import { dirname, join } from "node:path";
import { addLogin } from "./connection-strings.ts";
import { isSecretHeader } from "./curlrc.ts";
import { folderAndAbove } from "./folders.ts";
import { linesOf, unquoted } from "./lines.ts";
import type { Search } from "./search.ts";
import { member, members, text, yamlFile } from "./structured.ts";
import { serverOf, urlLogin } from "./urls.ts";
import { target, targetText } from "./words.ts";

/** Configuration files that include each other. */
const MAX_FILES = 20;

/** Finds the logins that git and its forges' programs keep. */
export async function findGit(search: Search): Promise<void> {
  // git-credential-store(1), "FILES".
  const stores = [search.home(".git-credentials"), search.config("git", "credentials")];
  const configs: GitConfig[] = [
    search.system("/etc/gitconfig"),
    search.config("git", "config"),
    search.home(".gitconfig"),
  ].map((path) => ({ path, isOfFolder: false }));
  configs.push(...(await repositoryConfigs(search)));
  for (let at = 0; at < configs.length && at < MAX_FILES; at++) {
    const config = configs[at];
    const file = config === undefined ? undefined : await search.text(config.path);
    if (config === undefined || file === undefined) continue;
    const more = addConfig(search, config, file.text);
    configs.push(...more.configs.map((path) => ({ ...config, path })));
    stores.push(...more.stores);
  }
  for (const path of new Set(stores.slice(0, MAX_FILES))) await findInStore(search, path);
  addFromVariables(search);
  await findForges(search);
}

/** A file of git's configuration. */
interface GitConfig {
  readonly path: string;
  /** See `FoundProxy`. */
  readonly isOfFolder: boolean;
}

/** A line of git's configuration. */
interface GitSetting {
  /** Lower case: http, remote, url. */
  readonly section: string;
  /** What stands in quotes in the section's head. */
  readonly subsection: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** The settings in a configuration file (git-config(1), "Syntax"). */
function gitSettings(content: string): readonly GitSetting[] {
  const settings: GitSetting[] = [];
  let section = "";
  let subsection = "";
  for (const { number, text: line } of linesOf(content)) {
    let rest = line.trim();
    const head = /^\[\s{0,8}([\w.-]{1,100})\s{0,8}(?:"((?:[^"\\]|\\.)*)")?\s{0,8}\]/.exec(rest);
    if (head !== null) {
      section = (head[1] ?? "").toLowerCase();
      subsection = (head[2] ?? "").replaceAll(/\\(.)/g, "$1");
      settings.push({ section, subsection, key: "", value: "", line: number });
      rest = rest.slice(head[0].length).trim();
    }
    const equals = rest.indexOf("=");
    if (equals <= 0 || rest.startsWith("#") || rest.startsWith(";")) continue;
    const key = rest.slice(0, equals).trim().toLowerCase();
    settings.push({ section, subsection, key, value: unquoted(rest.slice(equals + 1).trim()), line: number });
  }
  return settings;
}

function addConfig(
  search: Search,
  { path, isOfFolder }: GitConfig,
  content: string,
): { readonly configs: readonly string[]; readonly stores: readonly string[] } {
  const configs: string[] = [];
  const stores: string[] = [];
  for (const { section, subsection, key, value, line } of gitSettings(content)) {
    const place = `${path}:${line}`;
    // `[url "https://token@host/"]` and `[http "https://host/"]`; the line of the section's head has no key.
    const isUrl =
      (section === "remote" && /^(?:push)?url$/.test(key)) || (section === "submodule" && key === "url");
    addUrl(search, place, isUrl ? value : section === "url" && key === "" ? subsection : "");
    if (section === "http" && key === "extraheader") addHeader(search, place, value, subsection);
    if ((section === "http" && key === "proxy") || (section === "remote" && key === "proxy"))
      search.proxy(place, value, { isOfFolder });
    if ((section === "include" || section === "includeif") && key === "path" && value !== "")
      configs.push(search.path(value, dirname(path)));
    if (section === "credential" && key === "helper")
      stores.push(...storeOf(value).map((named) => search.path(named)));
  }
  return { configs, stores };
}

/** The file of `store --file PATH`. */
function storeOf(helper: string): readonly string[] {
  const [program, ...words] = helper.split(/[\s=]+/);
  const path = words[words.indexOf("--file") + 1];
  return program === "store" && words.includes("--file") && path !== undefined && path !== "" ? [path] : [];
}

function addUrl(search: Search, place: string, url: string): void {
  const login = urlLogin(url);
  if (login !== undefined) addLogin(search, place, login, "git");
}

function addHeader(search: Search, place: string, header: string, url: string): void {
  if (!isSecretHeader(header)) return;
  const leadsTo = url === "" ? undefined : serverOf(url);
  search.add("git", place, `git, a header with a login for ${targetText(leadsTo, "any host")}`, leadsTo);
}

async function findInStore(search: Search, path: string): Promise<void> {
  const file = await search.text(path);
  for (const { number, text: line } of linesOf(file?.text ?? ""))
    addUrl(search, `${path}:${number}`, line.trim());
}

/** git-config(1), "GIT_CONFIG_COUNT". */
function addFromVariables(search: Search): void {
  const count = Math.min(Number(search.env("GIT_CONFIG_COUNT") ?? "0") || 0, 100);
  for (let at = 0; at < count; at++) {
    const [, url = "", key] =
      /^http\.(?:(.{1,500})\.)?(extraheader|proxy)$/i.exec(search.env(`GIT_CONFIG_KEY_${at}`) ?? "") ?? [];
    const place = `environment variable GIT_CONFIG_VALUE_${at}`;
    const value = search.env(`GIT_CONFIG_VALUE_${at}`) ?? "";
    if (key?.toLowerCase() === "extraheader") addHeader(search, place, value, url);
    else if (key !== undefined) search.proxy(place, value);
  }
}

/** The configuration of the repository that the working folder belongs to (gitrepository-layout(5)). */
async function repositoryConfigs(search: Search): Promise<readonly GitConfig[]> {
  const { cwd, root } = search.surroundings;
  for (const folder of folderAndAbove(cwd, [root])) {
    const dotGit = join(folder, ".git");
    const isOfFolder = search.isOfFolder(folder);
    if (await search.isFolder(dotGit)) return [{ path: join(dotGit, "config"), isOfFolder }];
    // Of a worktree or a submodule it is a file that names the folder.
    const named = /^gitdir: ?(\S.*)/.exec((await search.text(dotGit))?.text ?? "")?.[1]?.trim();
    if (named !== undefined) {
      const own = search.path(named, folder);
      const common = (await search.text(join(own, "commondir")))?.text.trim();
      return [own, ...(common === undefined || common === "" ? [] : [search.path(common, own)])].map(
        (place) => ({ path: join(place, "config"), isOfFolder }),
      );
    }
  }
  return [];
}

/** What gh, glab and hub keep. */
async function findForges(search: Search): Promise<void> {
  const github = search.env("GH_CONFIG_DIR");
  const hosts = join(github === undefined ? search.config("gh") : search.path(github), "hosts.yml");
  for (const [host, value] of members(await yamlFile(search, hosts))) {
    const inFile = [value, ...members(member(value, "users")).map(([, user]) => user)].some(
      (user) => text(member(user, "oauth_token")) !== undefined,
    );
    const isLoggedIn = inFile || text(member(value, "user")) !== undefined;
    if (isLoggedIn) addForge(search, hosts, host, inFile ? "gh" : "gh, the token in the system's keyring");
  }
  const gitlab = search.env("GLAB_CONFIG_DIR");
  const own = join(gitlab === undefined ? search.config("glab-cli") : search.path(gitlab), "config.yml");
  for (const [host, value] of members(member(await yamlFile(search, own), "hosts")))
    if (text(member(value, "token")) !== undefined) addForge(search, own, host, "glab");
  const hub = search.config("hub");
  for (const [host, value] of members(await yamlFile(search, hub)))
    if (Array.isArray(value) && value.some((user) => text(member(user, "oauth_token")) !== undefined))
      addForge(search, hub, host, "hub");
}

function addForge(search: Search, path: string, host: string, program: string): void {
  const leadsTo = target({ host }, 443);
  search.add("git", path, `${program} at ${targetText(leadsTo, "a host without a plain name")}`, leadsTo);
}
