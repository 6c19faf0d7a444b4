import type { WebSession } from "../../../gate/gate.ts";
import type { KubernetesAct, KubernetesCover } from "../act.ts";
import type { JudgedWrite } from "./write.ts";

/**
 * Completes a write. An apply to what was not there is bound to no version: the cluster answers 200, and not 201, where
 * somebody else created the object in between, and then nobody has judged what resulted.
 */
export function completing(
  session: WebSession<KubernetesAct, KubernetesCover>,
  write: JudgedWrite | undefined,
): typeof session.complete {
  const isUnbound = write?.isApply === true && write.version === undefined;
  return (permit, outcome) =>
    session.complete(
      permit,
      isUnbound && outcome.status === 200 ? { ...outcome, error: "object_appeared" } : outcome,
    );
}
