import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout } from "node:timers/promises";
import { holdsInForce, type HoldOn } from "../../audit/retention/holds.ts";
import { factsKeeper, holdLines } from "../../audit/retention/known-facts.ts";
import { formatProblems } from "../../configuration/problems.ts";
import type { Configuration } from "../../configuration/types.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { logsHere } from "../workers/logs.ts";
import { dryRunLines, holdWords } from "../retention/dry-run.ts";
import { holdsFolder, isHoldId, isLeft, leaveOrder, type HoldOrder } from "../retention/hold-spool.ts";
import { say } from "../terminal.ts";

/** What `mayflyd retention hold` is asked: one of request, principal and connection. */
export interface HoldOptions extends WhichLog {
  readonly reason: string;
  readonly request?: string;
  readonly principal?: string;
  readonly connection?: string;
}

/** How long the gateway may take to record an order, milliseconds; and how often that is looked for. */
const RECORDED_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 100;

/** Which gateway's log, and which worker's. */
interface WhichLog {
  readonly config: string;
  readonly worker?: number;
}

/** The logs that a command is about: all of the gateway on this machine, or that of one worker. */
async function logsOf({ config, worker }: WhichLog): Promise<readonly Configuration[]> {
  const loaded = await load(config, protocols, process.env, [["audit"]]);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  return logsHere(loaded.configuration, worker);
}

/** `mayflyd retention --dry-run`: reads the log's files and changes nothing. @returns the exit code */
export async function retentionDryRun(options: WhichLog & { readonly dryRun: boolean }): Promise<number> {
  if (!options.dryRun)
    throw new MayflyError("retention_usage", "mayflyd archives and drops by itself while it runs", {
      hint: "mayflyd retention --dry-run shows what would go; mayflyd retention hold keeps something",
    });
  for (const log of await logsOf(options)) for (const line of await dryRunLines(log)) say(line);
  return 0;
}

/** `mayflyd retention hold`. @returns the exit code */
export async function placeHold(options: HoldOptions): Promise<number> {
  const { request, principal, connection } = options;
  const given: HoldOn[] = [
    ...(request === undefined ? [] : [{ request }]),
    ...(principal === undefined ? [] : [{ principal }]),
    ...(connection === undefined ? [] : [{ connection }]),
  ];
  const [on] = given;
  if (on === undefined || given.length > 1)
    throw new MayflyError("hold_usage", "a hold is on one thing", {
      hint: "give one of --request, --principal and --connection",
    });
  const logs = await logsOf(options);
  const hold = newId("hold");
  const reason = reasonOf(options);
  say(`${hold}: ${holdWords(on)}`);
  await leave(logs, { action: "place", hold, on, reason, by: userInfo().username });
  return 0;
}

/** `mayflyd retention lift`. @returns the exit code */
export async function liftHold(options: {
  readonly config: string;
  readonly worker?: number;
  readonly hold: string;
  readonly reason: string;
}): Promise<number> {
  const { hold } = options;
  const here = await logsOf(options);
  const holding = here.filter((log) => isHeldIn(log, hold));
  const isElsewhere = holding.length === 0 && isHoldId(hold) && here[0]?.store.kind === "postgres";
  const logs = isElsewhere ? here : holding;
  if (logs.length === 0)
    throw new MayflyError("no_hold", `no hold ${hold} is in force`, {
      hint: "mayflyd retention --dry-run lists those that are",
    });
  await leave(logs, { action: "lift", hold, reason: reasonOf(options), by: userInfo().username });
  if (isElsewhere)
    say(
      "no log here holds it: once recorded, it is lifted in logs that are retired or lost; in another gateway's, lift it there",
    );
  return 0;
}

function reasonOf({ reason }: { readonly reason: string }): string {
  if (reason.trim() !== "") return reason.trim();
  throw new MayflyError("no_reason", "the reason is empty", { hint: "say who needs it kept, and why" });
}

/** Whether a log has this hold in force, or is about to. */
function isHeldIn({ audit, dataFolder }: Configuration, hold: string): boolean {
  if (isLeft(holdsFolder(dataFolder), hold, "place")) return true;
  return holdsInForce(holdLines(factsKeeper(audit.folder, false).look())).some(({ id }) => id === hold);
}

/** Leaves an order in each log, and says of each whether it was recorded. */
async function leave(logs: readonly Configuration[], order: HoldOrder): Promise<void> {
  const left = logs.map(({ audit, dataFolder }) => ({
    name: audit.name,
    path: leaveOrder(holdsFolder(dataFolder), order),
  }));
  const areAllRecorded = (): boolean => !left.some(({ path }) => existsSync(path));
  for (let waited = 0; waited < RECORDED_WITHIN_MS && !areAllRecorded(); waited += LOOK_EVERY_MS)
    await setTimeout(LOOK_EVERY_MS);
  for (const { name, path } of left) {
    const said = existsSync(path)
      ? "not recorded yet: mayflyd does not run, or does not write this log, or it takes no records; it is recorded before this gateway drops anything, and others do not know of it until then"
      : "recorded";
    say(left.length === 1 ? said : `${name}: ${said}`);
  }
}
