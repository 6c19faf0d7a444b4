import { webAccess } from "../../gate/access.ts";
import type { Protocol } from "../../gate/protocol.ts";
import { addressOfUrl, probeServer } from "../../gate/web/probe-server.ts";
import { createUpstreams, type UpstreamPlan } from "../../gate/web/proxy/upstream.ts";
import type { Clock } from "../../kernel/clock.ts";
import { directPathsOf, endpointsOf } from "./direct-paths.ts";
import type { HttpAct, HttpCover } from "./act.ts";
import { createCompiledScopes } from "./compile.ts";
import { createCredentials } from "./credentials.ts";
import { handleRequest } from "./exchange.ts";
import { httpInventory } from "./inventory/inventory.ts";
import { verdictOf } from "./judge.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { checkScope, type HttpScope, scopeSchema } from "./scope.ts";
import { type HttpTarget, targetSchema } from "./target.ts";
import { httpRequest } from "./tools/http-request.ts";
import { trial } from "./trial.ts";
import { handleUpgrade } from "./websocket/relay.ts";
import { describeScope } from "./words.ts";

/** What the protocol needs of the process. */
export interface HttpOptions {
  readonly clock: Clock;
  /** The gateway's own URL, without a slash at its end; asked when a client has to be told where it is. */
  readonly url: () => string;
}

/** HTTP APIs, under `/http/CONNECTION`. */
export function createHttp({ clock, url }: HttpOptions): Protocol<HttpScope, HttpAct, HttpCover> {
  const planOf = (target: HttpTarget): UpstreamPlan => {
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
  };
  const upstreamOf = createUpstreams(planOf);
  const scopes = createCompiledScopes();
  const ownNames = new WeakMap<HttpTarget, ReadonlySet<string>>();
  const ownHeaders = (target: HttpTarget): ReadonlySet<string> => {
    const known = ownNames.get(target);
    if (known !== undefined) return known;
    const made = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
    ownNames.set(target, made);
    return made;
  };
  const options = {
    scopes,
    ownHeaders,
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
    observed: observedScope,
    compile: (granted) => {
      const compiled = scopes.of(granted);
      return (act) => verdictOf(compiled, act);
    },
    trial: (granted, target) => trial(granted, target as HttpTarget),
    describe: describeScope,
    reach: reachOf,
    words: ({ method, target }) => `${method} ${target}`,
    address: (target) => addressOfUrl((target as HttpTarget).url),
    endpoints: (target) => endpointsOf(target as HttpTarget),
    directPaths: (target) => directPathsOf(target as HttpTarget),
    probe: (target, signal) => probeServer(planOf(target as HttpTarget), () => clock.monotonic(), signal),
    access: (grant, endpoints) => webAccess("http", grant, endpoints),
    inventory: httpInventory,
    tools: [httpRequest],
    ready: () => Promise.resolve(),
    web: {
      request: (exchange, gate) => handleRequest(exchange, gate, options),
      upgrade: (upgrade, gate) => handleUpgrade(upgrade, gate, options),
    },
  };
}
