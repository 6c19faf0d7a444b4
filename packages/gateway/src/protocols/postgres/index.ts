import type { SecureContext } from "node:tls";
import type { Protocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { PostgresAct } from "./act.ts";
import { loadGrammar } from "./guard/grammar.ts";
import { trial } from "./guard/trial.ts";
import { compileScopes } from "./guard/verdicts.ts";
import { describeScope } from "./guard/words.ts";
import { createJudging } from "./judging.ts";
import { probe } from "./probe.ts";
import { checkScope, notEnforceable, type PostgresScope, scopeSchema } from "./scope.ts";
import { createServe } from "./serve.ts";
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
}

/** The PostgreSQL protocol. */
export function createPostgres(options: PostgresOptions): Protocol<PostgresScope, PostgresAct> {
  return {
    ...postgresRules,
    probe: (target, signal) => probe(target as Target, options.clock, signal),
    serve: createServe({ ...options, effectsOf, judging: createJudging() }),
  };
}
