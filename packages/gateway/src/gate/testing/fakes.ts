import { memoryBudgets, type MemoryBudgets } from "./memory-budgets.ts";
import { createHash } from "node:crypto";
import { joinRecord, type StoredRecord } from "@mayfly/audit-verifier";
import type { AuditLog } from "../../audit/log.ts";
import type { NewRecord } from "../../audit/records.ts";
import type { ConnectionConfiguration, Limits } from "../../configuration/types.ts";
import type { SharedPlaces } from "../../grants/gateways/shared-places.ts";
import type { Grants } from "../../grants/grants.ts";
import type { Grant, GrantEnd, LiveGrant, Requester } from "../../grants/types.ts";
import type { Identity, Withdrawn } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import type { SessionTraces } from "../../kernel/traceparent.ts";
import { createGates, type Gates } from "../create.ts";
import type { ClientFacts, Gate } from "../gate.ts";
import type { FoundRunning } from "../parts.ts";
import type { Protocol, Verdict } from "../protocol.ts";

/** A log in memory that can be told to fail. */
export interface MemoryLog extends AuditLog {
  /** What was kept beside it, by its digest. */
  readonly payloads: Map<string, Buffer>;
  /** What a flush has written. */
  readonly written: NewRecord[];
  /** Flushes that wrote something. */
  flushes: number;
  /** Why it takes nothing; undefined: it works. `append` alone goes on when `late` is set, so that the flush fails. */
  broken: { why: string; late: boolean } | undefined;
}

export function memoryLog(clock: Pick<FakeClock, "wall">): MemoryLog {
  let queue: NewRecord[] = [];
  let next = 0;
  const log: MemoryLog = {
    written: [],
    payloads: new Map(),
    payload(bytes) {
      if (log.broken !== undefined) throw new MayflyError("log_unavailable", log.broken.why);
      const payload = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      log.payloads.set(payload, Buffer.from(bytes));
      return { bytes: bytes.length, payload };
    },
    flushes: 0,
    losses: 0,
    broken: undefined,
    get unavailable() {
      return log.broken?.why;
    },
    append(record) {
      if (log.broken !== undefined && !log.broken.late)
        throw new MayflyError("log_unavailable", log.broken.why);
      queue.push(record);
      return next++;
    },
    writer: (session) => ({
      bytes: 0,
      append(type, detail) {
        (this as { bytes: number }).bytes = Buffer.byteLength(detail);
        // As a reader of the log has it.
        const all = [...log.written, ...queue].map((each, seq): StoredRecord => ({ ...each, seq, time: "" }));
        const own = { seq: next, time: "", type, session, detail: JSON.parse(detail) };
        const { seq: _, time: __, ...record } = joinRecord<StoredRecord>(own, (seq) => all[seq]);
        return log.append(record as NewRecord);
      },
      get at() {
        return clock.wall();
      },
    }),
    flush() {
      if (queue.length === 0) return;
      const batch = queue;
      queue = [];
      if (log.broken !== undefined) {
        next -= batch.length;
        (log as { losses: number }).losses += 1;
        throw new MayflyError("log_unavailable", log.broken.why);
      }
      log.flushes += 1;
      log.written.push(...batch);
    },
    sync: () => Promise.resolve(log.flush()),
    close: () => Promise.resolve(),
  };
  return log;
}

export const agent: Requester = {
  kind: "agent",
  issuer: "https://okta.example/oauth2/a",
  subject: "0oabot",
  client: "0oabot",
  name: "support-bot",
  groups: ["support-agents"],
  actors: [],
};

/** A protocol whose acts are words: `ok`, and what begins with it, is permitted, everything else is denied. */
export const wordProtocol = {
  kind: "words",
  words: (act: string): string => `the word ${act}`,
  compile:
    (scopes: readonly { readonly name: string }[]) =>
    (act: string): Verdict<string> =>
      act === "ok" || act.startsWith("ok ")
        ? { kind: "permit", operation: scopes[0]?.name ?? "", cover: act }
        : {
            kind: "deny",
            denial: { rule: "words", message: `${act} is not granted`, remedy: "ask", hint: "ask" },
          },
} as unknown as Protocol<unknown, string, string>;

export const client: ClientFacts = { protocol: "words", address: "127.0.0.1", tls: true };

/** Everything a gate needs, in memory, with its levers. */
export interface World {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly budgets: MemoryBudgets;
  readonly gates: Gates;
  readonly gate: Gate<string, string>;
  readonly faults: unknown[];
  /** What the operator was told that targets still run. */
  readonly stillRunning: FoundRunning[];
  /** What was told of the time that acts take. */
  readonly times: string[];
  /** Adds an active grant. @param from the one place that it is for; left out: any */
  activate(
    id: string,
    ms: number,
    requester?: Requester,
    more?: Partial<Pick<Grant, "from" | "sandbox">>,
  ): LiveGrant;
  /** Ends a grant as the grants service does. */
  end(id: string, end: GrantEnd): void;
  /** Tells the watch on an identity that it is withdrawn. */
  withdraw: (reason: string, kind?: "withdrawn" | "unknown" | "unproven") => void;
  state: {
    locked: boolean;
    unavailable: string | undefined;
    verifier: string | undefined;
    /** Why nothing is known of the holder. */
    unknown: string | undefined;
    stale: string | undefined;
    /** The traces that are exported, for sessions that open from now on. */
    traces: SessionTraces | undefined;
    /** Told of each grant that is looked for in the store. */
    lookedUp: ((id: string) => void) | undefined;
  };
  readonly withdrawnGrants: string[];
}

export function makeWorld(
  given?: ConnectionConfiguration,
  bounds: Partial<Limits> = {},
  sharedPlaces?: SharedPlaces,
): World {
  const clock = fakeClock();
  const log = memoryLog(clock);
  const budgets = memoryBudgets();
  const live = new Map<string, { grant: LiveGrant; controller: AbortController }>();
  const faults: unknown[] = [];
  const stillRunning: FoundRunning[] = [];
  const times: string[] = [];
  const withdrawnGrants: string[] = [];
  const state: World["state"] = {
    locked: false,
    unavailable: undefined,
    verifier: undefined,
    unknown: undefined,
    stale: undefined,
    traces: undefined,
    lookedUp: undefined,
  };
  let watcher: Withdrawn | undefined;
  const grants = {
    live: (id: string) => live.get(id)?.grant,
    offers: () => [],
    liveOf: (holder: Requester, connection: string) =>
      [...live.values()]
        .map(({ grant }) => grant)
        .filter(({ grant }) => grant.connection === connection && grant.requester.subject === holder.subject)
        .toReversed(),
    closed: (id: string) => {
      state.lookedUp?.(id);
      return Promise.resolve(undefined);
    },
    verifier: (id: string) => Promise.resolve(live.has(id) ? state.verifier : undefined),
    withdrawIdentity: (id: string) => {
      withdrawnGrants.push(id);
      return Promise.resolve();
    },
    get locked() {
      return state.locked ? { since: 0, by: "op", reason: "test" } : undefined;
    },
    get unavailable() {
      return state.unavailable;
    },
  } as unknown as Grants;
  const identity = {
    // `good:SUBJECT`, and `good:SUBJECT#KEY` of a token that is bound to a key.
    verify(token: string) {
      const [, subject = "", key] = /^good[:.]([^#]*)(?:#(.+))?$/.exec(token) ?? [];
      const principal = { ...agent, subject, client: subject, roles: [] };
      return /^good[:.]/.test(token)
        ? Promise.resolve({ principal, ...(key === undefined ? {} : { key }) })
        : Promise.reject(
            new MayflyError("token_signature", "the token's signature is wrong", { status: 401 }),
          );
    },
    unknown: () => state.unknown,
    prove: () => Promise.resolve(state.stale),
    watch: (_: Principal, withdrawn: Withdrawn) => {
      watcher = withdrawn;
      return () => {
        watcher = undefined;
      };
    },
  } as unknown as Identity;
  const connection: ConnectionConfiguration = given ?? {
    name: "db",
    kind: "words",
    target: {},
    operations: new Map([["read", { name: "read", description: "", risk: "low", scope: {}, digest: "d" }]]),
  };
  const limits: Limits = {
    connections: given === undefined ? 3 : 100,
    connectionsPerAddress: 3,
    sessionsPerGrant: 100,
    sessionsPerPrincipal: 100,
    handshake: 1000,
    messageBytes: 1000,
    statementBytes: 1000,
    pendingPerPrincipal: 3,
    actsPerSecond: 5000,
    recordBytesPerSecond: 2_097_152,
    ...bounds,
  };
  const gates = createGates({
    grants,
    budgets,
    ...(sharedPlaces === undefined ? {} : { sharedPlaces: { store: sharedPlaces, life: "here" } }),
    identity,
    log,
    clock,
    configuration: () => ({
      connections: new Map([[connection.name, connection]]),
      limits,
      digest: "sha256:c",
    }),
    traces: () => state.traces,
    fault: (error) => faults.push(error),
    stillRunning: (found) => stillRunning.push(found),
    count: () => undefined,
    times: (kind) => ({
      judged: (ms) => times.push(`${kind} judged ${ms}`),
      completed: (ms) => times.push(`${kind} completed ${ms}`),
    }),
  });
  return {
    clock,
    log,
    budgets,
    gates,
    gate: gates.forProtocol(wordProtocol),
    faults,
    stillRunning,
    times,
    state,
    withdrawnGrants,
    activate(id, ms, requester = agent, more = {}) {
      const controller = new AbortController();
      const grant: LiveGrant = {
        grant: {
          id,
          request: "req_1",
          requester,
          connection: connection.name,
          operations: [...connection.operations.keys()],
          policies: ["p"],
          state: "active",
          activatedAt: clock.wall(),
          endsAt: clock.wall() + ms,
          ...more,
        } satisfies Grant,
        deadline: { wall: clock.wall() + ms, monotonic: clock.monotonic() + ms },
        ended: controller.signal,
        principal: {
          kind: "agent",
          issuer: requester.issuer,
          subject: requester.subject,
          name: requester.name,
        },
      };
      live.set(id, { grant, controller });
      return grant;
    },
    end(id, end) {
      live.get(id)?.controller.abort(end);
      live.delete(id);
    },
    withdraw: (reason, kind = "withdrawn") => watcher?.(reason, kind),
  };
}
