import type { Search } from "./search.ts";
import { serverOf } from "./urls.ts";
import { givenName, isReference, targetText } from "./words.ts";
import { attribute, xmlPieces } from "./xml.ts";

/** NuGet's reference, "nuget.config", "packageSourceCredentials" and "config". */
export async function findNuget(search: Search): Promise<void> {
  for (const path of [
    search.home(".nuget", "NuGet", "NuGet.Config"),
    search.home(".config", "NuGet", "NuGet.Config"),
  ]) {
    const sources = new Map<string, string>();
    const found: { source: string; line: number }[] = [];
    let section = "";
    let source = "";
    for (const { piece, line } of xmlPieces((await search.text(path))?.text ?? "")) {
      const opened = /^<([\w.:-]{1,128})\s{0,80}>$/.exec(piece)?.[1];
      if (/^(?:packageSources|packageSourceCredentials|config)$/.test(opened ?? "")) section = opened ?? "";
      else if (opened !== undefined) source = opened;
      if (!/^<add\s/.test(piece)) continue;
      const [key, value] = [attribute(piece, "key"), attribute(piece, "value")];
      if (key === undefined || value === undefined || value === "") continue;
      if (section === "packageSources") sources.set(key, value);
      if (
        section === "packageSourceCredentials" &&
        /^(?:ClearText)?Password$/i.test(key) &&
        !isReference(value)
      )
        found.push({ source, line });
      if (section === "config" && /^https?_proxy$/i.test(key)) search.proxy(`${path}:${line}`, value);
    }
    for (const each of found) {
      // A name of an element has _x0020_ for a blank.
      const name = each.source.replaceAll("_x0020_", " ");
      const leadsTo = serverOf(sources.get(name) ?? "");
      const otherwise = `NuGet, source ${givenName(name) ?? "without a plain name"}`;
      search.add("registry", `${path}:${each.line}`, targetText(leadsTo, otherwise), leadsTo);
    }
  }
}
