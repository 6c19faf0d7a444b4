import { listed, rareUses } from "../../../gate/inventory/notes.ts";
import type { SeenItem } from "./endpoints.ts";
import { formOf } from "./forms.ts";
import type { Member } from "./operations.ts";
import { bodyOf, membersOf } from "./bodies.ts";
import { isOpen } from "./paths.ts";
import { nameOf } from "./template.ts";
import { leads } from "./words.ts";

/** What whoever reads an operation should look at. */
export function notesOf(cluster: readonly Member[]): readonly string[] {
  const all = cluster.flatMap(({ items }) => items);
  const everybody = new Set(all.flatMap(({ seen }) => [...seen.by.keys()]));
  const parts = cluster.flatMap(({ endpoint, items }) =>
    items.flatMap(({ seen, request }) => [
      { key: endpoint.template, words: endpoint.template, seen },
      ...request.parameters.map(({ name }) => ({ key: `?${name}`, words: `the parameter ${name}`, seen })),
      ...(request.headers ?? []).map((name) => ({ key: `:${name}`, words: `the header ${name}`, seen })),
      ...membersOf(request.json).map((path) => ({
        key: `/${path}`,
        words: `the member ${path} of a body`,
        seen,
      })),
    ]),
  );
  const bodies = cluster.flatMap(({ endpoint, items }) => bodyOf(endpoint, items) ?? []);
  return [
    ...rareUses(parts, everybody),
    ...new Set(
      cluster.flatMap(({ endpoint: { parts } }) =>
        parts.flatMap((part, at) =>
          isOpen(part)
            ? [
                `any word passes as {${nameOf(part, parts[at - 1])}}, also one such as admin or export: ${part.seen} ${part.seen === 1 ? "was" : "were"} seen`,
              ]
            : [],
        ),
      ),
    ),
    ...listed(
      "most values have a form, and any passes",
      cluster.flatMap(({ items }) => mixedParameters(items)),
    ),
    ...listed(
      "any value passes, and the server may go where it leads",
      cluster.flatMap(({ items }) =>
        items.flatMap(({ request }) =>
          request.parameters.filter(({ name }) => leads(name)).map(({ name }) => `the parameter ${name}`),
        ),
      ),
    ),
    ...bodies
      .flatMap(({ schema, types }) =>
        schema === undefined
          ? [
              `the source does not show its bodies: ${types.join(" or ")} is a guess, and any passes. Write body.types and body.schema`,
            ]
          : [],
      )
      .slice(0, 1),
  ];
}

/** Parameters whose values have a form most times, and not always. */
function mixedParameters(items: readonly SeenItem[]): readonly string[] {
  const counts = new Map<string, { formed: number; all: number }>();
  for (const { request, times } of items)
    for (const { name, value } of request.parameters) {
      const count = counts.get(name) ?? { formed: 0, all: 0 };
      count.all += times;
      if (formOf(value) !== undefined) count.formed += times;
      counts.set(name, count);
    }
  return [...counts].flatMap(([name, { formed, all }]) =>
    formed < all && formed * 2 > all ? [`the parameter ${name}`] : [],
  );
}
