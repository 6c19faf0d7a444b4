import { join, resolve } from "node:path";
import { addLogin } from "./connection-strings.ts";
import type { LeadsTo } from "./found.ts";
import { findHelm, findHuggingFace, helmFolder } from "./helm.ts";
import { findCargo } from "./cargo.ts";
import { linesOf, sectionsOf, settingsOf, unquoted } from "./lines.ts";
import { findMaven } from "./maven.ts";
import { findNuget } from "./nuget.ts";
import { findPoetry, findUv } from "./python-tools.ts";
import type { Search } from "./search.ts";
import { jsonFile, member, members, text, yamlFile } from "./structured.ts";
import { serverOf, urlLogin } from "./urls.ts";
import { givenName, isReference, targetText } from "./words.ts";

/** Finds the logins of package and container registries. */
export async function findRegistries(search: Search): Promise<void> {
  await findNpm(search);
  await findContainers(search);
  await findPython(search);
  await findOthers(search);
}

function add(search: Search, place: string, program: string, leadsTo: LeadsTo | undefined): void {
  search.add("registry", place, targetText(leadsTo, program), leadsTo);
}

/** npm's documentation, "npmrc": keys of a registry begin with its address; ${NAME} stands for a variable. */
async function findNpm(search: Search): Promise<void> {
  const named = search.env("NPM_CONFIG_USERCONFIG") ?? search.env("npm_config_userconfig");
  const { cwd } = search.surroundings;
  const paths = [
    ...(named === undefined ? [] : [search.path(named)]),
    search.home(".npmrc"),
    // npm's "globalconfig" lies below where npm was installed.
    ...["/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"].map((path) => search.system(path)),
    resolve(cwd, ".npmrc"),
  ];
  const global = search.env("NPM_CONFIG_GLOBALCONFIG") ?? search.env("npm_config_globalconfig");
  if (global !== undefined) paths.unshift(search.path(global));
  for (const path of new Set(paths)) {
    const isOfFolder = path === resolve(cwd, ".npmrc") && path !== search.home(".npmrc");
    const lines = linesOf((await search.text(path))?.text ?? "").flatMap(({ number, text: line }) => {
      const equals = line.indexOf("=");
      const key = line.slice(0, Math.max(equals, 0)).trim();
      return key === "" || /^[#;]/.test(key)
        ? []
        : [{ key, value: unquoted(line.slice(equals + 1).trim()), number }];
    });
    const usual = lines.find(({ key }) => key === "registry")?.value ?? "https://registry.npmjs.org/";
    for (const { key, value, number } of lines) {
      const place = `${path}:${number}`;
      if (/^(?:https?-)?proxy$/.test(key) && value !== "null" && value !== "false")
        search.proxy(place, value, { isOfFolder });
      const found = /^(?:\/\/(.{1,300}):)?(?:_authToken|_auth|_password|keyfile)$/.exec(key);
      if (found === null || !isSet(search, value)) continue;
      const registry = found[1];
      add(search, place, "npm", serverOf(registry === undefined ? usual : `https://${registry}`));
    }
  }
}

/** A value that stands for a variable counts where that is set. */
function isSet(search: Search, value: string): boolean {
  const variable = /^\$\{(\w{1,128})\??\}$/.exec(value)?.[1];
  return variable === undefined ? value !== "" : search.env(variable) !== undefined;
}

/** docker login(1), "Credential stores"; containers-auth.json(5). */
async function findContainers(search: Search): Promise<void> {
  const docker = search.env("DOCKER_CONFIG");
  const runtime = search.env("XDG_RUNTIME_DIR");
  const { uid } = search.surroundings;
  const named = search.env("REGISTRY_AUTH_FILE");
  const paths = [
    join(docker === undefined ? search.home(".docker") : search.path(docker), "config.json"),
    ...(named === undefined ? [] : [search.path(named)]),
    ...(runtime === undefined ? [] : [join(search.path(runtime), "containers", "auth.json")]),
    ...(runtime === undefined && uid !== undefined
      ? [
          search.system(`/run/user/${uid}/containers/auth.json`),
          search.system(`/run/containers/${uid}/auth.json`),
        ]
      : []),
    search.config("containers", "auth.json"),
    // Helm's documentation, "Helm Environment Variables".
    search.path(search.env("HELM_REGISTRY_CONFIG") ?? join(helmFolder(search), "registry", "config.json")),
  ];
  for (const path of new Set(paths)) {
    const value = await jsonFile(search, path);
    const store = text(member(value, "credsStore"));
    const auths = members(member(value, "auths"));
    for (const [registry, auth] of auths) {
      const isHere = ["auth", "identitytoken", "registrytoken", "password"].some(
        (key) => text(member(auth, key)) !== undefined,
      );
      if (isHere) add(search, path, "a container registry", registryOf(registry));
      else if (store !== undefined) addHelper(search, path, store, registry);
    }
    if (store !== undefined && auths.length === 0) addHelper(search, path, store, undefined);
    for (const [registry, helper] of members(member(value, "credHelpers")))
      if (typeof helper === "string") addHelper(search, path, helper, registry);
    for (const [kind, proxies] of members(member(value, "proxies")))
      for (const [name, proxy] of members(proxies))
        if (/^(?:http|https|all)Proxy$/.test(name) && typeof proxy === "string")
          search.proxy(`${path} (proxies ${givenName(kind) ?? "without a plain name"})`, proxy);
  }
}

function addHelper(search: Search, path: string, helper: string, registry: string | undefined): void {
  const leadsTo = registry === undefined ? undefined : registryOf(registry);
  const by = `the helper docker-credential-${givenName(helper) ?? "without a plain name"}`;
  search.add("registry", path, leadsTo === undefined ? by : `${targetText(leadsTo, "")}, by ${by}`, leadsTo);
}

function registryOf(registry: string): LeadsTo | undefined {
  return serverOf(registry);
}

/** Python packaging user guide, "The .pypirc file"; pip's documentation, "Configuration". */
async function findPython(search: Search): Promise<void> {
  const pypirc = search.home(".pypirc");
  for (const [section, settings] of sectionsOf((await search.text(pypirc))?.text ?? "")) {
    const password = settings.get("password");
    if (password === undefined || password.value === "" || isReference(password.value)) continue;
    const usual = section === "testpypi" ? "https://test.pypi.org" : "https://upload.pypi.org";
    const repository = settings.get("repository")?.value;
    add(search, `${pypirc}:${password.line}`, "Python packages", serverOf(repository ?? usual));
  }
  const named = search.env("PIP_CONFIG_FILE");
  const paths = [
    search.system("/etc/pip.conf"),
    search.config("pip", "pip.conf"),
    search.home(".pip", "pip.conf"),
    ...(named === undefined ? [] : [search.path(named)]),
  ];
  await findPoetry(search);
  await findUv(search);
  for (const path of paths)
    for (const { key, value, line } of settingsOf((await search.text(path))?.text ?? "")) {
      const place = `${path}:${line}`;
      if (/^(?:extra[-_])?index[-_]url$|^find[-_]links$/.test(key))
        for (const url of value.split(/\s+/, 100)) addUrl(search, place, url);
      if (key === "proxy") search.proxy(place, value);
    }
}

function addUrl(search: Search, place: string, url: string): void {
  const login = urlLogin(url);
  if (login !== undefined) addLogin(search, place, login, "registry");
}

async function findOthers(search: Search): Promise<void> {
  await findCargo(search);
  await findMaven(search);
  // Gradle user manual, "Build Environment"; RubyGems guides, "API authorization".
  const gradle = search.home(".gradle", "gradle.properties");
  for (const { key, value, line } of settingsOf((await search.text(gradle))?.text ?? ""))
    if (/password|token|secret/i.test(key) && value !== "" && !isReference(value))
      search.add("registry", `${gradle}:${line}`, "Gradle");
  const gem = search.home(".gem", "credentials");
  if (members(await yamlFile(search, gem)).some(([, key]) => text(key) !== undefined))
    search.add("registry", gem, "RubyGems");
  await findYarn(search);
  await findComposer(search);
  await findHelm(search);
  await findNuget(search);
  await findHuggingFace(search);
}

/** Yarn's documentation, ".yarnrc.yml". */
async function findYarn(search: Search): Promise<void> {
  const { cwd } = search.surroundings;
  for (const path of new Set([search.home(".yarnrc.yml"), resolve(cwd, ".yarnrc.yml")])) {
    const value = await yamlFile(search, path);
    const usual = text(member(value, "npmRegistryServer")) ?? "https://registry.yarnpkg.com";
    const scopes = members(member(value, "npmScopes")).map(([, scope]) => ({
      login: scope,
      server: text(member(scope, "npmRegistryServer")) ?? usual,
    }));
    const registries = members(member(value, "npmRegistries")).map(([server, login]) => ({
      login,
      server: server.replace(/^\/\//, "https://"),
    }));
    for (const { login, server } of [{ login: value, server: usual }, ...scopes, ...registries])
      if (["npmAuthToken", "npmAuthIdent"].some((key) => isSet(search, text(member(login, key)) ?? "")))
        add(search, path, "Yarn", serverOf(server));
    for (const key of ["httpProxy", "httpsProxy"]) {
      const proxy = text(member(value, key));
      if (proxy !== undefined) search.proxy(path, proxy, { isOfFolder: path !== search.home(".yarnrc.yml") });
    }
  }
}

/** Composer's documentation, "Authentication for privately hosted packages and repositories". */
async function findComposer(search: Search): Promise<void> {
  const home = search.env("COMPOSER_HOME");
  const folders =
    home === undefined ? [search.home(".composer"), search.config("composer")] : [search.path(home)];
  for (const path of folders.map((folder) => join(folder, "auth.json")))
    for (const [kind, logins] of members(await jsonFile(search, path)))
      for (const [host, login] of members(logins))
        if (/-oauth$|-token$|-basic$|^bearer$|-digest$/.test(kind) && login !== "" && login !== null)
          add(search, path, "Composer", serverOf(host));
}
