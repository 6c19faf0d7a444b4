import type { NewRecord, RecordContext } from "../../audit/records.ts";
import { requestMachine } from "../states.ts";
import type { Core } from "../core.ts";
import type { Lockdown } from "../grants.ts";
import type { Owed } from "./owed.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";
import { closingRecord, endRecord, lockdownRecord, system, write } from "./records.ts";
import { countedRefusals } from "../requests/review-sheet.ts";
import type { AccessRequest, Grant } from "../types.ts";
import type { JournalEntry } from "./journal.ts";
import { timeFloor, wasSilent } from "./time-floor.ts";
import { endDoubtfulGrants } from "./end-doubtful-grants.ts";
import {
  addToFindings,
  lockdownKey,
  neverWas,
  emptyFindings,
  describesState,
  type LogFindings,
  type StillOpen,
} from "./read-log.ts";
import { raiseClock, timeSeen } from "./time-seen.ts";
import type { Trail } from "./trail.ts";

/** Records looked at in one go. */
const STRETCH = 4096;
/** Ids that the record of an agreement names, of each kind. */
const MAX_NAMED = 50;

/** What was brought to agreement: ids, by what was done with them. */
type Done = Map<string, string[]>;

function did(done: Done, what: string, id: string): void {
  done.set(what, [...(done.get(what) ?? []), id]);
}

/**
 * Brings log, store and journal to agreement at a start, before anything is live.
 *
 * What any of the three says has ended is ended. The log is read from the position up to which store and log were
 * known to agree, so that a start costs what happened since and not the log's length.
 * @returns the position up to which they agree now
 * @throws what log or store throw: then nothing may be served
 */
export async function reconcile(core: Core, trail: Trail, isExclusive: boolean): Promise<number> {
  const known = await core.store.progress(trail.id);
  const seen = await timeSeen(core, trail, known?.seenAt);
  const owed = await core.store.owed(trail.id);
  const open = await stillOpen(core, owed);
  if (open.active.size + open.pending.size > 0) raiseClock(core, timeFloor(seen));
  const logged = await readTrail(trail, Math.min(known?.position ?? 0, trail.first), open);
  const done: Done = new Map();
  await endInStore(core, logged, open, done);
  const records: NewRecord[] = [
    ...(await neverWere(core, logged, open, done)),
    ...owedRecords(core, owed, logged, done),
    ...(await lockdowns(core, logged, isExclusive, done)),
  ];
  if (records.length > 0) await write(core.log, records, "Mayfly does not start");
  await settleDebts(core, trail.id, owed);
  for (const entry of core.journal?.found.entries ?? []) await endFromJournal(core, entry, done);
  if (isExclusive) {
    const isSilent = wasSilent(seen, core.wallClock.wall());
    for (const id of await endDoubtfulGrants(core, isSilent, logged.activatedSinceLoss))
      did(done, "grants_ended", id);
  }
  if (done.size > 0) await write(core.log, [summary(core, done)], "Mayfly does not start");
  await core.journal?.settle();
  const position = trail.written();
  await core.store.setProgress(trail.id, { position, seenAt: core.clock.wall() });
  return position;
}

async function stillOpen(core: Core, owed: Owed): Promise<StillOpen> {
  const active = await core.store.grants({ state: "active", limit: MAX_STORED_ROWS });
  const pending = await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS });
  return {
    active: new Map(active.map((grant) => [grant.id, grant])),
    pending: new Map(pending.map((request) => [request.id, request])),
    owed: new Set([
      ...owed.grants.map(({ id }) => id),
      ...owed.requests.map(({ id }) => id),
      ...owed.lockdowns.map(lockdownKey),
    ]),
  };
}

async function readTrail(trail: Trail, from: number, open: StillOpen): Promise<LogFindings> {
  const logged = emptyFindings();
  const until = trail.written();
  for (let at = from; at < until;) {
    const { records, next } = await trail.scan(at, Math.min(STRETCH, until - at), describesState);
    for (const record of records) addToFindings(logged, record, open);
    if (next <= at) throw new Error(`record ${at} of the audit log cannot be read`);
    at = next;
  }
  return logged;
}

/** Replays what the store lacks. */
async function endInStore(core: Core, logged: LogFindings, open: StillOpen, done: Done): Promise<void> {
  for (const [id, change] of logged.ends) {
    if (await core.store.endGrant(id, change)) did(done, "grants_ended", id);
  }
  for (const [id, change] of logged.closings) {
    if (await core.store.moveRequest(id, "pending", change)) did(done, "requests_closed", id);
  }
  for (const { request, approval } of logged.noes) {
    if (logged.closings.has(request)) continue;
    if (await core.store.addApproval(request, approval)) did(done, "refusals_kept", approval.id);
    const now = await core.store.request(request);
    const needed = open.pending.get(request)?.approval?.refusals ?? 1;
    if (now?.state === "pending" && countedRefusals(now).length >= needed) await refuseOwed(core, now, done);
  }
  for (const approval of logged.yeses) did(done, "approvals_without_effect", approval);
}

/** A request whose last needed no was on record alone. */
async function refuseOwed(core: Core, request: AccessRequest, done: Done): Promise<void> {
  const change = {
    state: requestMachine.after("pending", "refuse"),
    decidedAt: core.clock.wall(),
    reasons: [
      `refused by ${countedRefusals(request)
        .map(({ reviewer }) => reviewer.name)
        .join(", ")}`,
    ],
  };
  if (!(await core.store.moveRequest(request.id, "pending", change, undefined, core.logId))) return;
  const record = closingRecord({ ...request, ...change }, core.rules.configuration, system);
  await write(core.log, [record], "Mayfly does not start");
  if (core.logId !== undefined) await core.store.recorded(core.logId, { request: request.id });
  did(done, "requests_closed", request.id);
}

/** Records of what the log announced and the store never took. */
async function neverWere(
  core: Core,
  logged: LogFindings,
  open: StillOpen,
  done: Done,
): Promise<readonly NewRecord[]> {
  const records: NewRecord[] = [];
  const look = async (
    what: "grant" | "request",
    announced: ReadonlyMap<string, RecordContext>,
    isThere: (id: string) => Promise<boolean>,
  ): Promise<void> => {
    for (const [id, context] of announced) {
      if (await isThere(id)) continue;
      records.push(neverWas(what, context));
      did(done, `${what}s_that_never_were`, id);
    }
  };
  await look(
    "grant",
    logged.activated,
    async (id) => open.active.has(id) || (await core.store.grant(id)) !== undefined,
  );
  await look(
    "request",
    logged.asked,
    async (id) => open.pending.has(id) || (await core.store.request(id)) !== undefined,
  );
  return records;
}

/** Records of what the store says the log lacks, and it does. */
function owedRecords(core: Core, owed: Owed, logged: LogFindings, done: Done): readonly NewRecord[] {
  const { configuration } = core.rules;
  const lacks = (id: string): boolean => {
    if (logged.recorded.has(id)) return false;
    did(done, "recorded_late", id);
    return true;
  };
  return [
    ...owed.grants.filter(({ id }) => lacks(id)).map((grant) => endRecord(grant, configuration)),
    ...owed.requests
      .filter(({ id }) => lacks(id))
      .map((request) => closingRecord(request, configuration, system)),
    ...owed.lockdowns
      .filter((one) => lacks(lockdownKey(one)))
      .map((lockdown) => lockdownRecord(lockdown, configuration)),
  ];
}

async function settleDebts(core: Core, log: string, owed: Owed): Promise<void> {
  for (const { id } of owed.grants) await core.store.recorded(log, { grant: id });
  for (const { id } of owed.requests) await core.store.recorded(log, { request: id });
  for (const lockdown of owed.lockdowns) await core.store.recorded(log, { lockdown });
}

/**
 * Where log and store differ about a lock-down, it is in force; unless another gateway, whose log this one cannot read,
 * has lifted it.
 */
async function lockdowns(
  core: Core,
  logged: LogFindings,
  isExclusive: boolean,
  done: Done,
): Promise<readonly NewRecord[]> {
  const inForce = await core.store.lockdown();
  const { lockdown, lifted } = logged;
  const isOurs = async (one: Lockdown): Promise<boolean> =>
    isExclusive || lifted?.since === one.since || !(await core.store.knowsLockdown(one));
  if (lockdown !== undefined && inForce === undefined && (await isOurs(lockdown))) {
    await core.store.setLockdown(lockdown);
    did(done, "locked_down", lockdownKey(lockdown));
  }
  if (inForce === undefined || lifted?.since !== inForce.since || lockdown !== undefined) return [];
  // Its lifting is on record and was never stored, so that nobody was told that it was lifted.
  did(done, "still_locked_down", lockdownKey(inForce));
  return [lockdownRecord(inForce, core.rules.configuration)];
}

async function endFromJournal(core: Core, entry: JournalEntry, done: Done): Promise<void> {
  if (entry.kind === "lockdown") {
    const { since, by, reason } = entry;
    const lockdown: Lockdown = { since, by, reason };
    if (await core.store.knowsLockdown(lockdown)) return;
    await write(core.log, [lockdownRecord(lockdown, core.rules.configuration)], "Mayfly does not start");
    await core.store.setLockdown(lockdown);
    did(done, "locked_down", lockdownKey(lockdown));
    return;
  }
  const grant = await core.store.grant(entry.grant);
  if (grant?.state !== "active") return;
  const { state, by, reason, at } = entry;
  const change = { state, endedAt: at, endedBy: by, endReason: reason };
  const ended: Grant = { ...grant, ...change };
  await write(core.log, [endRecord(ended, core.rules.configuration)], "Mayfly does not start");
  await core.store.endGrant(grant.id, change);
  did(done, "grants_ended", grant.id);
}

function summary(core: Core, done: Done): NewRecord {
  const detail = Object.fromEntries(
    [...done].map(([what, ids]) => [what, { count: ids.length, ids: ids.slice(0, MAX_NAMED) }]),
  );
  return { type: "store.reconciled", principal: system, configuration: core.rules.configuration, detail };
}
