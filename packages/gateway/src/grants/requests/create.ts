import { requesterKey } from "../../kernel/requester.ts";
import { deadlineAfter } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { isFrom, type Place, placeOf } from "../../kernel/known-paths.ts";
import { bringUp, grantOf, retract, undo, writeOrLook } from "../lifecycle/activate.ts";
import { bareRequester } from "./bare-requester.ts";
import { readAsk, type ParsedAsk } from "./read-input.ts";
import type { NewRecord } from "../../audit/records.ts";
import type { Core } from "../core.ts";
import { conflict, groupsUnknown, lockedDown, reading, storeUnavailable } from "../errors.ts";
import type { Ask, GrantRules } from "../grants.ts";
import { keptPaths, knownPaths, pathFacts } from "./closed-paths.ts";
import { waitForPeople } from "./escalate.ts";
import { readGrantHistory } from "../durability/grant-history.ts";
import { pendingBound, refuseTooMany } from "./pending-bound.ts";
import { type Facts, planOf, type Plan } from "./plan.ts";
import { askedDetail, grantRecord, requestRecord, write } from "../durability/records.ts";
import { digestOfRequest, sheetOperations } from "./review-sheet.ts";
import { shadowOf } from "./shadow.ts";
import { requestMachine } from "../states.ts";
import type { AccessRequest, Grant, Requester, Sheet } from "../types.ts";

/** Builds the request from a plan. */
function requestOf(
  rules: GrantRules,
  requester: Requester,
  asked: ParsedAsk,
  plan: Plan,
  { history, shadow, paths }: Pick<Sheet, "history" | "shadow"> & Pick<AccessRequest, "paths">,
  at: number,
): AccessRequest {
  const beside = shadow === undefined ? {} : { shadow };
  const common = {
    id: newId("req"),
    requester,
    connection: asked.connection,
    operations: asked.operations,
    reason: asked.reason,
    ...(asked.breakGlass ? { breakGlass: true as const } : {}),
    ...(asked.lease === undefined ? {} : { lease: asked.lease }),
    ...(asked.sandbox === undefined ? {} : { sandbox: asked.sandbox }),
    sheet: {
      operations: sheetOperations(rules, asked.connection, asked.operations) ?? [],
      history,
      ...beside,
    },
    approvals: [],
    reasons: plan.reasons,
    ...(asked.traceparent === undefined ? {} : { traceparent: asked.traceparent }),
    clientAddress: asked.clientAddress,
    createdAt: at,
  };
  if (plan.decision !== "permit") {
    // A denied request shows nothing, nor does one for what does not exist.
    const facts = {
      ...common,
      ttl: asked.ttl ?? 0,
      policies: [],
      sheet: { operations: [], history: [], ...beside },
    };
    const state = requestMachine.after("none", "deny");
    return { ...facts, digest: digestOfRequest(facts), state, decidedAt: at };
  }
  const { ttl, policies, approval } = plan;
  const facts = {
    ...common,
    ttl,
    policies,
    ...(approval === undefined ? {} : { approval }),
    // Where any of the agent's hosts may have the grant, it does not matter which one asked.
    ...(paths !== undefined && plan.isForHost ? { paths } : {}),
  };
  const digest = digestOfRequest(facts);
  return approval === undefined
    ? { ...facts, digest, state: requestMachine.after("none", "permit"), decidedAt: at, grant: newId("gr") }
    : { ...facts, digest, state: requestMachine.after("none", "hold"), waitsUntil: at + approval.within };
}

/** Decides a new request: denies it, permits it (the grant is live when this returns) or leaves it pending. */
export async function createRequest(core: Core, who: Requester, ask: Ask): Promise<AccessRequest> {
  const asked = readAsk(ask);
  if (who.groupsUnknown !== undefined) throw groupsUnknown(who.groupsUnknown);
  const requester = bareRequester(who);
  const key = requesterKey(requester);
  const from = placeOf(asked.clientAddress, asked.key);
  return core.mutex(`requester ${key}`, async () => {
    if (core.locked !== undefined) throw lockedDown(core.locked.reason);
    const { idempotency } = asked;
    if (idempotency !== undefined) {
      const found = await reading(core.store.requestByKey(key, idempotency.key));
      if (found !== undefined) return again(found, idempotency.fingerprint, from);
    }
    const known = await knownPaths(core, { ...asked, requester }, from);
    // Looked at now: what ends at a time is judged by it, and a grant begins within milliseconds.
    const at = core.clock.wall();
    const paths = keptPaths(known, from);
    // One configuration for plan and sheet, whatever is adopted while this waits: an approval looks again.
    const { rules } = core;
    const asks = core.clock.monotonic();
    const facts: Facts = {
      requester,
      connection: asked.connection,
      operations: asked.operations,
      reason: asked.reason,
      ...(asked.ttl === undefined ? {} : { ttl: asked.ttl }),
      breakGlass: asked.breakGlass,
      ...(asked.lease === undefined ? {} : { lease: asked.lease }),
      ...(asked.sandbox === undefined ? {} : { sandbox: asked.sandbox }),
      clientAddress: asked.clientAddress,
      ...pathFacts(known, at),
      at,
    };
    const plan = planOf(rules, facts);
    const took = core.clock.monotonic() - asks;
    const forPeople = plan.decision === "permit" && (plan.approval !== undefined || asked.breakGlass);
    if (forPeople && !asked.breakGlass) await refuseTooMany(core, key);
    const shadow = shadowOf(rules, facts);
    const history = forPeople ? await readGrantHistory(core, key) : [];
    const beside = {
      history,
      ...(shadow === undefined ? {} : { shadow }),
      ...(paths === undefined ? {} : { paths }),
    };
    const request = requestOf(rules, requester, asked, plan, beside, at);
    core.observer.judged(request.state, took);
    const once = idempotency === undefined ? undefined : { requester: key, ...idempotency };
    return keep(core, request, once, from);
  });
}

/** The answer to what was asked before. @throws idempotency_conflict where it is not the same, or for another host */
function again(
  { earlier, fingerprint: stored }: { readonly earlier: AccessRequest; readonly fingerprint: string },
  fingerprint: string,
  from: Place,
): AccessRequest {
  if (stored === fingerprint && isFrom(earlier.paths?.from, from)) return earlier;
  throw conflict(
    "idempotency_conflict",
    stored === fingerprint
      ? `this idempotency key was used for request ${earlier.id}, from another host`
      : `this idempotency key was used for request ${earlier.id}, which asked for something else`,
    "use a new key for a new request",
  );
}

/** Records, then stores, then activates: nothing is live without its record on disk. */
async function keep(
  core: Core,
  request: AccessRequest,
  idempotency: { readonly requester: string; readonly key: string; readonly fingerprint: string } | undefined,
  from: Place,
): Promise<AccessRequest> {
  const { configuration } = core.rules;
  const grant = request.grant === undefined ? undefined : grantOf(core, request.grant, request);
  // The term begins before the record is written, so that it never outlasts what was recorded.
  const deadline = deadlineAfter(core.clock, request.ttl);
  const waits =
    request.approval === undefined ? undefined : deadlineAfter(core.clock, request.approval.within);
  const first = request.state === "denied" ? "request.denied" : "request.created";
  const activated = (active: Grant): NewRecord[] => {
    const detail = activatedDetail(active, request.ttl);
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
    () => core.store.createRequest(request, idempotency, grant, pendingBound(core, request)),
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
    return again(result.answer, idempotency?.fingerprint ?? "", from);
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
  { endsAt, lease, sandbox }: Grant,
  ttl: number,
): { ends_at: string; ttl_ms: number; ttl: string; lease_ms?: number; sandbox?: true } {
  return {
    ends_at: new Date(endsAt).toISOString(),
    ttl_ms: ttl,
    ttl: formatDuration(ttl),
    ...(lease === undefined ? {} : { lease_ms: lease }),
    ...(sandbox === undefined ? {} : { sandbox }),
  };
}
