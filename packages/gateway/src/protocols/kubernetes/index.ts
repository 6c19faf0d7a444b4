import type { Protocol } from "../../gate/protocol.ts";
import { addressOfUrl, probeServer } from "../../gate/web/probe-server.ts";
import { createUpstreams } from "../../gate/web/proxy/upstream.ts";
import type { Clock } from "../../kernel/clock.ts";
import { directPathsOf, endpointsOf } from "./direct-paths.ts";
import type { KubernetesAct, KubernetesCover } from "./act.ts";
import { handleRequest } from "./exchange.ts";
import { kubernetesInventory } from "./inventory/inventory.ts";
import { verdictOf } from "./judge.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { checkScope, type KubernetesScope, scopeSchema } from "./scope.ts";
import { type KubernetesTarget, targetSchema } from "./target.ts";
import { kubernetesAccess } from "./access.ts";
import { kubernetesExec } from "./tools/kubernetes-exec.ts";
import { kubernetesGet, kubernetesLogs } from "./tools/read.ts";
import { trial } from "./trial.ts";
import { handleUpgrade } from "./streams/upgrade.ts";
import { planOf } from "./upstream.ts";
import { actWords } from "./act-words.ts";
import { describeScope } from "./words.ts";

/** What the protocol needs of the process. */
export interface KubernetesOptions {
  readonly clock: Clock;
  /** The gateway's own URL, without a slash at its end; asked when a client has to be told where it is. */
  readonly url: () => string;
}

/** Kubernetes clusters, under `/kubernetes/CONNECTION`. */
export function createKubernetes({
  clock,
  url,
}: KubernetesOptions): Protocol<KubernetesScope, KubernetesAct, KubernetesCover> {
  const options = {
    get url() {
      return url();
    },
    upstreamOf: createUpstreams(planOf),
    now: () => clock.monotonic(),
    wall: () => clock.wall(),
  };
  return {
    kind: "kubernetes",
    target: targetSchema,
    scope: scopeSchema,
    notEnforceable: [],
    check: (scope) => checkScope(scope as KubernetesScope),
    observed: observedScope,
    compile: (scopes) => (act) => verdictOf(scopes, act),
    trial: (scopes) => trial(scopes),
    describe: describeScope,
    reach: reachOf,
    words: actWords,
    address: (target) => addressOfUrl((target as KubernetesTarget).server),
    endpoints: (target) => endpointsOf(target as KubernetesTarget),
    directPaths: (target, question) => directPathsOf(target as KubernetesTarget, question),
    probe: (target, signal) =>
      probeServer(planOf(target as KubernetesTarget), () => clock.monotonic(), signal),
    access: kubernetesAccess,
    inventory: kubernetesInventory,
    tools: [kubernetesGet, kubernetesLogs, kubernetesExec],
    ready: () => Promise.resolve(),
    web: {
      request: (exchange, gate) => handleRequest(exchange, gate, options),
      upgrade: (upgrade, gate) => handleUpgrade(upgrade, gate, options),
    },
  };
}
