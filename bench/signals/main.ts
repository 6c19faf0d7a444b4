// `npm run bench -- signals`: how long after a signal's last byte the client's socket is dead and the work upstream is
// cancelled, by what ended it, over which protocol and by which credential it came, beside other live sessions.
// `--sessions 50 --cuts 10 --only event_hook/postgres,ssf` makes a smaller round.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { getAccess } from "@mayfly/testing/api.ts";
import { begin, type Task } from "@mayfly/testing/endless-work.ts";
import { addTimes, noTimes, type CpuTimes } from "../measure/process-times.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { difference, sampleNow } from "../measure/sampler.ts";
import { quantile } from "../quantile.ts";
import { spread, within } from "./bounded.ts";
import { combinations, protocols, type Combination } from "./combinations.ts";
import { startScene, type Scene } from "./scene.ts";
import { signalSender, type Sender, type Target, type Victim } from "./send.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "500" },
    cuts: { type: "string", default: "100" },
    only: { type: "string", default: "" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("signals", values));
const [sessions, cuts] = [Number(values.sessions), Number(values.cuts)];
const asked = combinations(values.only);

/** Tasks that begin at once: each costs a handshake, and of PostgreSQL a process. */
const MAX_BEGINNING = 4;
/** Victims that are in at once, waiting for their signals. */
const MAX_READY = 50;
/** Sessions of one agent over each protocol: a principal may have 32 calls of MCP under way at a time. */
const MAX_EACH = 16;
/** How long starting a session may take. */
const BEGIN_MS = 60_000;
/** What has not ended by then counts as never. */
const MAX_LATE_MS = 20_000;
/** Okta writes `iat` in whole seconds, so that a token counts again in the second after its holder was cut. */
const SECOND_MS = 1000;

/** The times of one combination, milliseconds after the signal's last byte; null where the end never came. */
interface Row extends Combination {
  readonly dead: number[];
  readonly cancelled: number[];
  /** CPU of the gateway from before the signal is sent until all has ended, microseconds. */
  readonly cpu: CpuTimes[];
}

const began = performance.now();
const progress = (text: string): void =>
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

let works = 0;
/** Begins work for somebody. */
async function beginFor(
  scene: Scene,
  { protocol, credential }: Omit<Combination, "channel">,
  { access, token }: Omit<Target, "victim">,
): Promise<Task & { readonly work: number }> {
  const work = (works += 1);
  const secret = credential === "secret" ? { secret: access.secret } : {};
  const entry = { ...scene, access, token, ...secret };
  const task = await within(BEGIN_MS, `beginning work over ${protocol}`, begin[protocol](entry, work));
  return { ...task, work };
}

/** The gateway ends what is silent for 90 s: a stream says something sooner, and a call is answered and made again. */
const SPEAK_MS = 30_000;

/** Begins work that goes on until the end of the round. */
async function stayAtWork(
  scene: Scene,
  combination: Omit<Combination, "channel">,
  target: Omit<Target, "victim">,
): Promise<void> {
  const { dead, work } = await beginFor(scene, combination, target);
  let isAnswered = false;
  const speaking = setInterval(() => {
    isAnswered = combination.protocol === "mcp";
    scene.upstreams.say(work);
  }, SPEAK_MS);
  dead
    .then(() => {
      clearInterval(speaking);
      if (isAnswered) return stayAtWork(scene, combination, target);
      throw new Error("ended");
    })
    .catch(() => (lost += 1));
}

/** Opens the sessions that go on beside: as many over each protocol, by either credential. */
async function openBeside(scene: Scene): Promise<void> {
  let open = 0;
  for (const [at, client] of scene.bystanders.entries()) {
    const count = Math.min(MAX_EACH * protocols.length, sessions - at * MAX_EACH * protocols.length);
    const token = await scene.okta.tokenFor({ agent: client });
    const accesses = await Promise.all(
      protocols.map((protocol) => getAccess(scene.gateway, token, protocol, ["work"], "8h")),
    );
    await spread(count, MAX_BEGINNING, async (each) => {
      const protocol = protocols[each % protocols.length] ?? "http";
      const access = accesses[each % protocols.length];
      if (access === undefined) return;
      const credential = each % (2 * protocols.length) < protocols.length ? "token" : "secret";
      await stayAtWork(scene, { protocol, credential }, { access, token });
      open += 1;
    });
    progress(`${open} of ${sessions} sessions are open`);
  }
}
/** Sessions beside that ended although nobody ended them. */
let lost = 0;

/** When each was cut last, milliseconds since the epoch. */
const cutAt = new Map<Victim, number>();

/** Lets a victim in, with a token that was issued after its last cut. */
async function letIn(
  scene: Scene,
  victim: Victim,
  combination: Combination,
): Promise<Target & { task: Task }> {
  const again = (Math.floor((cutAt.get(victim) ?? 0) / SECOND_MS) + 1) * SECOND_MS;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, again - Date.now())));
  const token = await scene.okta.tokenFor({ agent: victim.client, person: victim.person });
  const access = await getAccess(scene.gateway, token, combination.protocol, ["work"], "8h");
  const task = await beginFor(scene, combination, { access, token });
  return { victim, access, token, task };
}

let used = 0;
/** Cuts so many, one after the other, with nothing else beginning meanwhile. */
async function measure(scene: Scene, sender: Sender, combination: Combination): Promise<Row> {
  const row: Row = { ...combination, dead: [], cancelled: [], cpu: [] };
  while (row.dead.length < cuts) {
    const targets: Awaited<ReturnType<typeof letIn>>[] = [];
    await spread(Math.min(MAX_READY, cuts - row.dead.length), MAX_BEGINNING, async () => {
      const victim = scene.victims[(used += 1) % scene.victims.length];
      if (victim !== undefined) targets.push(await letIn(scene, victim, combination));
    });
    for (const target of targets) {
      const signal = await sender.ready(combination.channel, target);
      const cancelled = target.task.cancelled();
      const before = sampleNow({ gateway: [scene.gateway.pid] });
      const sentAt = await signal.send();
      const late = (what: string, time: Promise<number>): Promise<number> =>
        within(MAX_LATE_MS, what, time).then(
          (at) => Math.round((at - sentAt) * 100) / 100,
          () => Number.NaN,
        );
      const [dead, over] = await Promise.all([late("the socket", target.task.dead), late("it", cancelled)]);
      row.cpu.push(
        difference(before, sampleNow({ gateway: [scene.gateway.pid] })).times["gateway"] ?? noTimes,
      );
      cutAt.set(target.victim, Date.now());
      row.dead.push(dead);
      row.cancelled.push(over);
    }
  }
  return row;
}

/** Keeps the raw times so far: a round that breaks off has measured something all the same. */
function keep(raw: object): void {
  writeResult(results, `${JSON.stringify(raw)}\n`);
}

/** A quantile as it is shown: what never came is later than everything. */
function cell(times: readonly number[], part: number): string {
  const never = times.filter(Number.isNaN).length;
  const time = quantile(times, part);
  const shown = Number.isNaN(time) ? "never" : `${time.toFixed(1)} ms`;
  return never === 0 ? shown : `${shown} (${never} of ${times.length} never)`;
}

/** Milliseconds of CPU a cut: a mean, because one cut takes less than what /proc counts in. */
function cpuOfCut({ cpu }: Row): string {
  const { user, kernel } = cpu.reduce(addTimes, noTimes);
  return `${((user + kernel) / 1000 / cpu.length).toFixed(1)} ms`;
}

const cells = (row: Row): string[] => [
  ...[row.dead, row.cancelled].flatMap((times) => [cell(times, 0.5), cell(times, 0.99)]),
  cpuOfCut(row),
];

const scene = await startScene({
  victims: 2 * MAX_READY,
  bystanders: Math.ceil(sessions / (MAX_EACH * protocols.length)),
  backends: Math.ceil(sessions / protocols.length) + MAX_READY + 50,
});
const sender = signalSender(scene.gateway, scene.okta, scene.operators);
const stop = async (): Promise<void> => {
  sender.close();
  await scene.stop();
};
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => void stop().finally(() => process.exit(1)));

try {
  progress(`the gateway runs as process ${scene.gateway.pid}`);
  await openBeside(scene);
  const rows: Row[] = [];
  /** The machine's load (of a minute) after each. */
  const loads: number[] = [];
  for (const combination of asked) {
    const row = await measure(scene, sender, combination);
    rows.push(row);
    loads.push(loadavg()[0] ?? Number.NaN);
    keep({ sessions, cuts, loads, rows });
    const { channel, protocol, credential } = row;
    progress(`${[channel, protocol, credential].join("/")}: ${cells(row).join(", ")}`);
  }
  console.log(
    tableHead([
      "ended by",
      "protocol",
      "credential",
      "socket p50",
      "socket p99",
      "upstream p50",
      "upstream p99",
      "gateway's CPU a cut",
    ]),
  );
  for (const row of rows) console.log(tableRow([row.channel, row.protocol, row.credential, ...cells(row)]));
  if (lost > 0) progress(`${lost} sessions beside ended, which nobody ended`);
  process.exitCode = lost > 0 ? 1 : 0;
} finally {
  await stop();
}
process.exit();
