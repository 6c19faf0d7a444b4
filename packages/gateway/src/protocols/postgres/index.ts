import type { SecureContext } from "node:tls";
import type { Protocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { directPathsOf, endpointsOf } from "./direct-paths.ts";
import { postgresAccess } from "./access.ts";
import type { PostgresAct, PostgresCover } from "./act.ts";
import { postgresInventory } from "./inventory/inventory.ts";
import { loadGrammar } from "./guard/syntax/grammar.ts";
import { sentBytes } from "./guard/structure/splices.ts";
import { trial } from "./guard/trial.ts";
import { compileScopes, createJudges } from "./guard/verdicts.ts";
import { describeScope } from "./guard/words.ts";
import { databaseNow } from "./upstream/database-now.ts";
import { endLeftBehind } from "./upstream/left-behind.ts";
import { scopeFindings } from "./upstream/scope-findings.ts";
import { createJudging } from "./relay/judging.ts";
import { observedScope } from "./observed.ts";
import { probe } from "./upstream/probe.ts";
import { reachOf } from "./reach.ts";
import { checkScope, laterMembers, notEnforceable, type PostgresScope, scopeSchema } from "./scope.ts";
import { createServe } from "./serve.ts";
import type { SharedCancels } from "./login/cancels.ts";
import { gatewayMark, type GatewayMark } from "./login/session-name.ts";
import { runStatement } from "./tools/client.ts";
import { createRunSql } from "./tools/run-sql.ts";
import { addressOf, type Target, targetSchema } from "./target.ts";

/** Everything of the protocol that needs no socket: what a configuration, a policy or `mayflyd judge` asks. */
export const postgresRules: Omit<Protocol<PostgresScope, PostgresAct, PostgresCover>, "serve"> = {
  kind: "postgres",
  port: { example: "0.0.0.0:6432", mayAllowInsecureLoopback: true },
  target: targetSchema,
  scope: scopeSchema,
  notEnforceable,
  laterMembers,
  check: (scope) => checkScope(scope as PostgresScope),
  observed: observedScope,
  compile: (scopes, target) => compileScopes(scopes, (target as Target).search_path),
  trial: (scopes, target) => trial(scopes, (target as Target).search_path),
  sent: (sql, { splices, operations }) =>
    splices === undefined ? undefined : sentBytes(Buffer.from(sql), splices, operations),
  describe: describeScope,
  reach: reachOf,
  inventory: postgresInventory,
  words: ({ sql }) => sql,
  access: postgresAccess,
  tools: [createRunSql(runStatement)],
  address: (target) => addressOf(target as Target),
  endpoints: (target) => endpointsOf(target as Target),
  directPaths: (target, question) => directPathsOf(target as Target, question),
  ready: loadGrammar,
};

/** What the protocol needs of the process to serve clients. */
export interface PostgresOptions {
  readonly clock: Clock;
  /** The certificate to show now: asked at every handshake, so that a reload swaps it. TLS 1.2 at least. */
  readonly secureContext: () => SecureContext;
  /** Whether a client on the loopback address may connect without TLS, with SCRAM-SHA-256 alone. */
  readonly allowsInsecureLoopback: (kind: string) => boolean;
  /** What tells this gateway from every other over all its runs: its audit log's id. Asked once it serves. */
  readonly gateway: () => string;
  /** The same of the one in whose place it is, where an operator accepted that its log is lost. */
  readonly gatewayBefore?: () => string | undefined;
  /** Left out: no other process has sessions of its port. */
  readonly cancels?: SharedCancels;
}

/** The PostgreSQL protocol. */
export function createPostgres(
  options: PostgresOptions,
): Protocol<PostgresScope, PostgresAct, PostgresCover> {
  let made: GatewayMark | undefined;
  const mark = (): GatewayMark => (made ??= gatewayMark(options.gateway(), options.gatewayBefore?.()));
  const judges = createJudges();
  return {
    ...postgresRules,
    compile: (scopes, target) => compileScopes(scopes, (target as Target).search_path, judges),
    trial: (scopes, target, online) => {
      const { search_path: searchPath } = target as Target;
      if (online === undefined) return trial(scopes, searchPath);
      return trial(scopes, searchPath, databaseNow(target as Target, scopes, options.clock, online));
    },
    probe: (target, signal) => probe(target as Target, options.clock, signal),
    findings: (target, scope, signal) => scopeFindings(target as Target, scope, options.clock, signal),
    endLeftBehind: (target, signal) => endLeftBehind(target as Target, mark(), options.clock, signal),
    serve: createServe({
      ...options,
      allowInsecureLoopback: options.allowsInsecureLoopback(postgresRules.kind),
      mark,
      judges,
      judging: createJudging(),
    }),
  };
}
