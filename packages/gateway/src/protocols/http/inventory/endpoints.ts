import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { type ApiDocument, type DocumentEndpoint, partsOf } from "./document.ts";
import { groupPaths, narrowed, type Part, type PathItem } from "./paths.ts";
import type { SeenRequest } from "./request.ts";
import { templateText } from "./template.ts";

/** Requests that are alike, read. */
export interface SeenItem extends PathItem {
  readonly seen: SeenActs;
  readonly request: SeenRequest;
}

/** Requests of one method whose paths one template covers. */
export interface Endpoint {
  readonly method: string;
  readonly parts: readonly Part[];
  /** As a scope writes it. */
  readonly template: string;
  readonly items: readonly SeenItem[];
  /** Where the document has it. */
  readonly documented: DocumentEndpoint | undefined;
}

/** The endpoints that requests are at: those of the document, and for what it does not have those that the requests show. */
export function endpointsOf(
  items: readonly SeenItem[],
  document: ApiDocument | undefined,
): readonly Endpoint[] {
  const found = items.map((item) => ({ item, at: document?.find(item.request) }));
  const known = Map.groupBy(
    found.filter(({ at }) => at !== undefined),
    ({ at, item }) => `${item.request.method} ${at?.base} ${at?.endpoint.operation.name}`,
  );
  const unknown = found.filter(({ at }) => at === undefined).map(({ item }) => item);
  return [
    ...[...known.values()].flatMap((those): readonly Endpoint[] => {
      const [{ at, item } = {}] = those;
      if (at === undefined || item === undefined) return [];
      const all = those.map((each) => each.item);
      return [endpoint(item.request.method, partsOf(at.endpoint, at.base, all), all, at.endpoint)];
    }),
    ...groupPaths(unknown).flatMap(({ parts, items: those }) =>
      [...Map.groupBy(those, ({ request }) => request.method)].map(([method, all]) =>
        endpoint(method, narrowed(parts, all), all, undefined),
      ),
    ),
  ];
}

function endpoint(
  method: string,
  parts: readonly Part[],
  items: readonly SeenItem[],
  documented: DocumentEndpoint | undefined,
): Endpoint {
  return { method, parts, template: templateText(method, parts), items, documented };
}
