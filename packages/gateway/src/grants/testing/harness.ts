import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { AuditLog } from "../../audit/log.ts";
import { recordedInReserve, type AuditRecord, type NewRecord } from "../../audit/records.ts";
import type { Clock } from "../../kernel/clock.ts";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { approversOf } from "../../policy/approvers.ts";
import type {
  ApprovalRule,
  Policies,
  PolicyAsk,
  PolicyEntry,
  PolicyVerdict,
  Terms,
} from "../../policy/types.ts";
import { openStore, type Store } from "../../storage/store.ts";
import type { GrantRules, Grants, GrantStore, InventoryEntry } from "../grants.ts";
import type { Beat, BootTime, Journal, JournalEntry } from "../durability/journal.ts";
import type { Trail } from "../durability/trail.ts";
import { createGrants, type GrantsOptions } from "../service.ts";
import { grantModel } from "../states.ts";

/** A log that keeps what is synced, and fails on command. */
export interface FakeLog extends AuditLog {
  /** What is on the disk. */
  readonly disk: NewRecord[];
  /** When each of those was appended, milliseconds since the epoch. */
  readonly times: number[];
  /**
   * How it fails: it takes nothing, or nothing but what is recorded in the last of its disk; or the next syncs do, with
   * nothing written, or written and reported as failed.
   */
  failing: "append" | "reserve" | "lost" | "kept" | undefined;
  /** Called before each sync; may throw or set `failing`. */
  before: (() => "lost" | "kept" | undefined) | undefined;
  types(): string[];
  /** What was appended and not synced is gone, as with a process that dies. */
  crash(): void;
}

/** @param wall what its records' times are read from */
export function fakeLog(wall: () => number = () => 0): FakeLog {
  const disk: NewRecord[] = [];
  const times: number[] = [];
  let queue: NewRecord[] = [];
  const log: FakeLog = {
    disk,
    times,
    failing: undefined,
    before: undefined,
    types: () => disk.map((record) => record.type),
    crash() {
      queue = [];
    },
    append(record) {
      const isLeftOut = log.failing === "reserve" && !recordedInReserve.has(record.type);
      if (log.failing === "append" || isLeftOut) throw new Error("disk full");
      queue.push(JSON.parse(JSON.stringify(record)) as NewRecord);
      return disk.length + queue.length - 1;
    },
    writer: () => {
      throw new Error("grants write no acts");
    },
    flush: () => undefined,
    async sync() {
      const fails = log.before?.() ?? log.failing;
      const written = queue;
      queue = [];
      if (fails === "lost") throw new Error("disk full");
      disk.push(...written);
      times.push(...written.map(wall));
      if (fails === "kept") throw new Error("disk slow");
    },
    get unavailable() {
      return log.failing === "reserve" ? "its disk is low" : undefined;
    },
    payload: () => ({ bytes: 0, payload: "sha256:" }),
    losses: 0,
    close: async () => undefined,
  };
  return log;
}

/** The log as its gateway reads it back, opened now. */
export function trailOf(log: FakeLog): Trail {
  const read = (seq: number, limit: number): AuditRecord[] =>
    log.disk.slice(seq, seq + limit).map((record, at) => ({
      ...record,
      seq: seq + at,
      time: new Date(log.times[seq + at] ?? 0).toISOString(),
    }));
  return {
    id: "the log",
    first: log.disk.length,
    written: () => log.disk.length,
    read: async (seq, limit) => read(seq, limit),
    scan: async (seq, limit, wanted) => {
      const records = read(seq, limit);
      return { records: records.filter(({ type }) => wanted(type)), next: seq + records.length };
    },
  };
}

/** A journal in memory that outlives the service. */
export interface FakeJournal {
  readonly entries: Set<JournalEntry>;
  beat: Beat | undefined;
  /** How the next writes fail. */
  failing: (() => Fault) | undefined;
  /** As a gateway that starts now opens it. */
  open(): Journal;
}

/** @param boot how long the machine has been up */
export function fakeJournal(boot: () => BootTime | undefined): FakeJournal {
  const entries = new Set<JournalEntry>();
  const journal: FakeJournal = {
    entries,
    beat: undefined,
    failing: undefined,
    open() {
      const left = [...entries];
      return {
        found: { entries: left, beat: journal.beat },
        boot,
        async keep(entry) {
          const fails = journal.failing?.();
          if (fails === "lost") throw new Error("journal away");
          entries.add(entry);
          if (fails === "kept") throw new Error("journal slow");
          return async () => void entries.delete(entry);
        },
        async settle() {
          for (const entry of left) entries.delete(entry);
        },
        async beat(beat) {
          if (journal.failing?.() === "lost") throw new Error("journal away");
          journal.beat = beat;
        },
      };
    },
  };
  return journal;
}

/** A store that fails on command, before or after it did what it was asked. */
export interface FaultyStore extends GrantStore {
  /** Asked before each call, which waits for the answer. */
  fault: ((method: string) => Fault | Promise<Fault>) | undefined;
}

export type Fault = "lost" | "kept" | undefined;

export function faulty(store: GrantStore): FaultyStore {
  const control: { fault: FaultyStore["fault"] } = { fault: undefined };
  const wrapped = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      async (...parameters: unknown[]) => {
        const fails = await control.fault?.(name);
        if (fails === "lost") throw new Error("store away");
        const answer: unknown = await (method as (...all: unknown[]) => Promise<unknown>)(...parameters);
        if (fails === "kept") throw new Error("answer lost");
        return answer;
      },
    ]),
  );
  return Object.defineProperty(wrapped, "fault", {
    get: () => control.fault,
    set: (fault: FaultyStore["fault"]) => {
      control.fault = fault;
    },
  }) as unknown as FaultyStore;
}

/** What one operation of the made-up policies needs. */
export interface Rule {
  readonly groups: readonly string[];
  readonly terms: Terms;
  /** What breaking glass gives; left out: nothing. */
  readonly emergency?: Terms;
  readonly when?: (ask: PolicyAsk) => boolean;
}

export const minute = 60_000;

export const readRule: Rule = {
  groups: ["support-agents"],
  terms: { policy: "support agents read orders", defaultTtl: 5 * minute, maxTtl: 15 * minute },
};
export const refundRule: Rule = {
  groups: ["support-agents"],
  terms: {
    policy: "a refund needs a person",
    defaultTtl: 10 * minute,
    maxTtl: 10 * minute,
    approval: { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 },
  },
};

/** The ordinary rules as policies that ask the same approvals. */
function entriesOf(rules: Readonly<Record<string, Rule>>): readonly PolicyEntry[] {
  return Object.entries(rules).map(([name, { groups, terms }]) => {
    const [connection = "", operation = ""] = name.split("/");
    const { policy, approval } = terms;
    const common = { name: policy, forbid: false, groups, connection, operations: [operation] };
    return approval === undefined ? common : { ...common, approval };
  });
}

function policiesOf(rules: Readonly<Record<string, Rule>>): Policies {
  const ruleOf = (ask: PolicyAsk): Rule | undefined => {
    const found = rules[`${ask.connection}/${ask.operation}`];
    const { break_glass } = ask.context;
    const emergency = found?.emergency === undefined ? undefined : { ...found, terms: found.emergency };
    const rule = break_glass ? emergency : found;
    return rule?.groups.some((group) => ask.principal.groups.includes(group)) === true ? rule : undefined;
  };
  return {
    decide(ask): PolicyVerdict {
      const rule = ruleOf(ask);
      if (rule === undefined) return { decision: "deny", reasons: ["no policy matches"] };
      if (rule.when?.(ask) === false)
        return { decision: "deny", reasons: [`"${rule.terms.policy}" has a condition`] };
      return { decision: "permit", terms: rule.terms, reasons: [`permitted by "${rule.terms.policy}"`] };
    },
    outlook(ask) {
      const rule = ruleOf(ask);
      return rule === undefined
        ? { requestable: false, conditions: [], reasons: [] }
        : { requestable: true, terms: rule.terms, conditions: [], reasons: [] };
    },
    approvers: (connection, operations) => approversOf(entriesOf(rules), connection, operations),
    demandsClosedPaths: (connection, operations) =>
      operations.some((name) => {
        const { terms, emergency } = rules[`${connection}/${name}`] ?? {};
        return (terms?.closedPaths ?? emergency?.closedPaths) !== undefined;
      }),
  };
}

/** Rules as the configuration would make them. */
export function rulesOf(
  rules: Readonly<Record<string, Rule>>,
  more: Partial<GrantRules> & {
    readonly digests?: Readonly<Record<string, string>>;
    /** What differs in the inventory, by `connection/operation`. */
    readonly words?: Readonly<Record<string, Partial<InventoryEntry>>>;
  } = {},
): GrantRules {
  const inventory = new Map<string, Map<string, InventoryEntry>>();
  for (const name of [...Object.keys(rules), "orders-db/hidden"]) {
    const [connection = "", operation = ""] = name.split("/");
    const of = inventory.get(connection) ?? new Map<string, InventoryEntry>();
    of.set(operation, {
      description: name,
      risk: "low",
      digest: more.digests?.[name] ?? `digest of ${name}`,
      scope: [],
      ...more.words?.[name],
    });
    inventory.set(connection, of);
  }
  const { digests: _, words: __, ...rest } = more;
  return {
    policies: policiesOf(rules),
    configuration: "sha256:c1",
    inventory,
    pendingPerPrincipal: 3,
    ...rest,
  };
}

/** A rule with another approval. */
export function approvedBy(approval: Partial<ApprovalRule>, rule: Rule = refundRule): Rule {
  const usually = { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 };
  return { ...rule, terms: { ...rule.terms, approval: { ...usually, ...approval } } };
}

export const usual: Readonly<Record<string, Rule>> = {
  "orders-db/read-orders": readRule,
  "orders-db/refund-order": refundRule,
};

/** Lets everything that is under way come to rest. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Harness {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly store: FaultyStore;
  readonly journal: FakeJournal;
  /** Which boot it is; undefined: the machine does not say. */
  readonly machine: { boot: string | undefined };
  readonly grants: Grants;
  /** Another gateway on the same store, with clock and log of its own unless given. */
  another(options?: Partial<GrantsOptions>): Promise<Grants>;
  /** Ends all gateways where they stand, as SIGKILL does: nothing of theirs runs any more. */
  crash(): void;
  close(): Promise<void>;
}

/** What a process has of the world: nothing, once it is dead. */
interface Life {
  isOver: boolean;
}

/** An object whose methods never answer once the life is over. */
function mortal<T extends object>(thing: T, life: Life): T {
  return new Proxy(thing, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]): unknown =>
        life.isOver
          ? new Promise(() => undefined)
          : (value as (...all: unknown[]) => unknown).apply(target, parameters);
    },
  });
}

function withoutMortals(options: Partial<GrantsOptions>): Omit<Partial<GrantsOptions>, "clock" | "log"> {
  const { clock: _, log: __, ...rest } = options;
  return rest;
}

function mortalClock(clock: Clock, life: Life): Clock {
  return {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    schedule: (ms, run) => clock.schedule(ms, () => (life.isOver ? undefined : run())),
  };
}

/** What a harness is made with. */
export type HarnessOptions = Partial<GrantsOptions> & { readonly on?: Store };

/** The service on a real SQLite store (or the one given), with a clock and a log to play with. */
export async function harness(options: HarnessOptions = {}): Promise<Harness> {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-grants-"));
  const opened =
    options.on ?? (await openStore({ kind: "sqlite", file: path.join(folder, "mayfly.db") }, grantModel));
  const clock = fakeClock();
  const log = fakeLog(() => clock.wall());
  const machine: Harness["machine"] = { boot: "the first boot" };
  const journal = fakeJournal(() =>
    machine.boot === undefined ? undefined : { id: machine.boot, ms: clock.monotonic() },
  );
  const store = faulty(opened.grants);
  const all: { readonly grants: Grants; readonly life: Life }[] = [];
  const lives: Life[] = [];
  const another = async (more: Partial<GrantsOptions> = {}): Promise<Grants> => {
    const { on: _, ...given } = options;
    const life: Life = { isOver: false };
    lives.push(life);
    // Gateways that look at one store have a log each; what one of them has under way is not for another to mend.
    const own =
      (more.poll ?? given.poll) === false
        ? { trail: trailOf(log), journal: mortal(journal.open(), life) }
        : {};
    const grants = createGrants({
      store: mortal(store, life),
      log: mortal(more.log ?? given.log ?? log, life),
      clock: mortalClock(more.clock ?? given.clock ?? clock, life),
      rules: rulesOf(usual),
      ...own,
      ...withoutMortals(given),
      ...withoutMortals(more),
    });
    await grants.start();
    all.push({ grants, life });
    return grants;
  };
  const grants = await another();
  return {
    clock,
    log,
    store,
    journal,
    machine,
    grants,
    another,
    crash() {
      for (const life of lives) life.isOver = true;
      log.crash();
    },
    async close() {
      store.fault = undefined;
      journal.failing = undefined;
      for (const { grants: one, life } of all) if (!life.isOver) await one.stop();
      if (options.on === undefined) await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
