// `node bench/cpu.ts --against DIR`: the CPU time that the gateway takes for one PostgreSQL statement and for one HTTP
// request, over TLS, of this checkout and of another one with its packages installed; rounds are interleaved. The rest of
// the machine changes the CPU's time for one operation less than it changes how many are done in a second.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "@mayfly/testing/gateway.ts";
import { startBenchGateway, type BenchGateway } from "./gateway.ts";
import { treeTimes } from "./measure/process-times.ts";
import { interleaved } from "./measure/rounds.ts";
import { median } from "./median.ts";
import { startDatabase } from "./postgres/peers.ts";
import { pgbench } from "./postgres/pgbench.ts";

const { values } = parseArgs({
  options: {
    against: { type: "string" },
    rounds: { type: "string", default: "5" },
    statements: { type: "string", default: "5000" },
    requests: { type: "string", default: "8000" },
  },
});
const [rounds, statements, requests] = [values.rounds, values.statements, values.requests].map(Number) as [
  number,
  number,
  number,
];
const CLIENTS = 8;

const database = await startDatabase();
const body = JSON.stringify({ id: 7, note: "x".repeat(180) });
const api = createServer((_, response) => response.setHeader("content-type", "application/json").end(body));
await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));

interface Checkout {
  readonly name: string;
  readonly gateway: BenchGateway;
  /** Does so many operations; answers the microseconds of CPU that each took. */
  readonly loads: Readonly<Record<string, () => Promise<number>>>;
}

async function start(name: string, checkout: string): Promise<Checkout> {
  const gateway = await startBenchGateway({
    bin: path.join(checkout, "packages/gateway/bin/mayflyd.js"),
    postgres: "tls",
    environment: { BENCH_PASSWORD: "bench-password" },
    connections: {
      database: {
        postgres: {
          host: "127.0.0.1",
          port: database.postgres.port,
          database: "bench",
          user: "bench",
          password: { env: "BENCH_PASSWORD" },
          tls: "disable",
        },
        operations: {
          read: {
            description: "Read what the benchmark reads",
            statements: ["select"],
            catalog: true,
            tables: { "public.pgbench_accounts": "all", "public.pgbench_branches": "all" },
          },
        },
      },
      api: {
        http: { url: `http://127.0.0.1:${(api.address() as AddressInfo).port}` },
        operations: { read: { description: "Read", requests: ["GET /{name}"] } },
      },
    },
  });
  const { grant, secret: password } = await gateway.access("database");
  const { secret } = await gateway.access("api");
  const each = async (count: number, work: () => Promise<unknown>): Promise<number> => {
    const before = treeTimes(gateway.pid);
    await work();
    const after = treeTimes(gateway.pid);
    return (after.user + after.kernel - before.user - before.kernel) / count;
  };
  const peer = {
    name,
    port: gateway.postgresPort,
    user: grant,
    password,
    database: "database",
    processes: [gateway.pid],
  };
  const load = ["-S", "-M", "prepared", "-c", String(CLIENTS), "-t", String(statements)];
  return {
    name,
    gateway,
    loads: {
      "PostgreSQL, prepared, 8 clients": () => each(CLIENTS * statements, () => pgbench(peer, load, true)),
      "HTTP by secret, 8 connections": () => each(requests, () => get(gateway, secret)),
      "HTTP by token, 8 connections": () => each(requests, () => get(gateway, gateway.token)),
    },
  };
}

/** Asks over eight connections. @throws Error when an answer is not 200 */
async function get(gateway: BenchGateway, bearer: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS, ca: readFileSync(gateway.caFile) });
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${bearer}` };
      const outgoing = request(new URL("/http/api/small", gateway.url), { agent, headers }, (answer) => {
        answer.resume().once("end", () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`GET: ${answer.statusCode}`));
        });
      });
      outgoing.once("error", reject).end();
    });
  let left = requests;
  const line = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, line));
  agent.destroy();
}

const checkouts = [
  ...(values.against === undefined ? [] : [await start("against", path.resolve(values.against))]),
  await start("this", root),
];
const stop = async (): Promise<void> => {
  for (const { gateway } of checkouts) await gateway.close();
  api.close();
  api.closeAllConnections();
  await database.stop();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));
try {
  const names = Object.keys(checkouts[0]?.loads ?? {});
  const times = new Map<string, number[]>();
  for (const name of names) {
    for (const { round, peer: checkout } of interleaved(rounds + 1, checkouts)) {
      const us = (await checkout.loads[name]?.()) ?? Number.NaN;
      const key = `${checkout.name} ${name}`;
      // The first round only warms up.
      if (round > 0) times.set(key, [...(times.get(key) ?? []), us]);
      console.error(`round ${round}, ${name}, ${checkout.name}: ${us.toFixed(1)} us`);
    }
  }
  console.log(
    `| CPU of one operation | ${checkouts.map(({ name }) => `${name} | least, most`).join(" | ")} |`,
  );
  console.log(`| --- |${" --- | --- |".repeat(checkouts.length)}`);
  for (const name of names) {
    const cells = checkouts.map((checkout) => {
      const all = times.get(`${checkout.name} ${name}`) ?? [];
      return `${median(all).toFixed(1)} us | ${Math.min(...all).toFixed(1)}, ${Math.max(...all).toFixed(1)}`;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
} finally {
  await stop();
}
process.exit();
