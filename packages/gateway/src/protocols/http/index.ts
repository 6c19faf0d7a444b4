import type { Protocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { HttpAct } from "./act.ts";
import { compileScopes } from "./compile.ts";
import { exchangeOne } from "./exchange.ts";
import { verdictOf } from "./judge.ts";
import { checkScope, type HttpScope, scopeSchema } from "./scope.ts";
import { type HttpTarget, targetSchema } from "./target.ts";
import { trial } from "./trial.ts";
import { createUpstreams } from "./upstream.ts";
import { upgradeOne } from "./websocket.ts";
import { describeScope } from "./words.ts";

/** What the protocol needs of the process. */
export interface HttpOptions {
  readonly clock: Clock;
  /** The gateway's own URL, without a slash at its end; asked when a client has to be told where it is. */
  readonly url: () => string;
}

/** HTTP APIs, under `/http/CONNECTION`. */
export function createHttp({ clock, url }: HttpOptions): Protocol<HttpScope, HttpAct> {
  const upstreamOf = createUpstreams(() => clock.wall());
  const options = {
    get url() {
      return url();
    },
    upstreamOf,
    now: () => clock.monotonic(),
  };
  return {
    kind: "http",
    target: targetSchema,
    scope: scopeSchema,
    notEnforceable: [],
    check: (scope) => checkScope(scope as HttpScope),
    compile: (scopes) => {
      const compiled = compileScopes(scopes);
      return (act) => verdictOf(compiled, act);
    },
    trial: (scopes, target) => trial(scopes, target as HttpTarget),
    describe: describeScope,
    ready: () => Promise.resolve(),
    web: {
      request: (exchange, gate) => exchangeOne(exchange, gate, options),
      upgrade: (upgrade, gate) => upgradeOne(upgrade, gate, options),
    },
  };
}
