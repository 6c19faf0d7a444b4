import type { EventEmitter } from "node:events";
import { bounds } from "../../bounds.ts";
import { createHeavyWork, type HeavyWork } from "../../limits/heavy.ts";
import { addressKey } from "../../limits/places.ts";
import { createQuota, type Owner, type Quota, type Reach, type Acquired } from "../../limits/quota.ts";
import { createWorkers, type Workers } from "../../work/workers.ts";

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
export interface SharedUse {
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
  readonly heavy: HeavyWork;
  readonly workers: Workers;
}

/** What all exchanges share. */
export interface SharedResources {
  /** Opens the account of an exchange; it is closed when `over` closes. @throws Busy */
  open(address: string, over: EventEmitter): SharedUse;
  readonly workers: Workers;
  /** What is taken now, for metrics. */
  inUse(): Readonly<Record<Shared | "work", number>>;
}

/** What every account takes from. */
interface Common {
  readonly requests: Quota;
  readonly memory: Quota;
  readonly quotaOf: (what: "upstream" | "mcpCalls", connection: string) => Quota;
  readonly heavy: HeavyWork;
  readonly workers: Workers;
}

/** The account of one exchange. */
class ExchangeAccount implements SharedUse {
  readonly #common: Common;
  readonly #mine: Acquired[] = [];
  #owner: Owner;
  #isClosed = false;
  #isCounted = false;

  constructor(common: Common, address: string) {
    this.#common = common;
    this.#owner = { address, principal: undefined, grant: undefined };
  }

  /** @throws Busy */
  acquire(what: Shared, quota: Quota, amount: number): void {
    const taken = quota.acquire(this.#owner, amount);
    if ("full" in taken) throw new Busy(what, taken.full);
    if (this.#isClosed) taken.release();
    else this.#mine.push(taken);
  }

  close(): void {
    this.#isClosed = true;
    for (const taken of this.#mine.splice(0)) taken.release();
  }

  belongsTo({ grant, principal }: Pick<Owner, "grant" | "principal">): void {
    const { address } = this.#owner;
    // Another object: what was taken before is given back in the name in which it was taken.
    this.#owner = {
      address,
      principal: principal ?? this.#owner.principal,
      grant: grant ?? this.#owner.grant,
    };
    if (this.#owner.grant === undefined || this.#isCounted) return;
    this.#isCounted = true;
    this.acquire("requests", this.#common.requests, 1);
  }

  hold(bytes: number): void {
    if (this.#isClosed) throw new Busy("memory", "total");
    this.acquire("memory", this.#common.memory, bytes + CHUNK_BYTES);
  }

  borrow(bytes: number): () => void {
    const taken = this.#common.memory.acquire(this.#owner, bytes + CHUNK_BYTES);
    if ("full" in taken) throw new Busy("memory", taken.full);
    return () => taken.release();
  }

  use(what: "upstream" | "mcpCalls", connection: string): void {
    this.acquire(what, this.#common.quotaOf(what, connection), 1);
  }

  get key(): string {
    return this.#owner.principal ?? this.#owner.address ?? "";
  }

  get heavy(): HeavyWork {
    return this.#common.heavy;
  }

  get workers(): Workers {
    return this.#common.workers;
  }
}

/** Makes what the exchanges of one gateway share. */
export function createSharedResources(): SharedResources {
  const quotas = {
    arrivals: createQuota(bounds.arrivals),
    requests: createQuota(bounds.requests),
    memory: createQuota(bounds.memory),
  };
  const upstreams = { upstream: new Map<string, Quota>(), mcpCalls: new Map<string, Quota>() };
  const workers = createWorkers();
  const heavy = createHeavyWork();

  const quotaOf = (what: "upstream" | "mcpCalls", connection: string): Quota => {
    const known = upstreams[what].get(connection) ?? createQuota(bounds[what]);
    upstreams[what].set(connection, known);
    return known;
  };
  const sum = (of: ReadonlyMap<string, Quota>): number => {
    let all = 0;
    for (const { inUse: taken } of of.values()) all += taken;
    return all;
  };

  const common: Common = { requests: quotas.requests, memory: quotas.memory, quotaOf, heavy, workers };
  /** The last address and its key: one connection sends many requests. */
  let [lastAddress, lastKey] = ["", addressKey("")];
  const keyOf = (address: string): string => {
    if (address !== lastAddress) [lastAddress, lastKey] = [address, addressKey(address)];
    return lastKey;
  };

  return {
    open(from, over) {
      const account = new ExchangeAccount(common, keyOf(from));
      account.acquire("arrivals", quotas.arrivals, 1);
      over.once("close", () => account.close());
      return account;
    },
    workers,
    inUse: () => ({
      arrivals: quotas.arrivals.inUse,
      requests: quotas.requests.inUse,
      memory: quotas.memory.inUse,
      upstream: sum(upstreams.upstream),
      mcpCalls: sum(upstreams.mcpCalls),
      work: workers.pieces,
    }),
  };
}
