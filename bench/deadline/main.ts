// `npm run bench -- deadline`: how long after the deadline the sockets of a grant's clients are dead, with a thousand
// sessions open. `all`: every session is the grant's. `beside`: one is, and the others are another grant's and stay.
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startOktaStandIn } from "@mayfly/okta-stand-in";
import { dial, dialTls, type RawClient } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { call, getAccess, type Access } from "../../tests/support/api.ts";
import { root, startGateway, type GatewayProcess } from "../../tests/support/gateway.ts";
import { freePort, startPostgres } from "../../tests/support/postgres.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000" },
    repeats: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    plain: { type: "boolean", default: false },
    out: { type: "string", default: path.join(root, "bench/results/deadline.json") },
  },
});
const sessions = Number(values.sessions);
const repeats = Number(values.repeats);
/** Log-ins under way at once: each costs a key derivation and a database process. */
const MAX_LOGINS = 8;

/** Every bound on sessions and connections that a configuration can set: one client takes them all here. */
const schema = readFileSync(path.join(root, "packages/gateway/schema/mayfly.schema.json"), "utf8");
const limits = Object.fromEntries(
  ["connections", "connections_per_address", "sessions_per_grant", "sessions_per_principal"]
    .filter((name) => schema.includes(`"${name}"`))
    .map((name) => [name, 4000]),
);

const postgres = await startPostgres({
  settings: { max_connections: String(sessions + 50), shared_buffers: "128MB" },
});
await postgres.run("create role bench login password 'bench-password'");
const folder = await mkdtemp(path.join(tmpdir(), "mayfly-bench-"));
const okta = await startOktaStandIn({ agents: [{ clientId: "0oabench", keys: [] }] });
const [https, port] = [await freePort(), await freePort()];
const file = path.join(folder, "mayfly.yaml");
await writeFile(
  file,
  `url: https://127.0.0.1:${https}
listen: { https: 127.0.0.1:${https}, postgres: { address: 127.0.0.1:${port}, allow_insecure_loopback: true } }
store: sqlite:data/mayfly.db
limits: ${JSON.stringify(limits)}
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory:
      0oabench: { name: bench, groups: [bench] }
connections:
  bench:
    postgres: { host: 127.0.0.1, port: ${postgres.port}, database: postgres, user: bench, password: { env: BENCH_PASSWORD }, tls: disable }
    operations:
      read: { description: Read nothing, statements: [select], catalog: true }
policies:
  - { name: bench, groups: [bench], connection: bench, operations: [read], ttl: 8h }
`,
);

/** A client that is in, and when its socket was dead. */
interface Watched {
  readonly client: RawClient;
  readonly dead: Promise<number>;
}

const now = (): number => performance.timeOrigin + performance.now();

async function enter(gateway: GatewayProcess, access: Access): Promise<Watched> {
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

async function enterAll(gateway: GatewayProcess, access: Access, count: number): Promise<Watched[]> {
  const all: Watched[] = [];
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      all.push(await enter(gateway, access));
    }
  };
  await Promise.all(Array.from({ length: MAX_LOGINS }, work));
  return all;
}

async function endOf(gateway: GatewayProcess, token: string, { grant }: Access): Promise<number> {
  const { body } = await call(gateway, token, "GET", `/v1/grants/${grant}`);
  return Date.parse((body as { ends_at: string }).ends_at);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

const gateway = await startGateway(file, { BENCH_PASSWORD: "bench-password" });
const token = await okta.tokenFor({ agent: "0oabench" });
const access = (ttl: string): Promise<Access> => getAccess(gateway, token, "bench", ["read"], ttl);
const raw: Record<string, number[][]> = { all: [], beside: [] };

/** What is late on a client's socket, for each of the sessions, milliseconds. */
async function late(ends: number, watched: readonly Watched[]): Promise<number[]> {
  return Promise.all(watched.map(async ({ dead }) => (await dead) - ends));
}

try {
  // How long logging in takes here decides how long a grant has to live.
  const began = performance.now();
  const others = values.only === "all" ? [] : await enterAll(gateway, await access("8h"), sessions - 1);
  const each = others.length === 0 ? 20 : (performance.now() - began) / others.length;
  for (let round = 0; round < repeats && values.only !== "all"; round += 1) {
    const grant = await access("3s");
    const one = await enter(gateway, grant);
    raw["beside"]?.push(await late(await endOf(gateway, token, grant), [one]));
  }
  for (const { client } of others) client.close();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  for (let round = 0; round < repeats && values.only !== "beside"; round += 1) {
    const grant = await access(`${Math.ceil((each * sessions * 2) / 1000) + 5}s`);
    const all = await enterAll(gateway, grant, sessions);
    raw["all"]?.push(await late(await endOf(gateway, token, grant), all));
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  console.log(`| ${sessions} sessions | p50 | p99 | largest |`);
  console.log("| --- | --- | --- | --- |");
  for (const [name, rounds] of Object.entries(raw)) {
    const sorted = rounds.flat().toSorted((a, b) => a - b);
    if (sorted.length === 0) continue;
    const show = (ms: number): string => `${ms.toFixed(1)} ms`;
    console.log(
      `| ${name} | ${show(quantile(sorted, 0.5))} | ${show(quantile(sorted, 0.99))} | ${show(sorted.at(-1) ?? Number.NaN)} |`,
    );
  }
  await mkdir(path.dirname(values.out), { recursive: true });
  await writeFile(values.out, `${JSON.stringify({ sessions, repeats, plain: values.plain, raw })}\n`);
} finally {
  await gateway.stop();
  await okta.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
