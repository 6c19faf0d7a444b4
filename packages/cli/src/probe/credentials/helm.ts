import { join } from "node:path";
import type { Search } from "./search.ts";
import { items, member, text, yamlFile } from "./structured.ts";
import { serverOf } from "./urls.ts";
import { targetText } from "./words.ts";

/** Where Helm keeps its settings (Helm's documentation, "Helm Environment Variables"). */
export function helmFolder(search: Search): string {
  const set = search.env("HELM_CONFIG_HOME");
  return set === undefined ? search.config("helm") : search.path(set);
}

/** The repositories of `helm repo add --username`, `--key-file`. */
export async function findHelm(search: Search): Promise<void> {
  const named = search.env("HELM_REPOSITORY_CONFIG");
  const path = named === undefined ? join(helmFolder(search), "repositories.yaml") : search.path(named);
  for (const repository of items(member(await yamlFile(search, path), "repositories"))) {
    const key = text(member(repository, "keyFile"));
    const hasKey = key !== undefined && (await search.holdsAnything(search.path(key)));
    if (text(member(repository, "password")) === undefined && !hasKey) continue;
    const leadsTo = serverOf(text(member(repository, "url")) ?? "");
    search.add("registry", path, targetText(leadsTo, "Helm, a repository"), leadsTo);
  }
}

/** Hugging Face Hub's documentation, "Environment variables": what `hf auth login` keeps. */
export async function findHuggingFace(search: Search): Promise<void> {
  const home = search.env("HF_HOME");
  const named = search.env("HF_TOKEN_PATH");
  const folder = home === undefined ? search.home(".cache", "huggingface") : search.path(home);
  const files = [
    named === undefined ? join(folder, "token") : search.path(named),
    join(folder, "stored_tokens"),
  ];
  for (const path of files)
    if (await search.holdsAnything(path))
      search.add("registry", path, "Hugging Face", { host: "huggingface.co", port: 443 });
}
