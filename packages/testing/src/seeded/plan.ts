import type { Login } from "../people.ts";
import { agentsOf, type SeededAgent } from "./agents.ts";
import { connections, type SeededConnection } from "./catalogue.ts";
import type { SeededOperation } from "./operations.ts";
import { createRandom, type Random } from "./random.ts";

/** What became of a request. */
export type Fate = "granted" | "denied" | "refused" | "withdrawn" | "timed out" | "pending";
/** How its grant ended. */
export type End = "live" | "expire" | "release" | "revoke";

/** One request of the history with everything that came of it. Times are milliseconds before the present. */
export interface Episode {
  readonly at: number;
  readonly agent: SeededAgent;
  readonly connection: SeededConnection;
  readonly operations: readonly SeededOperation[];
  readonly reason: string;
  readonly ttl: number;
  readonly emergency: boolean;
  readonly fate: Fate;
  readonly end: End;
  /** From the ask until a person decided. */
  readonly decidedAfter: number;
  /** From the beginning of the grant until somebody ended it. */
  readonly endedAfter: number;
  readonly reviewers: readonly Login[];
  readonly comment: string;
  readonly acts: number;
}

/** How many there are of each kind. */
export interface Amounts {
  readonly live: number;
  readonly expired: number;
  readonly released: number;
  readonly revoked: number;
  readonly pending: number;
}

export const usualAmounts: Amounts = { live: 72, expired: 46, released: 52, revoked: 20, pending: 48 };

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const reasons: readonly string[] = [
  "the parcel is lost and the customer wants the money back",
  "the customer was charged twice",
  "the invoice names the wrong company",
  "the nightly report misses yesterday's orders",
  "payments time out since the last release",
  "the customer asks where the order is",
  "compare our ledger with the bank's statement",
  "the campaign goes out at noon and has a typo",
  "a search for boots finds coats",
  "the pod restarts every few minutes",
];

interface Wish {
  readonly fate: Fate;
  readonly end?: End;
  readonly emergency?: boolean;
  /** The range in which it was asked, hours ago. */
  readonly hours: readonly [from: number, to: number];
  readonly agent?: string;
  readonly connection?: string;
  readonly operation?: string;
  /** It ends in so many minutes. */
  readonly endsIn?: number;
  readonly acts?: number;
}

function candidates({ fate, emergency = false, agent, connection, operation }: Wish): {
  readonly connection: SeededConnection;
  readonly operation: SeededOperation;
  readonly agents: readonly SeededAgent[];
}[] {
  const needsPerson = fate !== "granted" && fate !== "denied";
  return connections
    .filter(({ name }) => connection === undefined || name === connection)
    .flatMap((each) =>
      each.operations
        .filter(({ name }) => operation === undefined || name === operation)
        .filter(({ risk }) => (emergency ? risk === "high" : !needsPerson || risk !== "low"))
        .map((one) => ({
          connection: each,
          operation: one,
          agents: agentsOf(emergency ? each.emergency : each.groups).filter(
            ({ name }) => agent === undefined || name === agent,
          ),
        })),
    )
    .filter(({ agents }) => agents.length > 0);
}

function episode(wish: Wish, number: number, random: Random): Episode {
  const { connection, operation, agents } = random.pick(candidates(wish));
  const [from, to] = wish.hours;
  const at = Math.round((to + random.next() * (from - to)) * HOUR_MS);
  const { fate, end = "expire", emergency = false } = wish;
  const others = connection.operations.filter(
    (other) => other !== operation && other.risk === operation.risk && !emergency,
  );
  const operations = [operation, ...(random.next() < 0.3 ? others.slice(0, 1) : [])];
  const decidedAfter =
    random.between(1, Math.max(1, Math.min(40, Math.floor(at / MINUTE_MS / 3)))) * MINUTE_MS;
  const begins = at - (operation.risk === "low" || emergency ? 0 : decidedAfter);
  const usualTtl =
    end === "live" ? begins + random.between(30, 300) * MINUTE_MS : random.between(5, 45) * MINUTE_MS;
  const ttl = wish.endsIn === undefined ? usualTtl : begins + wish.endsIn * MINUTE_MS;
  const isReliability = connection.by.length === 1 && connection.by[0] === "sre";
  return {
    at,
    agent: random.pick(agents),
    connection,
    operations,
    reason: `TICKET-${4000 + number}: ${random.pick(reasons)}`,
    ttl: Math.min(Math.ceil(ttl / 1000) * 1000, (emergency ? 1 : 12) * HOUR_MS),
    emergency,
    fate,
    end,
    decidedAfter,
    endedAfter: random.between(1, 4) * MINUTE_MS,
    reviewers: isReliability ? ["sana@example.com"] : ["rosa@example.com", "ravi@example.com"],
    comment: random.next() < 0.4 ? "checked against the ticket" : "",
    acts: wish.acts ?? random.between(0, 12),
  };
}

const times = (count: number, wish: Wish): Wish[] => Array.from({ length: count }, () => wish);

function wishes({ live, expired, released, revoked, pending }: Amounts): readonly Wish[] {
  const day = [25, 1] as const;
  const emergencies = Math.max(4, Math.floor(live / 14));
  const fixed: readonly Wish[] = [
    // What live.ts connects with, by name.
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "support-bot",
      connection: "orders-db",
      operation: "read-orders",
    },
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "analytics-bot",
      connection: "analytics-db",
      operation: "read-sales",
    },
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "refund-bot",
      connection: "billing-api",
      operation: "follow",
    },
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "fulfilment-bot",
      connection: "shipping-api",
      operation: "read-shipment",
    },
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "crm-bot",
      connection: "crm",
      operation: "look-up-customer",
    },
    {
      fate: "granted",
      end: "live",
      hours: [3, 1],
      agent: "release-bot",
      connection: "staging-cluster",
      operation: "read-pods",
    },
    {
      fate: "granted",
      end: "live",
      hours: [0.6, 0.4],
      agent: "incident-bot",
      connection: "shop-cluster",
      operation: "debug-shop",
      emergency: true,
    },
    {
      fate: "granted",
      end: "live",
      hours: [0.5, 0.3],
      agent: "refund-bot",
      connection: "orders-db",
      operation: "refund-order",
      emergency: true,
    },
    ...[4, 9, 13].map((endsIn): Wish => ({ fate: "granted", end: "live", hours: [4, 1], endsIn })),
  ];
  const crowd: Wish = {
    fate: "pending",
    hours: [4, 0.1],
    agent: "refund-bot",
    connection: "orders-db",
    operation: "refund-order",
  };
  const many = Math.floor(pending / 4);
  return [
    ...fixed,
    ...times(emergencies - 2, { fate: "granted", end: "live", hours: [0.6, 0.05], emergency: true }),
    ...times(live - fixed.length - emergencies + 2, { fate: "granted", end: "live", hours: [6, 0.2] }),
    ...times(expired - 4, { fate: "granted", end: "expire", hours: day }),
    ...times(4, { fate: "granted", end: "expire", hours: day, emergency: true }),
    ...times(released, { fate: "granted", end: "release", hours: day }),
    ...times(revoked, { fate: "granted", end: "revoke", hours: day }),
    ...times(many, crowd),
    ...times(Math.floor(pending / 6), { fate: "pending", hours: [7, 0.1], agent: "ledger-bot" }),
    ...times(pending - many - Math.floor(pending / 6), { fate: "pending", hours: [7.5, 0.05] }),
    ...times(14, { fate: "refused", hours: day }),
    ...times(6, { fate: "withdrawn", hours: day }),
    ...times(5, { fate: "timed out", hours: [25, 12] }),
    ...times(10, { fate: "denied", hours: day }),
  ];
}

/** The history of the data set: the same for the same amounts. */
export function planOf(amounts: Amounts): readonly Episode[] {
  const random = createRandom(20_260_101);
  return wishes(amounts).map((wish, index) => episode(wish, index, random));
}
