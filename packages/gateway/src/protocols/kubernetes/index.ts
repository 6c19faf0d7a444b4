import type { Protocol } from "../../gate/protocol.ts";
import { createUpstreams } from "../../gate/web/upstream.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { KubernetesAct } from "./act.ts";
import { exchangeOne } from "./exchange.ts";
import { verdictOf } from "./judge.ts";
import { checkScope, type KubernetesScope, scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { trial } from "./trial.ts";
import { upgradeOne } from "./upgrade.ts";
import { planOf } from "./upstream.ts";
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
}: KubernetesOptions): Protocol<KubernetesScope, KubernetesAct> {
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
    compile: (scopes) => (act) => verdictOf(scopes, act),
    trial: (scopes) => trial(scopes),
    describe: describeScope,
    ready: () => Promise.resolve(),
    web: {
      request: (exchange, gate) => exchangeOne(exchange, gate, options),
      upgrade: (upgrade, gate) => upgradeOne(upgrade, gate, options),
    },
  };
}
