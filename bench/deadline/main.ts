// `npm run bench -- deadline`: how long after the deadline the sockets of a grant's clients are dead, with a thousand
// sessions open. `all`: every session is the grant's. `beside`: one is, and the others are another grant's and stay.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { dial, dialTls, type RawClient } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { call, type Access } from "@mayfly/testing/api.ts";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import { startBenchGateway } from "../gateway.ts";
import { noTimes } from "../measure/process-times.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { loadNow } from "../measure/rounds.ts";
import { difference, perOperation, sampleNow } from "../measure/sampler.ts";
import { median } from "../median.ts";
import { quantile } from "../quantile.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000" },
    repeats: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    plain: { type: "boolean", default: false },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("deadline", values));
const sessions = Number(values.sessions);
const repeats = Number(values.repeats);
/** Log-ins under way at once: each costs a key derivation and a database process. */
const MAX_LOGINS = 8;

/** One client takes them all here. */
const limits = {
  connections: 4000,
  connections_per_address: 4000,
  sessions_per_grant: 4000,
  sessions_per_principal: 4000,
};

const postgres = await startPostgres({
  settings: { max_connections: String(sessions + 50), shared_buffers: "128MB" },
});
await postgres.run("create role bench login password 'bench-password'");
const gateway = await startBenchGateway({
  postgres: "plain",
  limits,
  environment: { BENCH_PASSWORD: "bench-password" },
  connections: {
    bench: {
      postgres: {
        host: "127.0.0.1",
        port: postgres.port,
        database: "postgres",
        user: "bench",
        password: { env: "BENCH_PASSWORD" },
        tls: "disable",
      },
      operations: { read: { description: "Read nothing", statements: ["select"], catalog: true } },
    },
  },
});

/** A client that is in, and when its socket was dead. */
interface Watched {
  readonly client: RawClient;
  readonly dead: Promise<number>;
}

const now = (): number => performance.timeOrigin + performance.now();

async function enter(access: Access): Promise<Watched> {
  const client = values.plain
    ? await dial(gateway.postgresPort)
    : await dialTls(gateway.postgresPort, readFileSync(gateway.caFile, "utf8"), ["postgresql"]);
  const dead = new Promise<number>((resolve) => {
    client.socket.once("end", () => resolve(now()));
    client.socket.once("close", () => resolve(now()));
  });
  await client.logIn({ user: access.grant, database: "bench", secret: access.secret });
  return { client, dead };
}

async function enterAll(access: Access, count: number): Promise<Watched[]> {
  const all: Watched[] = [];
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      all.push(await enter(access));
    }
  };
  await Promise.all(Array.from({ length: MAX_LOGINS }, work));
  return all;
}

async function endOf({ grant }: Access): Promise<number> {
  const { body } = await call(gateway, gateway.token, "GET", `/v1/grants/${grant}`);
  return Date.parse((body as { ends_at: string }).ends_at);
}

const raw: Record<string, number[][]> = { all: [], beside: [] };
/** CPU of the gateway for each round's ends, microseconds a session. */
const cpu: Record<string, { user: number; kernel: number }[]> = { all: [], beside: [] };

/** What is late on a client's socket, for each of the sessions, milliseconds. */
async function late(ends: number, watched: readonly Watched[]): Promise<number[]> {
  return Promise.all(watched.map(async ({ dead }) => (await dead) - ends));
}

/** Waits for the grant's end and keeps what it took. */
async function measure(name: "all" | "beside", grant: Access, watched: readonly Watched[]): Promise<void> {
  const ends = await endOf(grant);
  // What the gateway does while it waits is not the end's.
  await new Promise((resolve) => setTimeout(resolve, ends - now()));
  const before = sampleNow({ gateway: [gateway.pid] });
  raw[name]?.push(await late(ends, watched));
  const spent = perOperation(difference(before, sampleNow({ gateway: [gateway.pid] })), watched.length);
  cpu[name]?.push(spent["gateway"] ?? noTimes);
}

try {
  // How long logging in takes here decides how long a grant has to live.
  const began = performance.now();
  const others =
    values.only === "all" ? [] : await enterAll(await gateway.access("bench", "8h"), sessions - 1);
  const each = others.length === 0 ? 20 : (performance.now() - began) / others.length;
  for (let round = 0; round < repeats && values.only !== "all"; round += 1) {
    const grant = await gateway.access("bench", "3s");
    const one = await enter(grant);
    await measure("beside", grant, [one]);
  }
  for (const { client } of others) client.close();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  for (let round = 0; round < repeats && values.only !== "beside"; round += 1) {
    const grant = await gateway.access("bench", `${Math.ceil((each * sessions * 2) / 1000) + 5}s`);
    const all = await enterAll(grant, sessions);
    await measure("all", grant, all);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  console.log(tableHead([`${sessions} sessions`, "p50", "p99", "largest", "CPU, µs a session"]));
  for (const [name, rounds] of Object.entries(raw)) {
    const late = rounds.flat();
    if (late.length === 0) continue;
    const show = (ms: number): string => `${ms.toFixed(1)} ms`;
    const us = median((cpu[name] ?? []).map(({ user, kernel }) => user + kernel));
    console.log(tableRow([name, ...[0.5, 0.99, 1].map((part) => show(quantile(late, part))), us.toFixed(0)]));
  }
  writeResult(
    results,
    `${JSON.stringify({ sessions, repeats, plain: values.plain, load: loadNow(), raw, cpu })}\n`,
  );
} finally {
  await gateway.close();
  await postgres.stop();
}
