import { ANY } from "./request/glob.ts";
import type { KubernetesScope } from "./scope.ts";

/** The widest scope: the objects of every cluster but for secrets, and any command. No port, what goes through one nobody reads. */
export function observedScope(): KubernetesScope {
  return {
    resources: [ANY],
    verbs: ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
    cluster: true,
    mask: {},
    service_accounts: [],
    exec: { namespaces: [ANY], commands: [[ANY]], stdin: false, terminal: false },
  };
}
