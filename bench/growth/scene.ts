// A gate with the real grants, log, store and guard, and an identity that believes everybody.
import { join } from "node:path";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import type { Session } from "../../packages/gateway/src/gate/gate.ts";
import { createGates, type Gates } from "../../packages/gateway/src/gate/create.ts";
import type { GateParts } from "../../packages/gateway/src/gate/parts.ts";
import type { Protocol } from "../../packages/gateway/src/gate/protocol.ts";
import type { GrantRules, Grants } from "../../packages/gateway/src/grants/grants.ts";
import { createGrants } from "../../packages/gateway/src/grants/service.ts";
import { grantModel } from "../../packages/gateway/src/grants/states.ts";
import type { Requester } from "../../packages/gateway/src/grants/types.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { compilePolicies } from "../../packages/gateway/src/policy/compile.ts";
import type { PolicyEntry } from "../../packages/gateway/src/policy/types.ts";
import type { PostgresAct, PostgresCover } from "../../packages/gateway/src/protocols/postgres/act.ts";
import { loadGrammar } from "../../packages/gateway/src/protocols/postgres/guard/syntax/grammar.ts";
import {
  compileScopes,
  createJudges,
  type Judges,
} from "../../packages/gateway/src/protocols/postgres/guard/verdicts.ts";
import { scopeSchema, type PostgresScope } from "../../packages/gateway/src/protocols/postgres/scope.ts";
import { openStore, type Store } from "../../packages/gateway/src/storage/store.ts";

const HOUR_MS = 3_600_000;
export const CONNECTION = "shop";

export interface Scene {
  readonly store: Store;
  readonly grants: Grants;
  readonly gates: Gates;
  readonly judges: Judges;
  /** Gives somebody an active grant on all of the connection's operations. @returns its id */
  activate(requester: Requester): Promise<string>;
  open(requester: Requester, grant: string): Promise<Session<PostgresAct, PostgresCover>>;
  close(): Promise<void>;
}

/** The agent of that number. */
export function agent(number: number): Requester {
  const subject = `0oa${number}`;
  return {
    kind: "agent",
    issuer: "https://example.okta.com/oauth2/aus4x2kq",
    subject,
    client: subject,
    name: "support-bot",
    groups: ["support-agents"],
    actors: [],
  };
}

/** The scope of the operation of that number: one table of its own. */
export function scopeOf(number: number): PostgresScope {
  return scopeSchema.parse({ statements: ["select"], tables: { [`public.orders_${number}`]: "all" } });
}

/** A policy that permits the operations at once. */
export function permitting(name: string, connection: string, operations: readonly string[]): PolicyEntry {
  const ttl = { default: HOUR_MS, max: HOUR_MS };
  return { name, forbid: false, groups: ["support-agents"], connection, operations, ttl };
}

/** Compiles policies that are right. */
export function rulesOf(
  entries: readonly PolicyEntry[],
  inventory: ReadonlyMap<string, readonly string[]>,
): GrantRules {
  const compilation = compilePolicies(entries, inventory);
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.problems));
  const entryOf = (name: string) => ({ description: name, risk: "low" as const, digest: name, scope: [] });
  return {
    policies: compilation.policies,
    configuration: "sha256:growth",
    inventory: new Map(
      Array.from(inventory, ([name, operations]) => [
        name,
        new Map(operations.map((operation) => [operation, entryOf(operation)])),
      ]),
    ),
    pendingPerPrincipal: 1_000_000,
  };
}

/** @param operations how many the connection has, all of them in each grant */
export async function createScene(folder: string, operations = 1): Promise<Scene> {
  await loadGrammar();
  const names = Array.from({ length: operations }, (_, number) => `read-${number}`);
  const rules = rulesOf([permitting("agents read", CONNECTION, names)], new Map([[CONNECTION, names]]));
  const opened = await openAuditLog({
    folder: join(folder, "audit"),
    name: "growth",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 60_000,
  });
  const { log } = opened;
  const store = await openStore({ kind: "sqlite", file: join(folder, "mayfly.db") }, grantModel);
  const grants = createGrants({ store: store.grants, log, clock: systemClock, rules, poll: false });
  await grants.start();
  const judges = createJudges();
  const protocol = {
    kind: "postgres",
    words: ({ sql }: PostgresAct) => sql,
    compile: (scopes: Parameters<typeof compileScopes>[0]) => compileScopes(scopes, ["public"], judges),
  } as unknown as Protocol<PostgresScope, PostgresAct, PostgresCover>;
  const gates = createGates(partsOf({ log, grants, store, names }));
  const gate = gates.forProtocol(protocol);
  return {
    store,
    grants,
    gates,
    judges,
    async activate(requester) {
      const ask = {
        connection: CONNECTION,
        operations: names,
        reason: "TICKET-7",
        clientAddress: "10.0.0.1",
      };
      const { grant, reasons } = await grants.request(requester, ask);
      if (grant === undefined) throw new Error(reasons.join("; "));
      return grant;
    },
    async open(requester, grant) {
      const client = { protocol: "postgres", address: "10.0.0.1", tls: true };
      const session = await gate.open({ kind: "token", token: requester.subject, grant }, CONNECTION, client);
      if (session.kind === "refused") throw new Error(session.denial.message);
      return session;
    },
    async close() {
      await gates.stop("over", 10_000);
      await grants.stop();
      await log.close();
      await store.close();
    },
  };
}

function partsOf({
  log,
  grants,
  store,
  names,
}: Pick<GateParts, "log" | "grants"> & {
  readonly store: Store;
  readonly names: readonly string[];
}): GateParts {
  const most = 1_000_000_000;
  const limits = {
    connections: most,
    connectionsPerAddress: most,
    sessionsPerGrant: most,
    sessionsPerPrincipal: most,
    handshake: 1000,
    messageBytes: 1 << 24,
    statementBytes: 1 << 24,
    pendingPerPrincipal: most,
    actsPerSecond: most,
    recordBytesPerSecond: most * 1000,
  };
  const operations = new Map(
    names.map((name, at) => [
      name,
      { name, description: "", risk: "low" as const, scope: scopeOf(at), digest: name },
    ]),
  );
  const connection = { name: CONNECTION, kind: "postgres", target: {}, operations };
  const configuration = { connections: new Map([[CONNECTION, connection]]), limits, digest: "sha256:growth" };
  return {
    grants,
    budgets: store.budgets,
    identity: {
      verify: (token: string) =>
        Promise.resolve({ principal: { ...agent(Number(token.slice(3))), roles: [] } }),
      unknown: () => undefined,
      prove: () => Promise.resolve(undefined),
      watch: () => () => undefined,
    } as unknown as GateParts["identity"],
    log,
    clock: systemClock,
    configuration: () => configuration,
    fault: (error) => {
      throw error;
    },
    stillRunning: () => undefined,
    count: () => undefined,
    times: () => ({ judged: () => undefined, completed: () => undefined }),
  };
}
