// `npm run chaos`: three gateways on one replicated PostgreSQL store, agents at work through all of them, and what goes wrong
// in production. Upstreams count by themselves what was done; the logs have to hold all of it. Everything is on the loopback
// address and ends by itself. `--only PATTERN`, `--kills N`, `--agents N`, `--seed S`.
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { call } from "@mayfly/testing/api.ts";
import { agentId, startProvider } from "@mayfly/testing/people.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startAll, type Started } from "@mayfly/testing/undo.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { type Fault, faults } from "./faults.ts";
import { type Fleet, type Serving, startFleet } from "./fleet.ts";
import { actsOf, type Deafness, judge, problemsOf } from "./judge.ts";
import { actOnce, type Load, startLoad, type Tally, type Way } from "./load.ts";
import { randomFrom } from "../torture/world.ts";
import { startStore } from "./store.ts";
import { startUpstreams } from "./upstreams.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    kills: { type: "string" },
    agents: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
  },
});
/** A grant that is about to end says nothing of a fault. */
const MARGIN_MS = 20_000;
/** How many of the grants are used after each fault, beside asking for the state of all. */
const MAX_TRIED = 3;
/** How often one is tried, and how long after the try before, milliseconds. */
const MAX_TRIES = 10;
const AGAIN_MS = 1000;

interface Row {
  readonly fault: string;
  readonly times: number;
  readonly tally: Tally;
  readonly active: number;
  readonly lost: readonly string[];
}

async function run({ folder, onStop, ...started }: Started): Promise<boolean> {
  const home = await folder("chaos");
  const store = await startStore({ onStop });
  const upstreams = await startUpstreams({ onStop });
  const port = await freePort();
  const okta = await startProvider(`https://localhost:${port}`);
  onStop(() => okta.close());
  const fleet = await startFleet({ onStop }, home, okta, store, upstreams, port);
  const token = (): Promise<string> => okta.tokenFor({ agent: agentId });
  const operator = (): Promise<string> => okta.tokenFor({ person: "olga@example.com" });
  const load = startLoad({ fleet, token, operator, agents: Number(values.agents) });
  const deafness: Deafness[] = [];
  const random = randomFrom(Number(values.seed));
  const rows: Row[] = [];
  for (const fault of faults.filter(({ name }) => name.includes(values.only))) {
    const why = fault.isImpossible?.(fleet);
    if (why !== undefined) {
      console.error(`${fault.name}: not tried: ${why}`);
      continue;
    }
    load.reset();
    const lost = new Set<string>();
    let active = 0;
    const times = timesOf(fault);
    for (let time = 0; time < times; time += 1) {
      await fault.run({ fleet, store, random, deaf: (one) => void deafness.push(one) });
      const alive = [...load.ways.values()].filter(isAlive);
      active += alive.length;
      for (const way of await lostOf(fleet, alive, await token())) lost.add(way);
    }
    rows.push({ fault: fault.name, times, tally: { ...load.tally }, active, lost: [...lost] });
    console.error(`${fault.name}: done`);
  }
  await load.stop();
  for (const member of fleet.members) await member.process?.stop("SIGINT");
  const holds = report(rows, fleet, load, await upstreams.seen(), deafness);
  await started.stop();
  return holds;
}

function timesOf({ name, times }: Fault): number {
  return name.startsWith("kill") && values.kills !== undefined ? Number(values.kills) : times;
}

const isAlive = (way: Way): boolean => way.revokedAt === undefined && way.endsAt > Date.now() + MARGIN_MS;

/** A gateway that is slow, or not ready yet, has lost nothing: it is asked again. @throws Error with its last answer */
async function letIn(at: Serving, host: string, way: Way): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await actOnce(at, host, way);
      return;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

/** Grants that are not active any more at some gateway, or do not let their agent in. */
async function lostOf(fleet: Fleet, ways: readonly Way[], token: string): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const member of fleet.members) {
    const at = fleet.serving(member);
    if (at === undefined) continue;
    for (const [index, way] of ways.entries()) {
      const { body } = await call(at, token, "GET", `/v1/grants/${way.grant}`);
      const { state } = body as { state?: string };
      // Revoked between the list and now.
      if (!isAlive(way)) continue;
      if (state !== "active") lost.push(`${way.grant} is ${state} at ${member.name}`);
      else if (index < MAX_TRIED)
        await letIn(at, fleet.host, way).catch((error: unknown) => {
          if (isAlive(way)) lost.push(`${way.grant} is refused at ${member.name}: ${String(error)}`);
        });
    }
  }
  return lost;
}

/** Prints what was counted. @returns whether all that must hold does */
function report(
  rows: readonly Row[],
  fleet: Fleet,
  load: Load,
  seen: Parameters<typeof judge>[0],
  deafness: readonly Deafness[],
): boolean {
  console.log(
    tableHead([
      "what went wrong",
      "times",
      "acts answered",
      "errors at agents",
      "told to move",
      "longest without service",
      "active grants",
      "lost",
    ]),
  );
  for (const { fault, times, tally, active, lost } of rows) {
    const { answered, errors, moved, longestGap } = tally;
    const gap = `${(longestGap / 1000).toFixed(1)} s`;
    console.log(
      tableRow([
        fault,
        ...[times, answered, errors, moved].map(String),
        gap,
        String(active),
        String(lost.length),
      ]),
    );
  }
  const logs = fleet.members.map(({ folder }) => path.join(folder, "data/audit"));
  const acts = logs.map(actsOf);
  const sum = (of: (one: (typeof acts)[number]) => number): number =>
    acts.reduce((all, one) => all + of(one), 0);
  const recorded = new Set(acts.flatMap(({ marks }) => [...marks]));
  const verdicts = judge(seen, recorded, load.ways, deafness);
  const problems = logs.flatMap(problemsOf);
  // A run that saw nothing proves nothing.
  const unproven = [
    ...(rows.length === 0 ? [`no fault's name has ${JSON.stringify(values.only)} in it`] : []),
    ...rows.filter(({ active }) => active === 0).map(({ fault }) => `${fault}: no grant was active`),
    ...rows.filter(({ tally }) => tally.answered === 0).map(({ fault }) => `${fault}: no act was answered`),
  ];
  const must = {
    "grants lost": rows.flatMap(({ lost }) => lost),
    "acts that an upstream saw and no log holds": verdicts.unrecorded,
    "acts past their deadline": verdicts.pastDeadline,
    "acts after a revocation that their gateway could hear": verdicts.afterRevocation,
    "problems that the verifier finds in the logs": problems,
    "faults that proved nothing": unproven,
  };
  console.log(`\n${tableHead(["what must be 0", "counted"])}`);
  for (const [what, found] of Object.entries(must)) console.log(tableRow([what, String(found.length)]));
  console.log(`\n${tableHead(["what is counted", ""])}`);
  const revoked = [...load.ways.values()].filter(({ revokedAt }) => revokedAt !== undefined).length;
  for (const [what, count] of [
    ["grants, revoked ones among them", `${load.ways.size}, ${revoked}`],
    ["acts that upstreams saw", String(verdicts.acts)],
    ["intents in the logs", String(sum(({ intents }) => intents))],
    ['intents without an outcome: "unknown"', String(sum(({ unknown }) => unknown))],
    ["acts of open sessions at a gateway that could not hear of a revocation", String(verdicts.unheard)],
    [
      "latest act after a deadline, after a revocation",
      `${verdicts.latest.deadline.toFixed(0)} ms, ${verdicts.latest.revocation.toFixed(0)} ms`,
    ],
  ])
    console.log(tableRow([what ?? "", count ?? ""]));
  for (const [what, found] of Object.entries(must))
    for (const one of found.slice(0, 5)) console.error(`${what}: ${one}`);
  return Object.values(must).every(({ length }) => length === 0);
}

process.exitCode = (await startAll(run)) ? 0 : 1;
