import type { SecureContext } from "node:tls";
import type { Protocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { PostgresAct } from "./act.ts";
import { loadGrammar } from "./guard/grammar.ts";
import { trial } from "./guard/trial.ts";
import { compileScopes } from "./guard/verdicts.ts";
import { describeScope } from "./guard/words.ts";
import { endLeftBehind } from "./left-behind.ts";
import { createJudging } from "./judging.ts";
import { probe } from "./probe.ts";
import { checkScope, notEnforceable, type PostgresScope, scopeSchema } from "./scope.ts";
import { createServe } from "./serve.ts";
import { gatewayMark, type GatewayMark } from "./session-name.ts";
import { addressOf, type Target, targetSchema } from "./target.ts";
import { effectsOf } from "./effects.ts";

/** Everything of the protocol that needs no socket: what a configuration, a policy or `mayflyd judge` asks. */
export const postgresRules: Omit<Protocol<PostgresScope, PostgresAct>, "serve"> = {
  kind: "postgres",
  target: targetSchema,
  scope: scopeSchema,
  notEnforceable,
  check: (scope) => checkScope(scope as PostgresScope),
  compile: (scopes, target) => compileScopes(scopes, (target as Target).search_path),
  trial: (scopes, target) => trial(scopes, (target as Target).search_path),
  describe: describeScope,
  words: ({ sql }) => sql,
  address: (target) => addressOf(target as Target),
  ready: loadGrammar,
};

/** What the protocol needs of the process to serve clients. */
export interface PostgresOptions {
  readonly clock: Clock;
  /** The certificate to show now: asked at every handshake, so that a reload swaps it. TLS 1.2 at least. */
  readonly secureContext: () => SecureContext;
  /** Lets a client on the loopback address connect without TLS, with SCRAM-SHA-256 alone. */
  readonly allowInsecureLoopback: boolean;
  /** What tells this gateway from every other over all its runs: its audit log's id. Asked once it serves. */
  readonly gateway: () => string;
  /** The same of the one in whose place it is, where an operator accepted that its log is lost. */
  readonly gatewayBefore?: () => string | undefined;
}

/** The PostgreSQL protocol. */
export function createPostgres(options: PostgresOptions): Protocol<PostgresScope, PostgresAct> {
  let made: GatewayMark | undefined;
  const mark = (): GatewayMark => (made ??= gatewayMark(options.gateway(), options.gatewayBefore?.()));
  return {
    ...postgresRules,
    probe: (target, signal) => probe(target as Target, options.clock, signal),
    endLeftBehind: (target, signal) => endLeftBehind(target as Target, mark(), options.clock, signal),
    serve: createServe({ ...options, effectsOf, mark, judging: createJudging() }),
  };
}
