import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { call, getAccess } from "./api.ts";
import { startConfiguredGateway } from "./configured-gateway.ts";
import type { GatewayProcess } from "./gateway.ts";
import { mainThreadMs } from "./main-thread.ts";
import { startPostgres } from "./postgres.ts";
import { startAll } from "./undo.ts";

interface Way {
  readonly grant: string;
  readonly secret: string;
  readonly connection: string;
}

/** What an attack is given: where the gateway is, and what the attacker may do there. */
export interface Ground {
  readonly port: number;
  readonly caFile: string;
  readonly busy: Way;
  /** Another grant of the attacker's on the same database: a principal has more sessions than a grant. */
  readonly second: Way;
  /** A grant of the attacker's on the calm agent's database. */
  readonly shared: Way;
}

/** A gateway as a process before two agents, each with a connection and a database of its own. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly ground: Ground;
  readonly calm: Way;
  /** Releases the attacker's grants, and gets it new ones for the next attack. */
  renewAttacker(): Promise<void>;
  stop(): Promise<void>;
}

const operation =
  "{ read: { statements: [select, copy_from], tables: { public.t: { select: all }, public.notes: { insert: all } } } }";

/** @param bin which mayflyd, from the repository's folder; left out: the one that is run from its sources */
export function startStage(bin?: string): Promise<Stage> {
  return startAll(async ({ onStop, stop }) => {
    const [busy, calm] = await Promise.all([startPostgres(), startPostgres()]);
    for (const server of [busy, calm]) {
      onStop(() => server.stop());
      await server.run(
        "create table t (id int primary key); insert into t select generate_series(1, 1000); create unlogged table notes (note text)",
      );
    }
    const connection = (server: typeof busy, name: string): string =>
      `{ postgres: { host: 127.0.0.1, port: ${server.port}, database: postgres, user: postgres, password: { env: ${name} }, tls: disable }, operations: ${operation} }`;
    const configured = await startConfiguredGateway({
      name: "siege",
      ...(bin === undefined ? {} : { bin }),
      agents: { "0oabusy": ["busy"], "0oacalm": ["calm"] },
      postgres: "tls",
      environment: { BUSY_PASSWORD: busy.password, CALM_PASSWORD: calm.password },
      configuration: `connections:
  busy-db: ${connection(busy, "BUSY_PASSWORD")}
  shared-db: ${connection(calm, "CALM_PASSWORD")}
  calm-db: ${connection(calm, "CALM_PASSWORD")}
policies:
  - { name: busy, groups: [busy], connection: busy-db, operations: [read], ttl: 15m }
  - { name: shared, groups: [busy], connection: shared-db, operations: [read], ttl: 15m }
  - { name: calm, groups: [calm], connection: calm-db, operations: [read], ttl: 15m }
`,
    });
    onStop(() => configured.stop());
    const { gateway, okta } = configured;
    const way = async (agent: string, name: string): Promise<Way> => {
      const access = await getAccess(gateway, await okta.tokenFor({ agent }), name, ["read"], "15m");
      return { grant: access.grant, secret: access.secret, connection: name };
    };
    const attacker = async (): Promise<Pick<Ground, "busy" | "second" | "shared">> => ({
      busy: await way("0oabusy", "busy-db"),
      second: await way("0oabusy", "busy-db"),
      shared: await way("0oabusy", "shared-db"),
    });
    const ground = { port: gateway.postgresPort, caFile: gateway.caFile, ...(await attacker()) };
    return {
      gateway,
      ground,
      calm: await way("0oacalm", "calm-db"),
      async renewAttacker() {
        const token = await okta.tokenFor({ agent: "0oabusy" });
        for (const { grant } of [ground.busy, ground.second, ground.shared]) {
          const { status } = await call(gateway, token, "DELETE", `/v1/grants/${grant}`);
          if (status >= 300) throw new Error(`releasing ${grant} was answered with ${status}`);
        }
        Object.assign(ground, await attacker());
      },
      stop,
    };
  });
}

/** Resident memory of the gateway. */
function residentBytes({ gateway }: Stage): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}

/** What a second agent saw. */
export interface Seen {
  /** Milliseconds below which 99 of 100 of its queries stayed. */
  readonly p99: number;
  readonly queries: number;
  /** CPU of the gateway's main thread while each query on the kept session waited for its answer, milliseconds. */
  readonly cpu: readonly number[];
  readonly failed: readonly string[];
}

async function open(stage: Stage): Promise<pg.Client> {
  const client = new pg.Client({
    host: "localhost",
    port: stage.gateway.postgresPort,
    user: stage.calm.grant,
    password: stage.calm.secret,
    database: stage.calm.connection,
    ssl: { ca: readFileSync(stage.gateway.caFile, "utf8") },
    connectionTimeoutMillis: 60_000,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const PAUSE_MS = 5;
/** Every so many queries a session of their own is opened. */
const FRESH_EVERY = 20;

/** Queries one after another until told to stop, most on one session and some on fresh ones. */
function watch(stage: Stage): { queries(): number; stop(): Promise<Seen> } {
  const took: number[] = [];
  const cpu: number[] = [];
  const failed: string[] = [];
  const over = new AbortController();
  const done = (async () => {
    const kept = await open(stage);
    for (let count = 1; !over.signal.aborted; count += 1) {
      const began = performance.now();
      const ran = mainThreadMs(stage.gateway.pid);
      try {
        const client = count % FRESH_EVERY === 0 ? await open(stage) : kept;
        await client.query(`select id, '${count}' from public.t where id = ${count % 1000}`);
        if (client === kept) cpu.push(mainThreadMs(stage.gateway.pid) - ran);
        else await client.end();
      } catch (error) {
        failed.push((error as Error).message);
      }
      took.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await kept.end();
  })();
  return {
    queries: () => took.length,
    async stop() {
      over.abort();
      await done;
      const sorted = took.toSorted((a, b) => a - b);
      return { p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, queries: took.length, cpu, failed };
    },
  };
}

/** What a siege showed. */
export interface Siege extends Seen {
  readonly did: number;
  readonly restingBytes: number;
  readonly peakBytes: number;
  /** Ten seconds after the attack, or as soon as it is below `backBelow`. */
  readonly afterBytes: number;
}

const attacker = path.join(path.dirname(fileURLToPath(import.meta.url)), "postgres-attacker.ts");
const GIVE_BACK_MS = 10_000;
/** So long after its time an attack is ended by force, and the second agent's connection given up, milliseconds. */
const PATIENCE_MS = 120_000;
/** The second agent does at least so many queries while it is attacked, however long they take. */
const MIN_QUERIES = 20;
/** An attack is run again so often. */
const MAX_ROUNDS = 10;

/** The attacks that `besiege` knows, by name. */
export const POSTGRES_ATTACKS = [
  "texts that take long to parse",
  "texts as long as they may be",
  "stars of stars",
  "deep texts, pipelined",
  "small texts that are all new, pipelined",
  "Parse of 15 MB without Sync",
  "Bind of 8 MB, executed again and again",
  "large messages that never end",
  "log-ins until refused",
  "made-up secrets",
  "handshakes that never end",
  "CopyData of one byte",
  "Syncs, pipelined",
  "Flush and Close, pipelined",
  "texts of 3 kB, prepared",
  "portals of 60 kB",
  "one short query, pipelined",
  "rows of no columns",
] as const;

/** Runs an attack in a process of its own. @returns how often it did what it does */
function runAttack(stage: Stage, name: string, seconds: number): Promise<number> {
  const child = fork(attacker, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + PATIENCE_MS);
    let said = 0;
    child.once("message", (message) => {
      said = (message as { did: number }).did;
    });
    child.once("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve(said);
      else reject(new Error(`the attack ended with ${code}`));
    });
    child.send({ name, ground: stage.ground, seconds });
  });
}

/**
 * Attacks for some seconds, again until a second agent has worked beside it, and measures that agent meanwhile; then waits
 * until the memory is given back.
 */
export async function besiege(
  stage: Stage,
  name: string,
  seconds: number,
  backBelow: number,
): Promise<Siege> {
  const resting = residentBytes(stage);
  const watching = watch(stage);
  let peak = resting;
  const looking = setInterval(() => {
    peak = Math.max(peak, residentBytes(stage));
  }, 50);
  let did = 0;
  try {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      did += await runAttack(stage, name, seconds);
      if (watching.queries() >= MIN_QUERIES) break;
    }
  } finally {
    clearInterval(looking);
  }
  const seen = await watching.stop();
  const ended = performance.now();
  let after = residentBytes(stage);
  while (after > backBelow && performance.now() - ended < GIVE_BACK_MS) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    after = residentBytes(stage);
  }
  return { ...seen, did, restingBytes: resting, peakBytes: peak, afterBytes: after };
}
