// `npm run bench -- profile postgres|http|mcp`: a CPU profile of the gateway's main thread under load, and its most expensive
// functions by room. `--mode simple --clients 64 --tls` for PostgreSQL, `--file big --clients 16` for HTTP. With `--survivors`,
// what each act leaves behind that outlives the young generation, where nothing should: see docs/decisions/0039.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "@mayfly/testing/gateway.ts";
import { makeCertificate } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import type { BenchGateway } from "../gateway.ts";
import { startMayfly as startHttpMayfly } from "../http/mayfly.ts";
import { makePlace, startApi } from "../http/peers.ts";
import { spanOf as wrkSpan, startWrk } from "../http/wrk.ts";
import { mainThreadTimes } from "../measure/process-times.ts";
import { withCpu, type Load, type Span } from "../measure/sampler.ts";
import { startClient, startParties } from "../mcp/peers.ts";
import { startMayfly as startPostgresMayfly } from "../postgres/mayfly.ts";
import { startDatabase } from "../postgres/peers.ts";
import { spanOf as pgbenchSpan, startPgbench } from "../postgres/pgbench.ts";
import { inspected, inspectorUrl, profileDuring, survivorsDuring } from "./inspector.ts";
import { allocated, byRoom, selfTimes } from "./summary.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: "string", default: "prepared" },
    file: { type: "string", default: "small" },
    clients: { type: "string" },
    tls: { type: "boolean", default: false },
    seconds: { type: "string", default: "5" },
    top: { type: "string", default: "25" },
    gateway: { type: "string" },
    out: { type: "string" },
    survivors: { type: "boolean", default: false },
  },
});
const [protocol = "postgres"] = positionals;
const seconds = Number(values.seconds);
/** What the compiler needs before the code is as fast as it gets. */
const WARM_UP_SECONDS = 3;

const undo: (() => unknown)[] = [];
const stop = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));

/** What a load reached, and the part of it that says so. */
interface Rate {
  readonly perSecond: number;
  readonly span: Span;
}

/** A gateway under the profiler, and the load that goes through it. */
interface Scene {
  readonly what: string;
  readonly gateway: BenchGateway;
  load(seconds: number): Load<Rate>;
}

async function postgres(): Promise<Scene> {
  const database = await startDatabase();
  undo.push(() => database.stop());
  const mayfly = await startPostgresMayfly({
    database: database.postgres.port,
    bin: values.gateway,
    environment: inspected,
  });
  undo.push(() => mayfly.close());
  const clients = values.clients ?? "8";
  return {
    what: `pgbench -S, ${values.mode}, ${clients} clients${values.tls ? ", TLS" : ""}`,
    gateway: mayfly.gateway,
    load(span) {
      const args = ["-S", "-M", values.mode, "-c", clients, "-T", String(span)];
      const { pid, done } = startPgbench(mayfly, args, values.tls);
      return { pid, done: done.then((run) => ({ perSecond: run.tps, span: pgbenchSpan(run, span) })) };
    },
  };
}

async function http(): Promise<Scene> {
  const place = await makePlace(await makeCertificate());
  undo.push(() => place.remove());
  const api = await startApi(place);
  undo.push(() => api.stop());
  const mayfly = await startHttpMayfly({ api: api.port, bin: values.gateway, environment: inspected });
  undo.push(() => mayfly.gateway.close());
  const clients = values.clients ?? "16";
  return {
    what: `wrk, ${values.file}, ${clients} connections, TLS`,
    gateway: mayfly.gateway,
    load(span) {
      const { pid, done } = startWrk(mayfly, values.file, Number(clients), span);
      return { pid, done: done.then((run) => ({ perSecond: run.requestsPerSecond, span: wrkSpan(span) })) };
    },
  };
}

async function mcp(): Promise<Scene> {
  const { gateway, mayfly } = await startParties(undo, { bin: values.gateway, environment: inspected });
  const clients = values.clients ?? "16";
  return {
    what: `calls of one tool, ${clients} connections, TLS`,
    gateway,
    load(span) {
      const { pid, done } = startClient(mayfly, Number(clients), span);
      // The client measures from its first call to its last.
      return {
        pid,
        done: done.then((run) => ({ perSecond: run.callsPerSecond, span: { from: 1000, to: span * 1000 } })),
      };
    },
  };
}

const scenes: Readonly<Record<string, () => Promise<Scene>>> = { postgres, http, mcp };

async function showSurvivors(scene: Scene): Promise<void> {
  const { gateway, what } = scene;
  let perSecond = 0;
  const head = await survivorsDuring(inspectorUrl(gateway.lines), async () => {
    ({ perSecond } = await scene.load(seconds).done);
  });
  const acts = perSecond * seconds;
  const places = allocated(head);
  const all = places.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(
    `${what}: ${Math.round(perSecond).toLocaleString("en")}/s; of what an act allocates, ${Math.round(all / acts)} bytes outlive the young generation:`,
  );
  for (const { bytes, place } of places.slice(0, Number(values.top)))
    console.log(`${(bytes / acts).toFixed(0).padStart(7)}  ${place}`);
}

async function showTimes(scene: Scene): Promise<void> {
  const { gateway, what } = scene;
  let perSecond = 0;
  const before = mainThreadTimes(gateway.pid);
  const profile = await profileDuring(inspectorUrl(gateway.lines), async () => {
    const { run, cpu } = await withCpu(
      scene.load(seconds),
      { gateway: [gateway.pid] },
      ({ span }) => span,
      ({ perSecond: rate }, ms) => (rate * ms) / 1000,
    );
    ({ perSecond } = run);
    const { user = 0, kernel = 0 } = cpu["gateway"] ?? {};
    console.log(
      `${what}: ${Math.round(perSecond).toLocaleString("en")}/s, ${(user + kernel).toFixed(1)} µs of CPU each (${kernel.toFixed(1)} in the kernel), all threads, the profiler's own work among it`,
    );
  });
  const after = mainThreadTimes(gateway.pid);
  const file = values.out ?? path.join(root, `.cache/profiles/${protocol}.cpuprofile`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(profile));

  const times = selfTimes(profile);
  const total = times.reduce((sum, { us }) => sum + us, 0);
  // A profile counts the time until a thread goes on, also while others have its core; the kernel counts what it ran.
  const ran = (after.user + after.kernel - before.user - before.kernel) / (perSecond * seconds);
  const cells = (us: number): string =>
    `${((ran * us) / total).toFixed(2).padStart(7)} µs ${((100 * us) / total).toFixed(1).padStart(5)} %`;
  console.log(
    `the main thread ran ${ran.toFixed(1)} µs each, by function in the proportions of the profile; the ${values.top} most expensive:`,
  );
  for (const { name, us, functions } of byRoom(times, Number(values.top))) {
    console.log(`\n${cells(us)}  ${name}, all of it`);
    for (const each of functions) console.log(`${cells(each.us)}      ${each.name}  ${each.place}`);
  }
  console.log(`\n${path.relative(process.cwd(), file)} opens in Chrome's DevTools and in editors`);
}

try {
  const scene = await scenes[protocol]?.();
  if (scene === undefined) throw new Error(`profile what? One of: ${Object.keys(scenes).join(", ")}`);
  await scene.load(WARM_UP_SECONDS).done;
  if (values.survivors) await showSurvivors(scene);
  else await showTimes(scene);
} finally {
  await stop();
}
