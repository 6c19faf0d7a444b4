import { pino } from "pino";
import { createAuditFeed } from "../../audit/index/feed.ts";
import type { AuditRecord, NewRecord } from "../../audit/records.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Principal, Role } from "../../identity/principal.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createToolbox } from "../mcp/tools.ts";
import type { ApiServices } from "../services.ts";
import { fakeGrants, type FakeGrants } from "./fake-grants.ts";
import { fakeProbes } from "./fake-probes.ts";
import { type FakePeople, fakePeople } from "./fake-people.ts";

/** Makes a principal for tests. */
export function testPrincipal(
  name: string,
  kind: "agent" | "person",
  roles: readonly Role[] = [],
): Principal {
  return {
    kind,
    issuer: "https://issuer.test/oauth2/aus1",
    subject: name,
    client: kind === "agent" ? name : "mayfly-cli",
    name,
    groups: kind === "agent" ? ["support-agents"] : [],
    actors: [],
    roles,
    ...(kind === "agent" ? { owner: "owner@example.test" } : {}),
  };
}

/** Stub tokens and whom they stand for. `token-NAME` is the whole secret: never outside tests. */
export const principals: Readonly<Record<string, Principal>> = {
  agent: testPrincipal("support-bot", "agent"),
  other: testPrincipal("other-bot", "agent"),
  person: testPrincipal("pat@example.test", "person"),
  reviewer: testPrincipal("rita@example.test", "person", ["reviewer"]),
  operator: testPrincipal("olaf@example.test", "person", ["operator"]),
  auditor: testPrincipal("ada@example.test", "person", ["auditor"]),
};

/** A set of services in memory that behave like the real ones as far as the API can see. */
export interface Fakes {
  readonly services: ApiServices;
  readonly grants: FakeGrants;
  /** How people sign in. */
  readonly people: FakePeople;
  /** What was recorded. */
  readonly records: NewRecord[];
  /** Lines of the gateway's own log. */
  readonly logLines: string[];
  /** Calls of identity.verify that asked for introspection. */
  readonly introspected: string[];
}

/** Makes the fakes; `change` replaces single services. */
export function fakes(change: Partial<ApiServices> = {}): Fakes {
  const clock: Clock = change.clock ?? systemClock;
  const records: NewRecord[] = [];
  const logLines: string[] = [];
  const introspected: string[] = [];
  const grants = fakeGrants(clock);
  const people = fakePeople(clock);
  const identity: Identity = {
    lend: (token) => ({ bearer: token, end: () => undefined }),
    async verify(token, options) {
      if (options?.introspect === true) introspected.push(token);
      const principal = principals[token.replace(/^token-/, "")];
      if (principal === undefined) {
        throw new MayflyError("token_invalid", "the access token is not signed by a known key", {
          status: 401,
          hint: "get a new one: mayfly login",
        });
      }
      return {
        principal,
        tokenDigest: "0".repeat(64),
        expiresAt: clock.wall() + 3_600_000,
        authenticatedAt: clock.wall(),
        groupsAsOf: clock.wall(),
      };
    },
    unknown: () => undefined,
    prove: async () => undefined,
    watch: () => () => {},
    warm: async () => {},
    unavailable: undefined,
    close() {},
  };
  const stored = (): AuditRecord[] =>
    records.map((record, seq) => ({ ...record, seq, time: new Date(clock.wall()).toISOString() }));
  const services: ApiServices = {
    identity,
    people: people.people,
    grants,
    reader: {
      search: async (query) => ({
        records: stored()
          .toReversed()
          .filter((record) => query.types === undefined || query.types.includes(record.type))
          .filter((record) => query.before === undefined || record.seq < query.before)
          .slice(0, query.limit),
        isBehind: false,
      }),
      read: async (seq, limit) => stored().slice(seq, seq + limit),
      get end() {
        return records.length;
      },
      archived: undefined,
      usage: async () => [],
      hours: async () => [],
      counts: async () => new Map(),
      actsOf: async () => new Map(),
      proofs: async () => ({
        checkpoint: "mayfly.test/log\n1\nAAAA\n\n— mayfly.test/log AAAA\n",
        entries: [],
        referenced: [],
      }),
      checkpoint: async () => "mayfly.test/log\n1\nAAAA\n\n— mayfly.test/log AAAA\n",
      rotations: async () => [],
      payload: async () => undefined,
      verifierKey: "mayfly.test/log+00000000+AAAA",
    },
    feed: createAuditFeed({
      reader: { read: async (seq, limit) => stored().slice(seq, seq + limit) },
      written: () => records.length,
      clock,
    }),
    listLogs: async () => ({ logs: [], note: "mayfly-logs\n", key: "mayfly.test/log+00000000+AAAA" }),
    retireLog: async ({ log, reason, by }) => ({
      log: `${log}+00000000+AAAA`,
      name: log,
      records: 0,
      by: by.name,
      reason,
      at: clock.wall(),
    }),
    log: {
      append: (record) => records.push(record) - 1,
      writer: () => ({ append: () => 0, at: 0, bytes: 0 }),
      flush() {},
      sync: async () => {},
      payload: () => ({ bytes: 0, payload: "sha256:" }),
      losses: 0,
      unavailable: undefined,
      close: async () => {},
    },
    notifications: {
      deliveries: async () => [],
      replay: async (id) => {
        throw new MayflyError("not_found", `there is no delivery ${id}`, { status: 404 });
      },
      slack: async () => {},
    },
    inventory: () => grants.inventory,
    policies: () => [],
    sessions: () => [],
    connections: () => [
      {
        name: "orders-db",
        protocol: "postgres",
        address: "db.internal:5432/shop",
        health: { state: "unknown" },
      },
    ],
    probes: fakeProbes(clock),
    access: (grant, secret) => ({
      protocol: "postgres",
      dsn: `postgres://${grant.id}${secret === undefined ? "" : `:${secret}`}@127.0.0.1:6432/shop?sslmode=verify-full`,
      env: {
        PGHOST: "127.0.0.1",
        PGPORT: "6432",
        PGDATABASE: "shop",
        PGUSER: grant.id,
        PGSSLMODE: "verify-full",
        ...(secret === undefined ? {} : { PGPASSWORD: secret }),
      },
      ...(secret === undefined ? {} : { secret }),
    }),
    toolbox: createToolbox([]),
    health: () => ({ ready: true, checks: [{ name: "store", ok: true, detail: "sqlite" }] }),
    metrics: () => "mayfly_grants_active 0\n",
    clock,
    url: "https://mayfly.test:8443",
    issuers: ["https://issuer.test/oauth2/aus1"],
    scopes: ["mayfly"],
    logger: pino({ level: "info" }, { write: (line: string) => void logLines.push(line) }),
    ...change,
  };
  return { services, grants, people, records, logLines, introspected };
}
