import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { call } from "@mayfly/testing/api.ts";
import type { Fleet, Serving } from "./fleet.ts";

/** A grant as its agent holds it. */
export interface Way {
  readonly connection: "acts-db" | "acts-api";
  readonly grant: string;
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** When an operator was told that it is revoked. */
  revokedAt: number | undefined;
  /** Acts that were tried with it. */
  acts: number;
}

/** What agents met with. */
export interface Tally {
  answered: number;
  /** Acts, sessions and requests that failed. */
  errors: number;
  /** Told to connect again, by a gateway that drains: nothing was under way. */
  moved: number;
  /** The longest that one agent was without an answered act, milliseconds. */
  longestGap: number;
}

/** Agents at work on both connections. */
export interface Load {
  /** Every grant that was given, by id. */
  readonly ways: ReadonlyMap<string, Way>;
  readonly tally: Tally;
  /** Begins to count anew. */
  reset(): void;
  stop(): Promise<void>;
}

const PAUSE_MS = 25;
/** How long an agent keeps a grant for: most keep one through every fault. */
const LONG_TTL = "15m";
const SHORT_TTL = "3s";
const ANSWER_MS = 8000;

/** A client of one gateway that acts until it fails. */
interface Client {
  act(mark: string): Promise<void>;
  close(): void;
}

export interface LoadParts {
  readonly fleet: Fleet;
  readonly token: () => Promise<string>;
  readonly operator: () => Promise<string>;
  readonly agents: number;
}

/**
 * Agents act in a loop, half of them in the database and half over HTTP, and go where the load balancer sends them. One more
 * lets its grants expire, and one has them revoked at one gateway while it acts through another.
 */
export function startLoad({ fleet, token, operator, agents }: LoadParts): Load {
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const ways = new Map<string, Way>();
  const tally: Tally = { answered: 0, errors: 0, moved: 0, longestGap: 0 };

  const wayIn = async (at: Serving, connection: Way["connection"], ttl: string): Promise<Way> => {
    const asked = { connection, operations: ["act"], reason: "chaos", ttl };
    const { status, body } = await call(at, await token(), "POST", "/v1/requests", asked);
    const { grant } = body as { grant?: { id: string; ends_at: string; access: { secret: string } } };
    if (grant === undefined) throw new Error(`no grant: ${status}`);
    const way: Way = {
      connection,
      grant: grant.id,
      secret: grant.access.secret,
      endsAt: Date.parse(grant.ends_at),
      revokedAt: undefined,
      acts: 0,
    };
    ways.set(way.grant, way);
    return way;
  };

  /** Acts with one grant until it fails or `isDone`. */
  async function actOn(way: Way, at: Serving, isDone: () => boolean, answered: () => void): Promise<void> {
    const client = await connect(at, fleet.host, way);
    try {
      while (!isDone()) {
        way.acts += 1;
        await client.act(`${way.grant}-${way.acts}`);
        answered();
        await sleep(PAUSE_MS);
      }
    } finally {
      client.close();
    }
  }

  async function agent(connection: Way["connection"]): Promise<void> {
    let way: Way | undefined;
    let last = performance.now();
    const answered = (): void => {
      const now = performance.now();
      tally.longestGap = Math.max(tally.longestGap, now - last);
      last = now;
      tally.answered += 1;
    };
    while (!isOver()) {
      const at = fleet.pick();
      try {
        if (at === undefined) throw new Error("no gateway is ready");
        if (way === undefined || way.endsAt < Date.now() + 60_000)
          way = await wayIn(at, connection, LONG_TTL);
        await actOn(way, at, isOver, answered);
      } catch (error) {
        // An answer on a connection that ends with it is one all the same.
        if (error instanceof Moved) answered();
        if (isMoved(error)) tally.moved += 1;
        else {
          tally.errors += 1;
          await sleep(2 * PAUSE_MS);
        }
      }
    }
  }

  /** Its grants end while it acts; what it meets with then is no error. */
  async function ending(connection: Way["connection"], isRevoked: boolean): Promise<void> {
    while (!isOver()) {
      const [at, other] = [fleet.pick(), fleet.pick()];
      if (at === undefined || other === undefined) {
        await sleep(PAUSE_MS);
        continue;
      }
      try {
        const way = await wayIn(at, connection, isRevoked ? LONG_TTL : SHORT_TTL);
        const revoke = isRevoked ? sleep(300).then(() => revokeAt(other, way)) : Promise.resolve();
        await Promise.allSettled([actOn(way, at, isOver, () => undefined), revoke]);
      } catch {
        await sleep(PAUSE_MS);
      }
    }
  }

  async function revokeAt(at: Serving, way: Way): Promise<void> {
    const body = { reason: "chaos" };
    const { status } = await call(at, await operator(), "POST", `/v1/grants/${way.grant}/revoke`, body);
    if (status === 200) way.revokedAt = Date.now();
  }

  const kinds = ["acts-db", "acts-api"] as const;
  const working = [
    ...Array.from({ length: agents }, (_, index) => agent(kinds[index % 2] ?? "acts-db")),
    ...kinds.flatMap((kind) => [ending(kind, true), ending(kind, false)]),
  ];
  return {
    ways,
    tally,
    reset() {
      Object.assign(tally, { answered: 0, errors: 0, moved: 0, longestGap: 0 } satisfies Tally);
    },
    async stop() {
      over.abort();
      await Promise.all(working);
    },
  };
}

/** Lets an agent in at one gateway, once. @throws Error with what it was told */
export async function actOnce(at: Serving, host: string, way: Way): Promise<void> {
  const client = await connect(at, host, way);
  try {
    way.acts += 1;
    await client.act(`${way.grant}-${way.acts}`);
  } finally {
    client.close();
  }
}

function connect(at: Serving, host: string, way: Way): Promise<Client> {
  return way.connection === "acts-db" ? overPostgres(at, way) : Promise.resolve(overHttp(at, host, way));
}

async function overPostgres(at: Serving, { grant, secret }: Way): Promise<Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: at.postgresPort,
    user: grant,
    password: secret,
    database: "acts-db",
    ssl: { ca: readFileSync(at.caFile), servername: "localhost" },
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  let ended: Error | undefined;
  client.on("error", (error) => (ended ??= error));
  await client.connect();
  return {
    async act(mark) {
      if (ended !== undefined) throw ended;
      await client.query("insert into public.acts (id) values ($1)", [mark]);
    },
    close: () => void client.end().catch(() => undefined),
  };
}

function overHttp(at: Serving, host: string, { secret }: Way): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(at.caFile) });
  return {
    act: (mark) =>
      new Promise((resolve, reject) => {
        const headers = { host, authorization: `Bearer ${secret}`, "content-length": "0" };
        const options = { method: "POST", agent, headers, timeout: ANSWER_MS };
        const sent = request(new URL(`/http/acts-api/v1/acts/${mark}`, at.url), options, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => (text += part));
          answer.once("error", reject);
          answer.once("end", () => {
            if (answer.statusCode !== 201) reject(new Error(`${answer.statusCode} ${text}`));
            // What stands before the gateway is asked again where to go.
            else if (answer.headers.connection === "close") reject(new Moved());
            else resolve();
          });
        });
        sent.once("timeout", () => sent.destroy(new Error("no answer")));
        sent.once("error", reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

/** An act that was answered on a connection that ends with the answer. */
class Moved extends Error {}

function isMoved(error: unknown): boolean {
  if (error instanceof Moved) return true;
  const { code, message = "" } = error as { readonly code?: string; readonly message?: string };
  return code === "57P01" && message.includes("connect again");
}
