import { join } from "node:path";
import { addLogin } from "./connection-strings.ts";
import { sectionsOf, settingsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { serverOf, urlLogin } from "./urls.ts";
import { givenName, isReference, targetText } from "./words.ts";

/** Poetry's documentation, "Repositories", "Configuring credentials". */
export async function findPoetry(search: Search): Promise<void> {
  const set = search.env("POETRY_CONFIG_DIR");
  const path = join(set === undefined ? search.config("pypoetry") : search.path(set), "auth.toml");
  for (const [section, settings] of sectionsOf((await search.text(path))?.text ?? "")) {
    const repository = /^http-basic\.(.+)$/.exec(section)?.[1];
    for (const { key, value, line } of settings.values()) {
      const isToken = section === "pypi-token";
      if (value === "" || !(isToken || (repository !== undefined && key === "password"))) continue;
      const name = givenName(isToken ? key : repository) ?? "without a plain name";
      search.add("registry", `${path}:${line}`, `Poetry, repository ${name}`);
    }
  }
}

/** uv's documentation, "The uv auth CLI" and "Package indexes". */
export async function findUv(search: Search): Promise<void> {
  const named = search.env("UV_CREDENTIALS_DIR");
  const data = search.env("XDG_DATA_HOME") ?? search.home(".local", "share");
  const path = join(
    named === undefined ? join(data, "uv", "credentials") : search.path(named),
    "credentials.toml",
  );
  let service = "";
  for (const { key, value, line } of settingsOf((await search.text(path))?.text ?? "")) {
    if (key === "service") service = value;
    if (!/^(?:password|token)$/.test(key) || value === "" || isReference(value)) continue;
    const leadsTo = serverOf(service);
    search.add("registry", `${path}:${line}`, targetText(leadsTo, "uv, a service"), leadsTo);
  }
  for (const config of [search.system("/etc/uv/uv.toml"), search.config("uv", "uv.toml")])
    for (const { value, line } of settingsOf((await search.text(config))?.text ?? "")) {
      const login = urlLogin(value);
      if (login !== undefined) addLogin(search, `${config}:${line}`, login, "registry");
    }
}
