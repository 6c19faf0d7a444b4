import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { HttpScope } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { shownRequest } from "./request.ts";
import { httpSources } from "./sources.ts";
import { unused } from "./unused.ts";

/** How operations on an HTTP connection are proposed from what was done. */
export const httpInventory: Inventory<HttpScope> = {
  act: "request",
  part: "host",
  structure: "an OpenAPI document, JSON or YAML",
  sources: httpSources,
  recorded,
  emptyHint: "does the log hold requests that were answered, and is it in the format that was read?",
  // A log has the name by which clients call the API, and the gateway may have another.
  within: () => undefined,
  targetDraft: (connection, host) => ({
    http: {
      url: `https://${host ?? `${connection}.internal`}`,
      headers: {
        authorization: { env: `${connection.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, "_")}_AUTHORIZATION` },
      },
    },
  }),
  likeness: likenessOf,
  shown: shownRequest,
  judge: judgeOf,
  propose,
  unused,
};
