import { deadlineAfter } from "../kernel/clock.ts";
import { formatDuration } from "../kernel/durations.ts";
import { MayflyError } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { bringUp, grantOf, retract, undo, writeOrLook } from "./activation.ts";
import { readAsk, type ReadAsk } from "./ask.ts";
import type { NewRecord } from "../audit/records.ts";
import type { Core } from "./core.ts";
import { conflict, lockedDown, reading, storeUnavailable } from "./errors.ts";
import type { Ask, GrantRules } from "./grants.ts";
import { waitForPeople } from "./escalating.ts";
import { historyOf } from "./history.ts";
import { planOf, type Plan } from "./plan.ts";
import { askedDetail, grantRecord, requestRecord, write } from "./records.ts";
import { digestOfRequest, sheetOperations } from "./sheet.ts";
import { requesterKey, requestMachine } from "./states.ts";
import type { AccessRequest, Grant, PastGrant, Requester } from "./types.ts";

/** Only what grants need to know of a principal is kept. */
function bare(requester: Requester): Requester {
  const { kind, issuer, subject, uid, client, name, owner, groups, groupsFrom, person, actors } = requester;
  return {
    kind,
    issuer,
    subject,
    ...(uid === undefined ? {} : { uid }),
    client,
    name,
    ...(owner === undefined ? {} : { owner }),
    groups: [...groups],
    ...(groupsFrom === undefined ? {} : { groupsFrom }),
    ...(person === undefined ? {} : { person: barePerson(person) }),
    actors: [...actors],
  };
}

function barePerson({
  issuer,
  subject,
  uid,
  groups,
}: NonNullable<Requester["person"]>): NonNullable<Requester["person"]> {
  return {
    issuer,
    subject,
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
  };
}

/** The request that a plan makes of an ask. */
function requestOf(
  rules: GrantRules,
  requester: Requester,
  asked: ReadAsk,
  plan: Plan,
  history: readonly PastGrant[],
  at: number,
): AccessRequest {
  const common = {
    id: newId("req"),
    requester,
    connection: asked.connection,
    operations: asked.operations,
    reason: asked.reason,
    ...(asked.breakGlass ? { breakGlass: true as const } : {}),
    sheet: { operations: sheetOperations(rules, asked.connection, asked.operations) ?? [], history },
    approvals: [],
    reasons: plan.reasons,
    clientAddress: asked.clientAddress,
    createdAt: at,
  };
  if (plan.decision !== "permit") {
    // Of what is denied, and of what does not exist, nothing is shown.
    const facts = { ...common, ttl: asked.ttl ?? 0, policies: [], sheet: { operations: [], history: [] } };
    const state = requestMachine.after("none", "deny");
    return { ...facts, digest: digestOfRequest(facts), state, decidedAt: at };
  }
  const { ttl, policies, approval } = plan;
  const facts = { ...common, ttl, policies, ...(approval === undefined ? {} : { approval }) };
  const digest = digestOfRequest(facts);
  return approval === undefined
    ? { ...facts, digest, state: requestMachine.after("none", "permit"), decidedAt: at, grant: newId("gr") }
    : { ...facts, digest, state: requestMachine.after("none", "hold"), waitsUntil: at + approval.within };
}

async function refuseTooMany(core: Core, requester: string): Promise<void> {
  const most = core.rules.pendingPerPrincipal;
  const pending = await reading(core.store.requests({ requester, state: "pending", limit: most + 1 }));
  // One that has run out and is only not stored as such yet does not count.
  const waiting = pending.filter(
    (request) => (request.waitsUntil ?? Number.POSITIVE_INFINITY) > core.clock.wall(),
  );
  if (waiting.length >= most) {
    throw new MayflyError("too_many_pending", `${most} of your requests are waiting for approval already`, {
      status: 429,
      hint: "withdraw one, or wait until one is decided",
    });
  }
}

/** Takes an ask: denies it, permits it (a grant is live when this returns) or leaves it pending. */
export async function takeAsk(core: Core, who: Requester, ask: Ask): Promise<AccessRequest> {
  const asked = readAsk(ask);
  const requester = bare(who);
  const key = requesterKey(requester);
  return core.mutex(`requester ${key}`, async () => {
    if (core.locked !== undefined) throw lockedDown(core.locked.reason);
    const { idempotency } = asked;
    if (idempotency !== undefined) {
      const found = await reading(core.store.requestByKey(key, idempotency.key));
      if (found !== undefined) return again(found.earlier, found.fingerprint, idempotency.fingerprint);
    }
    const at = core.clock.wall();
    // One configuration for plan and sheet, whatever is adopted while this waits: an approval looks again.
    const { rules } = core;
    const plan = planOf(rules, {
      requester,
      connection: asked.connection,
      operations: asked.operations,
      reason: asked.reason,
      ...(asked.ttl === undefined ? {} : { ttl: asked.ttl }),
      breakGlass: asked.breakGlass,
      clientAddress: asked.clientAddress,
      at,
    });
    const forPeople = plan.decision === "permit" && (plan.approval !== undefined || asked.breakGlass);
    if (forPeople && !asked.breakGlass) await refuseTooMany(core, key);
    const request = requestOf(rules, requester, asked, plan, forPeople ? await historyOf(core, key) : [], at);
    return keep(core, request, idempotency === undefined ? undefined : { requester: key, ...idempotency });
  });
}

function again(earlier: AccessRequest, stored: string, fingerprint: string): AccessRequest {
  if (stored === fingerprint) return earlier;
  throw conflict(
    "idempotency_conflict",
    `this idempotency key was used for request ${earlier.id}, which asked for something else`,
    "use a new key for a new request",
  );
}

/** Records, then stores, then brings up: nothing is live without its record on the disk. */
async function keep(
  core: Core,
  request: AccessRequest,
  idempotency: { readonly requester: string; readonly key: string; readonly fingerprint: string } | undefined,
): Promise<AccessRequest> {
  const { configuration } = core.rules;
  const grant = request.grant === undefined ? undefined : grantOf(core, request.grant, request);
  // The term begins before the record is written, so that it never outlasts what was recorded.
  const deadline = deadlineAfter(core.clock, request.ttl);
  const waits =
    request.approval === undefined ? undefined : deadlineAfter(core.clock, request.approval.within);
  const first = request.state === "denied" ? "request.denied" : "request.created";
  const activated = (active: Grant): NewRecord[] => {
    const detail = activatedDetail(active.endsAt, request.ttl);
    const record = grantRecord("grant.activated", active, configuration, detail);
    if (request.breakGlass !== true) return [record];
    // Its own type beside it, with the whole sheet: who is told of it must see what was taken, and an auditor find it.
    return [
      record,
      grantRecord("break_glass.activated", active, configuration, { ...askedDetail(request), ...detail }),
    ];
  };
  await write(
    core.log,
    [
      requestRecord(first, request, configuration, askedDetail(request)),
      ...(grant === undefined
        ? []
        : [
            requestRecord("request.approved", request, configuration, {
              by: "policy",
              reasons: request.reasons,
            }),
            ...activated(grant),
          ]),
    ],
    "nothing has been requested",
    () => retract(core, request, grant, "the log did not confirm it in time"),
  );
  const result = await writeOrLook(
    () => core.store.createRequest(request, idempotency, grant),
    async () => (await core.store.request(request.id)) !== undefined,
  );
  if ("failed" in result) {
    const why = "the store did not take the request";
    if (result.failed instanceof MayflyError) {
      retract(core, request, grant, result.failed.message);
      throw result.failed;
    }
    if (grant === undefined) retractIfAbsent(core, request, why);
    else undo(core, grant, why);
    throw storeUnavailable(result.failed, "nothing has been requested");
  }
  if ("answer" in result && !result.answer.created) {
    // Another gateway took the same key a moment earlier.
    retract(core, request, grant, `request ${result.answer.earlier.id} has the same idempotency key`);
    return again(result.answer.earlier, result.answer.fingerprint, idempotency?.fingerprint ?? "");
  }
  if (grant !== undefined) bringUp(core, grant, request, deadline);
  if (waits !== undefined) waitForPeople(core, request, waits);
  return request;
}

/** A pending or denied request that was kept after all gives nobody anything, so it may stay; else it is retracted. */
function retractIfAbsent(core: Core, request: AccessRequest, why: string): void {
  core.outbox
    .add(async () => {
      if ((await core.store.request(request.id)) === undefined) retract(core, request, undefined, why);
    })
    .catch(() => undefined);
}

/** The detail of a `grant.activated` record. */
export function activatedDetail(
  endsAt: number,
  ttl: number,
): { ends_at: string; ttl_ms: number; ttl: string } {
  return { ends_at: new Date(endsAt).toISOString(), ttl_ms: ttl, ttl: formatDuration(ttl) };
}
