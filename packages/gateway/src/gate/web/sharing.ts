import type { EventEmitter } from "node:events";
import { bounds } from "../bounds.ts";
import { createHeavy, type Heavy } from "../heavy.ts";
import { addressKey } from "../places.ts";
import { createQuota, type Owner, type Quota, type Reach, type Taken } from "../quota.ts";
import { createWorkers, type Workers } from "../work/workers.ts";

/** What is shared by all requests over HTTPS. */
export type Shared = "arrivals" | "requests" | "memory" | "upstream" | "mcpCalls";

/** What a piece of memory costs besides its bytes: one that holds a single byte too. */
const CHUNK_BYTES = 256;

const words: Readonly<Record<Shared, string>> = {
  arrivals: "requests under way",
  requests: "requests under way",
  memory: "bodies and answers in memory",
  upstream: "connections to this upstream",
  mcpCalls: "calls of this server under way",
};

/** There is no room for a request now: what is full, and for whom. */
export class Busy extends Error {
  readonly what: Shared | "work";
  readonly reach: Reach;

  constructor(what: Shared | "work", reach: Reach) {
    const whose = reach === "total" ? "the gateway" : `this ${reach}`;
    super(`${whose} has as many ${what === "work" ? "bodies waiting to be judged" : words[what]} as it may`);
    this.what = what;
    this.reach = reach;
  }
}

/** What one exchange takes of what is shared, until its answer is over. */
export interface Account {
  /** Says whose the exchange is: told once the bearer has verified, and again once its grant is known. @throws Busy */
  belongsTo(owner: Pick<Owner, "grant" | "principal">): void;
  /** Takes memory. @throws Busy */
  hold(bytes: number): void;
  /** Takes memory for something that may outlive the exchange. @returns what gives it back @throws Busy */
  borrow(bytes: number): () => void;
  /** Takes a place at a connection's upstream. @throws Busy */
  use(what: "upstream" | "mcpCalls", connection: string): void;
  /** Whose it is, as far as it is known: the principal, else the address. */
  readonly key: string;
  readonly heavy: Heavy;
  readonly workers: Workers;
}

/** What all exchanges share. */
export interface Sharing {
  /** Opens the account of an exchange; it is closed when `over` closes. @throws Busy */
  open(address: string, over: EventEmitter): Account;
  readonly workers: Workers;
  /** What is taken now, for metrics. */
  taken(): Readonly<Record<Shared | "work", number>>;
}

/** Makes what the exchanges of one gateway share. */
export function createSharing(): Sharing {
  const quotas = {
    arrivals: createQuota(bounds.arrivals),
    requests: createQuota(bounds.requests),
    memory: createQuota(bounds.memory),
  };
  const upstreams = { upstream: new Map<string, Quota>(), mcpCalls: new Map<string, Quota>() };
  const workers = createWorkers();
  const heavy = createHeavy();

  const quotaOf = (what: "upstream" | "mcpCalls", connection: string): Quota => {
    const known = upstreams[what].get(connection) ?? createQuota(bounds[what]);
    upstreams[what].set(connection, known);
    return known;
  };
  const sum = (of: ReadonlyMap<string, Quota>): number => {
    let all = 0;
    for (const { taken } of of.values()) all += taken;
    return all;
  };

  return {
    open(from, over) {
      let owner: Owner = { address: addressKey(from) };
      let isClosed = false;
      const mine: Taken[] = [];
      const take = (what: Shared, quota: Quota, amount = 1): void => {
        const taken = quota.take(owner, amount);
        if ("full" in taken) throw new Busy(what, taken.full);
        if (isClosed) taken.give();
        else mine.push(taken);
      };
      take("arrivals", quotas.arrivals);
      over.once("close", () => {
        isClosed = true;
        for (const taken of mine.splice(0)) taken.give();
      });
      let isCounted = false;
      return {
        belongsTo(known) {
          owner = { ...owner, ...known };
          if (owner.grant === undefined || isCounted) return;
          isCounted = true;
          take("requests", quotas.requests);
        },
        hold(bytes) {
          if (isClosed) throw new Busy("memory", "total");
          take("memory", quotas.memory, bytes + CHUNK_BYTES);
        },
        borrow(bytes) {
          const taken = quotas.memory.take(owner, bytes + CHUNK_BYTES);
          if ("full" in taken) throw new Busy("memory", taken.full);
          return () => taken.give();
        },
        use: (what, connection) => take(what, quotaOf(what, connection)),
        get key() {
          return owner.principal ?? owner.address ?? "";
        },
        heavy,
        workers,
      };
    },
    workers,
    taken: () => ({
      arrivals: quotas.arrivals.taken,
      requests: quotas.requests.taken,
      memory: quotas.memory.taken,
      upstream: sum(upstreams.upstream),
      mcpCalls: sum(upstreams.mcpCalls),
      work: workers.pieces,
    }),
  };
}
