import type { Protocol } from "../../gate/protocol.ts";
import { createUpstreams, type UpstreamPlan } from "../../gate/web/upstream.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { HttpAct } from "./act.ts";
import { compileScopes } from "./compile.ts";
import { createCredentials } from "./credentials.ts";
import { exchangeOne } from "./exchange.ts";
import { verdictOf } from "./judge.ts";
import { checkScope, type HttpScope, scopeSchema } from "./scope.ts";
import { type HttpTarget, targetSchema } from "./target.ts";
import { trial } from "./trial.ts";
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
  const upstreamOf = createUpstreams((target: HttpTarget): UpstreamPlan => {
    const { url: at, http2, timeout, ca, client_certificate: own } = target;
    return {
      url: at,
      http2,
      timeout,
      ...(ca === undefined ? {} : { ca: ca.text() }),
      ...(own === undefined
        ? {}
        : { certificate: { certificate: own.certificate.text(), key: own.key.reveal() } }),
      credentials: createCredentials(target, () => clock.wall()),
    };
  });
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
