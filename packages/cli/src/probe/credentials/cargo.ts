import { join } from "node:path";
import { settingsOf, unquoted } from "./lines.ts";
import type { Search } from "./search.ts";
import { givenName } from "./words.ts";

/** The Cargo book, "Configuration", "Credentials": tokens may stand in both files. */
export async function findCargo(search: Search): Promise<void> {
  const home = search.env("CARGO_HOME");
  const folder = home === undefined ? search.home(".cargo") : search.path(home);
  for (const name of ["credentials.toml", "credentials", "config.toml", "config"]) {
    const path = join(folder, name);
    const seen = new Set<string>();
    for (const { section, key, value, line } of settingsOf((await search.text(path))?.text ?? "")) {
      const [, table = "", named, secret] =
        /^(registry|registries\.("[^"]{1,128}"|[\w-]{1,128}))(?:\.(token|secret-key))?$/.exec(
          [section, key].filter((part) => part !== "").join("."),
        ) ?? [];
      // `own = { index = "…", token = "…" }`
      const isSecret =
        secret === undefined
          ? /[{,]\s{0,8}(?:token|secret-key)\s{0,8}=\s{0,8}["'][^"']/.test(value)
          : value !== "";
      if (isSecret && !seen.has(table)) {
        seen.add(table);
        add(search, `${path}:${line}`, named);
      }
      if (section === "http" && key === "proxy") search.proxy(`${path}:${line}`, value);
    }
  }
}

function add(search: Search, place: string, registry: string | undefined): void {
  if (registry === undefined)
    search.add("registry", place, "crates.io:443", { host: "crates.io", port: 443 });
  else
    search.add(
      "registry",
      place,
      `Cargo, registry ${givenName(unquoted(registry)) ?? "without a plain name"}`,
    );
}
