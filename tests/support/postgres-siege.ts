import { fork } from "node:child_process";
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startOktaStandIn } from "@mayfly/okta-stand-in";
import pg from "pg";
import { getAccess } from "./api.ts";
import { type GatewayProcess, startGateway } from "./gateway.ts";
import { freePort, startPostgres } from "./postgres.ts";

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
  /** A grant of the attacker's on the calm agent's database. */
  readonly shared: Way;
}

/** A gateway as a process before two agents, each with a connection and a database of its own. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly ground: Ground;
  readonly calm: Way;
  stop(): Promise<void>;
}

const operation = "{ read: { statements: [select], tables: { public.t: all } } }";

export async function startStage(): Promise<Stage> {
  const undo: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const folder = mkdtempSync(path.join(tmpdir(), "mayfly-siege-"));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const okta = await startOktaStandIn({
      agents: [
        { clientId: "0oabusy", keys: [] },
        { clientId: "0oacalm", keys: [] },
      ],
    });
    undo.push(() => okta.close());
    const [busy, calm] = await Promise.all([startPostgres(), startPostgres()]);
    for (const server of [busy, calm]) {
      undo.push(() => server.stop());
      await server.run("create table t (id int primary key); insert into t select generate_series(1, 1000)");
    }
    const connection = (server: typeof busy, name: string): string =>
      `{ postgres: { host: 127.0.0.1, port: ${server.port}, database: postgres, user: postgres, password: { env: ${name} }, tls: disable }, operations: ${operation} }`;
    const ports = { https: await freePort(), postgres: await freePort() };
    const file = path.join(folder, "mayfly.yaml");
    writeFileSync(
      file,
      `url: https://localhost:${ports.https}
listen: { https: "127.0.0.1:${ports.https}", postgres: "127.0.0.1:${ports.postgres}" }
identity:
  agents:
    issuer: ${okta.issuer}
    audience: api://mayfly
    allow_insecure_loopback: true
    directory:
      0oabusy: { name: busy-bot, owner: owner@example.com, groups: [busy] }
      0oacalm: { name: calm-bot, owner: owner@example.com, groups: [calm] }
connections:
  busy-db: ${connection(busy, "BUSY_PASSWORD")}
  shared-db: ${connection(calm, "CALM_PASSWORD")}
  calm-db: ${connection(calm, "CALM_PASSWORD")}
policies:
  - { name: busy, groups: [busy], connection: busy-db, operations: [read], ttl: 15m }
  - { name: shared, groups: [busy], connection: shared-db, operations: [read], ttl: 15m }
  - { name: calm, groups: [calm], connection: calm-db, operations: [read], ttl: 15m }
`,
    );
    const gateway = await startGateway(file, { BUSY_PASSWORD: busy.password, CALM_PASSWORD: calm.password });
    undo.push(() => gateway.stop("SIGKILL"));
    const way = async (agent: string, name: string): Promise<Way> => {
      const access = await getAccess(gateway, await okta.tokenFor({ agent }), name, ["read"], "15m");
      return { grant: access.grant, secret: access.secret, connection: name };
    };
    return {
      gateway,
      ground: {
        port: gateway.postgresPort,
        caFile: gateway.caFile,
        busy: await way("0oabusy", "busy-db"),
        shared: await way("0oabusy", "shared-db"),
      },
      calm: await way("0oacalm", "calm-db"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
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
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const PAUSE_MS = 5;
/** Every so many queries a session of their own is opened. */
const FRESH_EVERY = 20;

/** Queries one after another until told to stop, most on one session and some on fresh ones. */
function watch(stage: Stage): { stop(): Promise<Seen> } {
  const took: number[] = [];
  const failed: string[] = [];
  const over = new AbortController();
  const done = (async () => {
    const kept = await open(stage);
    for (let count = 1; !over.signal.aborted; count += 1) {
      const began = performance.now();
      try {
        const client = count % FRESH_EVERY === 0 ? await open(stage) : kept;
        await client.query(`select id, '${count}' from public.t where id = ${count % 1000}`);
        if (client !== kept) await client.end();
      } catch (error) {
        failed.push((error as Error).message);
      }
      took.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await kept.end();
  })();
  return {
    async stop() {
      over.abort();
      await done;
      const sorted = took.toSorted((a, b) => a - b);
      return { p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, queries: took.length, failed };
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

/** Attacks for some seconds and measures a second agent meanwhile; then waits until the memory is given back. */
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
  const child = fork(attacker, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const did = await new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + 20_000);
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
  clearInterval(looking);
  const seen = await watching.stop();
  const ended = performance.now();
  let after = residentBytes(stage);
  while (after > backBelow && performance.now() - ended < GIVE_BACK_MS) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    after = residentBytes(stage);
  }
  return { ...seen, did, restingBytes: resting, peakBytes: peak, afterBytes: after };
}
