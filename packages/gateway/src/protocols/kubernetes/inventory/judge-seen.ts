import type { Verdict } from "../../../gate/protocol.ts";
import type { KubernetesAct, KubernetesCover } from "../act.ts";
import { type Named, verdictOf } from "../judge.ts";
import { completed } from "./completed.ts";
import type { SeenRequest } from "./seen-request.ts";

/**
 * What scopes make of a request that was seen, as they would of one that comes, but for what no source tells: what labels a pod
 * has, what a write writes where that is not shown, and what the object was before.
 */
export function judgeSeen(scopes: readonly Named[], seen: SeenRequest): Verdict<KubernetesCover> {
  const act = completed(seen);
  const verdict = verdictOf(scopes, act);
  if (verdict.kind === "permit" || !entersPod(act)) return verdict;
  for (const named of scopes)
    for (const pods of [named.scope.exec?.pods, named.scope.port_forward?.pods]) {
      if (pods === undefined) continue;
      const permit = verdictOf([named], { ...act, pod: { uid: "", labels: pods } });
      if (permit.kind === "permit") return permit;
    }
  return verdict;
}

const entersPod = ({ request }: KubernetesAct): boolean =>
  !("why" in request) && request.kind === "resource" && request.verb === "connect";
