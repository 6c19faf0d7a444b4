import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { verifyLog } from "@mayfly/audit-verifier";
import { call } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";
import {
  fileFaults,
  mayMount,
  type FileFault,
} from "../../packages/gateway/src/audit/testing/file-faults.ts";
import { watchedLoad, type WatchedLoad } from "./watched-load.ts";
import { storeFaults, type StoreFault } from "./store-faults.ts";
import { logSoFar } from "./log-so-far.ts";
import { pauses, tortureWorld, until } from "./world.ts";

/** What came of a fault under load. */
export interface FaultResult {
  readonly name: string;
  /** From the strike until `/readyz` said so, milliseconds. */
  readonly noticedMs: number;
  /** Statements that were answered after the strike. */
  readonly answeredAfter: number;
  /** Those of them whose record is not in what is left of the log. */
  readonly unrecorded: number;
  /** What did not hold. */
  readonly problems: readonly string[];
}

/** Statements may be answered without a record that is left for this long after the files went, milliseconds. */
const NOTICED_WITHIN_MS = 1000;
/** What a busy machine may take on top of it, where nothing else is said. */
const SLACK_MS = 2000;

/** Strikes each fault under load, in a gateway of its own on the same database. */
export async function runFaults(options: {
  readonly only?: string;
  readonly bin?: string;
  /** What a busy machine may take on top of each bound, milliseconds. */
  readonly slackMs?: number;
  readonly onResult?: (result: FaultResult) => void;
}): Promise<readonly FaultResult[]> {
  const { slackMs = SLACK_MS } = options;
  const scratch = mkdtempSync(path.join(tmpdir(), "mayfly-faults-"));
  const canMount = mayMount(scratch);
  const isWanted = ({ name, mounts }: { readonly name: string; readonly mounts?: true }): boolean =>
    (options.only === undefined || new RegExp(options.only).test(name)) && (mounts === undefined || canMount);
  const results: FaultResult[] = [];
  const world = await tortureWorld(options.bin, (text) =>
    text
      .replace("checkpoint_every: 2s", "checkpoint_every: 1s")
      .replace("sqlite:data/mayfly.db", "sqlite:data/store/mayfly.db"),
  );
  try {
    for (const fault of [...fileFaults.filter(({ full }) => full === undefined), ...storeFaults].filter(
      isWanted,
    )) {
      await world.gateway.stop("SIGKILL");
      rmSync(path.join(world.folder, "data"), { recursive: true, force: true });
      await world.restart();
      const result =
        "struck" in fault ? await strikeStore(world, fault, slackMs) : await strikeLog(world, fault, slackMs);
      results.push(result);
      options.onResult?.(result);
    }
    return results;
  } finally {
    await world.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Ready {
  readonly status: number;
  readonly detail: string;
}

async function readyz(world: World, part: string): Promise<Ready> {
  const { status, body } = await call(world.gateway, undefined, "GET", "/readyz");
  const { checks } = body as {
    readonly checks: readonly { readonly name: string; readonly detail?: string }[];
  };
  return { status, detail: checks.find(({ name }) => name === part)?.detail ?? "" };
}

async function strikeLog(world: World, fault: FileFault, slackMs: number): Promise<FaultResult> {
  const folder = path.join(world.folder, "data/audit");
  const problems: string[] = [];
  const load = await watchedLoad(world);
  await load.answers(30);
  const ada = await world.personToken("ada@example.com");
  const witnessed = String((await call(world.gateway, ada, "GET", "/v1/audit/checkpoint")).body);
  const key = readFileSync(path.join(folder, "log.vkey"), "utf8").trim();
  const struckAt = performance.now();
  const undo = fault.strike(folder);
  // Not before: the strike may hold up this process alone.
  const paused = pauses();
  let ready: Ready = { status: 200, detail: "" };
  const isNoticed = await until(
    async () => (ready = await readyz(world, "audit log")).status === 503,
    Math.max(10_000, NOTICED_WITHIN_MS + slackMs),
    10,
  );
  const noticedAt = performance.now();
  const noticedMs = Math.round(noticedAt - struckAt);
  if (!isNoticed || noticedMs > NOTICED_WITHIN_MS + slackMs + paused.total())
    problems.push(`/readyz was ${ready.status} after ${noticedMs} ms`);
  if (!fault.names.test(ready.detail) || !ready.detail.includes(folder))
    problems.push(`/readyz says: ${ready.detail}`);
  await new Promise((resolve) => setTimeout(resolve, NOTICED_WITHIN_MS + SLACK_MS + 500));
  paused.stop();
  const late = load.answered.filter(({ sentAt }) => sentAt > noticedAt);
  if (late.length > 0) problems.push(`${late.length} statements were sent after that, and answered`);
  const [refusal = ""] = load.refused.filter(({ at }) => at > struckAt).map(({ why }) => why);
  if (!refusal.includes("could not be recorded")) problems.push(`the agent reads: ${refusal}`);
  if (refusal.includes(world.folder))
    problems.push(`the agent reads where the gateway keeps its files: ${refusal}`);
  if (!world.gateway.lines.some((line) => String(line["problem"]).includes(`${folder} takes no records`)))
    problems.push("mayflyd's own log does not say so");

  const after = load.answered.filter(({ at }) => at > struckAt);
  const isBack = undo !== undefined && (await comesBack(world, load, undo));
  await load.stop();
  const recorded = marksLeft(folder);
  const unrecorded = after.filter(({ mark }) => !recorded.has(mark)).length;
  if (isBack) {
    const lost = load.answered.filter(({ mark }) => !recorded.has(mark)).length;
    if (lost > 0) problems.push(`it takes records again, and ${lost} are lost`);
  }
  await checkNextStart(world, { folder, key, witnessed, isBack, unrecorded }, problems);
  return { name: fault.name, noticedMs, answeredAfter: after.length, unrecorded, problems };
}

/** Whether statements are answered again once the files are put back. They are not where records are lost for good. */
async function comesBack(world: World, load: WatchedLoad, undo: () => void): Promise<boolean> {
  undo();
  const isReady = await until(async () => (await readyz(world, "audit log")).status === 200, 4000, 50);
  if (!isReady) return false;
  await load.answers(5);
  return true;
}

/** A start finds everything, or stops; and what is left is not called whole when what was signed for is gone. */
async function checkNextStart(
  world: World,
  left: {
    readonly folder: string;
    readonly key: string;
    readonly witnessed: string;
    readonly isBack: boolean;
    readonly unrecorded: number;
  },
  problems: string[],
): Promise<void> {
  await world.gateway.stop("SIGTERM");
  const started = await world.restart().then(
    () => "ready",
    (error: unknown) => String(error),
  );
  if (left.isBack && started !== "ready")
    problems.push(`the next start stops although everything is back: ${started}`);
  if (left.unrecorded > 0 && started === "ready")
    problems.push("the next start goes on although records are lost");
  if (started !== "ready" && !/log_|audit/.test(started))
    problems.push(`the next start stops for another reason: ${started}`);
  if (started !== "ready" && !started.includes("hint:"))
    problems.push(`the next start gives no hint: ${started}`);
  const verdict = verdictOf(left.folder, left.key, left.witnessed);
  if (left.isBack ? verdict !== "whole" : verdict === "whole" && left.unrecorded > 0 && started === "ready")
    problems.push(`verification says ${verdict}`);
}

function verdictOf(folder: string, key: string, witnessed: string): string {
  try {
    return verifyLog(folder, [key], { witnessed: [{ note: witnessed, from: "witness" }] }).verdict;
  } catch (error) {
    return String(error);
  }
}

/** The marks in what is left of the log. */
function marksLeft(folder: string): ReadonlySet<string> {
  const log = logSoFar(folder);
  try {
    log.readOn();
  } catch {
    // Altered: what could be read counts.
  }
  return log.marks;
}

async function strikeStore(world: World, fault: StoreFault, slackMs: number): Promise<FaultResult> {
  const cleanUp = await fault.prepare?.(world);
  try {
    return await strikePrepared(world, fault, slackMs);
  } finally {
    await world.gateway.stop("SIGKILL");
    cleanUp?.();
  }
}

async function strikePrepared(world: World, fault: StoreFault, slackMs: number): Promise<FaultResult> {
  const problems: string[] = [];
  const load = await watchedLoad(world);
  await load.answers(30);
  const struckAt = performance.now();
  const undo = await fault.struck(world);
  let ready: Ready = { status: 200, detail: "" };
  // Some faults show only to those whom they meet.
  const withinMs = fault.withinMs === 0 ? 0 : fault.withinMs + slackMs - SLACK_MS;
  await until(async () => (ready = await readyz(world, fault.part)).status === 503, withinMs, 20);
  const noticedMs = Math.round(performance.now() - struckAt);
  if (withinMs > 0) {
    if (ready.status !== 503) problems.push(`/readyz was ${ready.status} after ${noticedMs} ms`);
    if (!fault.names.test(ready.detail)) problems.push(`/readyz says: ${ready.detail}`);
  }
  problems.push(...(await fault.meanwhile(world, load)));
  const after = load.answered.filter(({ at }) => at > struckAt);
  undo();
  const isBack = await until(async () => (await readyz(world, fault.part)).status === 200, 15_000, 50);
  if (!isBack) problems.push(`it does not come back by itself: ${(await readyz(world, fault.part)).detail}`);
  else await load.answers(5);
  await load.stop();
  const recorded = marksLeft(path.join(world.folder, "data/audit"));
  const lost = load.answered.filter(({ mark }) => !recorded.has(mark));
  if (lost.length > 0) problems.push(`${lost.length} answered statements have no record`);
  await world.gateway.stop("SIGTERM");
  await world.restart();
  return { name: fault.name, noticedMs, answeredAfter: after.length, unrecorded: lost.length, problems };
}
