import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { KubernetesScope } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { shownRequest } from "./shown.ts";
import { kubernetesSources } from "./sources.ts";
import { unused } from "./unused.ts";

/** How operations on a cluster are proposed from what was done. */
export const kubernetesInventory: Inventory<KubernetesScope> = {
  act: "request",
  freely: "which resources there are",
  sources: kubernetesSources,
  recorded,
  emptyHint:
    "does the log hold requests that were answered (stage ResponseComplete), and is it in the format that was read?",
  formatHint: "a cluster writes an audit log with --audit-log-path and --audit-log-format=json",
  within: () => undefined,
  targetDraft: (connection) => ({
    kubernetes: {
      server: `https://${connection}.internal:6443`,
      token: { env: `${connection.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, "_")}_TOKEN` },
      impersonate: { user: "mayfly:{grant}", groups: ["mayfly-agents"] },
    },
  }),
  likeness: likenessOf,
  shown: shownRequest,
  judge: judgeOf,
  propose,
  unused,
};
