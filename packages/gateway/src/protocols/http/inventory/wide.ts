import { readPath } from "../request/path.ts";
import { covers, readTemplate, type Template } from "../request/template.ts";
import type { SeenItem } from "./endpoints.ts";
import type { Left } from "./left.ts";
import type { Member } from "./operations.ts";
import { isWide } from "./paths.ts";
import { shownRequest } from "./request.ts";

/** How many times a request is held against a template, at the most: some seconds. */
const MAX_ASKED = 5_000_000;

/**
 * Sets apart what would let through the path of another request that is set apart, because words pass that were not seen. It
 * goes by method and path alone, whatever else a scope asks for.
 */
export function withoutWide(
  clusters: readonly (readonly Member[])[],
  left: Left[],
): readonly (readonly Member[])[] {
  const refused = left.flatMap(({ of, isRare }) => (of === undefined || isRare === true ? [] : [of]));
  let asked = 0;
  return clusters.filter((cluster) => {
    const wide = cluster.filter(({ endpoint }) => endpoint.parts.some(isWide));
    if (wide.length === 0) return true;
    const own = new Set(cluster.map(({ endpoint }) => endpoint.template));
    const templates = wide.flatMap(({ endpoint }) => templateOf(endpoint.template));
    asked += refused.length * templates.length;
    const through = refused.find(
      ({ endpoint, item }) => !own.has(endpoint.template) && templates.some((each) => takes(each, item)),
    );
    if (through === undefined && asked <= MAX_ASKED) return true;
    const reason =
      through === undefined
        ? "too much is set apart to say whether it lets none of that through"
        : `it would let through what is set apart too: ${shownRequest(through.item.seen.act)}`;
    for (const { endpoint, items } of cluster)
      for (const item of items) left.push({ reason, seen: item.seen, of: { endpoint, item } });
    return false;
  });
}

function templateOf(written: string): readonly Template[] {
  const template = readTemplate(written);
  return "message" in template ? [] : [template];
}

function takes(template: Template, { request }: SeenItem): boolean {
  const path = readPath(request.target.split("?", 1)[0] ?? "");
  return !("why" in path) && covers(template, request.method, path);
}
