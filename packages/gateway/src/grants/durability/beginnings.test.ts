import { describe, expect, it } from "vitest";
import type { Ask } from "../grants.ts";
import * as asks from "../testing/asks.ts";
import { harness, minute, settle, trailOf, type Fault, type Harness } from "../testing/harness.ts";
import { agent, operator, reviewer } from "../testing/samples.ts";
import type { AccessRequest } from "../types.ts";

const read: Ask = { ...asks.read, ttl: 5 * minute };
const refund: Ask = { ...read, operations: asks.refund.operations };

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code ?? "not ours",
  );

/** Runs an act under one fault at its nth call, kills the gateway with its answer, and starts the next one. */
async function eachCall(
  prepare: (h: Harness) => Promise<() => Promise<unknown>>,
  look: (h: Harness, next: Harness["grants"], answer: unknown) => Promise<string[]>,
): Promise<string[]> {
  const found: string[] = [];
  for (const how of ["lost", "kept"] as const) {
    for (const lasting of [false, true]) {
      for (let nth = 0; nth < 40; nth++) {
        const h = await harness({ poll: false });
        const act = await prepare(h);
        let calls = 0;
        const fault = (): Fault => {
          const now = calls++;
          return now === nth || (lasting && now > nth) ? how : undefined;
        };
        h.log.before = fault;
        h.store.fault = fault;
        const answer = await act().catch((error: { code?: string }) => error.code ?? "not ours");
        const hit = calls > nth;
        h.crash();
        h.log.before = undefined;
        h.store.fault = undefined;
        const next = await h.another();
        h.clock.advance(0);
        await settle();
        const wrong = await look(h, next, answer);
        found.push(
          ...wrong.map((one) => `${how} at call ${nth}${lasting ? " on" : ""}: ${String(answer)}: ${one}`),
        );
        await h.close();
        if (!hit) break;
      }
    }
  }
  return found;
}

/** What was announced is there or taken back, what is there is live, and what was refused is not. */
async function lookAtGrants(h: Harness, next: Harness["grants"], answer: unknown): Promise<string[]> {
  const wrong: string[] = [];
  const stored = await h.store.grants({ limit: 9 });
  if (typeof answer === "string" && stored.some(({ id }) => next.live(id) !== undefined))
    wrong.push("refused, and live after the restart");
  if (typeof answer !== "string" && next.live((answer as AccessRequest).grant ?? "") === undefined)
    wrong.push("given, and lost by the restart");
  for (const { type, grant = "" } of h.log.disk) {
    if (type !== "grant.activated") continue;
    const ends = h.log.disk.filter((one) => one.type === "grant.revoked" && one.grant === grant).length;
    const isLive = next.live(grant) !== undefined;
    if (isLive !== (ends === 0))
      wrong.push(`announced, ${isLive ? "live" : "not live"}, ${ends} ends on record`);
    const kept = stored.find(({ id }) => id === grant);
    if (kept !== undefined && (kept.state === "active") !== isLive) wrong.push("the store says otherwise");
  }
  for (const { type, request = "" } of h.log.disk) {
    if (type !== "request.created") continue;
    const isTaken = h.log.disk.some(
      (one) => one.request === request && /^request\.(?:approved|withdrawn)$/.test(one.type),
    );
    if ((await h.store.request(request)) === undefined && !isTaken) wrong.push("asked on record alone");
  }
  return wrong;
}

describe("what begins, and a restart", () => {
  it("a grant that was refused never comes to life, and one that was given does", async () => {
    const found = await eachCall(async (h) => () => h.grants.request(agent, read), lookAtGrants);
    expect(found).toEqual([]);
  });

  it("neither does one whose last approval was refused", async () => {
    const found = await eachCall(async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.approve(reviewer, request.id, request.digest, "");
    }, lookAtGrants);
    expect(found).toEqual([]);
  });

  it("a request that was refused for want of log or store is not there alone in the log", async () => {
    const found = await eachCall(
      async (h) => () => h.grants.request(agent, refund),
      async (h, _, answer) => {
        const stored = await h.store.requests({ limit: 9 });
        const wrong: string[] = [];
        if (typeof answer !== "string" && stored[0]?.state !== "pending") wrong.push("taken, and lost");
        for (const { request = "" } of h.log.disk.filter(({ type }) => type === "request.created")) {
          const isWithdrawn = h.log.disk.some(
            (one) => one.type === "request.withdrawn" && one.request === request,
          );
          const isPending = stored.some(({ id, state }) => id === request && state === "pending");
          if (isPending === isWithdrawn) wrong.push(`pending ${isPending}, withdrawn ${isWithdrawn}`);
        }
        return wrong;
      },
    );
    expect(found).toEqual([]);
  });

  it("a no that is on record counts, and a yes that was not kept does not", async () => {
    for (const decision of ["approve", "refuse"] as const) {
      const h = await harness({ poll: false });
      const request = await h.grants.request(agent, refund);
      h.store.fault = (method) => (method === "addApproval" ? "lost" : undefined);
      expect(await code(h.grants[decision](reviewer, request.id, request.digest, "why"))).toBe(
        "store_unavailable",
      );
      h.crash();
      h.store.fault = undefined;
      const next = await h.another();
      const now = await next.find(operator, request.id);
      expect(now.state).toBe(decision === "refuse" ? "refused" : "pending");
      expect(now.approvals).toHaveLength(decision === "refuse" ? 1 : 0);
      const told = h.log.disk.find(({ type }) => type === "store.reconciled")?.detail ?? {};
      expect(Object.keys(told)).toEqual(
        decision === "refuse" ? ["refusals_kept", "requests_closed"] : ["approvals_without_effect"],
      );
      expect(h.log.types().filter((type) => type === "request.refused")).toHaveLength(
        decision === "refuse" ? 1 : 0,
      );
      await h.close();
    }
  });
});

describe("a lock-down, and a restart", () => {
  it("is in force until somebody was told that it is lifted", async () => {
    const found = await eachCall(
      async (h) => {
        await h.grants.lockdown(operator, "incident");
        return () => h.grants.lift(operator);
      },
      async (h, next, answer) => {
        const wrong: string[] = [];
        const isLocked = next.locked !== undefined;
        if (typeof answer === "string" && !isLocked && (await h.store.lockdown()) !== undefined)
          wrong.push("lifted here alone");
        if (typeof answer !== "string" && isLocked) wrong.push("lifted, and locked down again");
        if (isLocked !== ((await h.store.lockdown()) !== undefined)) wrong.push("the store says otherwise");
        const last = h.log.types().findLast((type) => type.startsWith("lockdown."));
        if ((last === "lockdown.started") !== isLocked) wrong.push(`the log says ${last} last`);
        return wrong;
      },
    );
    expect(found).toEqual([]);
  });

  it("is not begun again by a log that does not know that another gateway lifted it", async () => {
    const h = await harness({ poll: false });
    const lockdown = await h.grants.lockdown(operator, "incident");
    h.crash();
    await h.store.setLockdown(undefined);
    const next = await h.another({ poll: {}, trail: trailOf(h.log) });
    expect(lockdown.reason).toBe("incident");
    expect(next.locked).toBeUndefined();
    await h.close();
  });

  it("refuses what was pending although it died before it had", async () => {
    const h = await harness({ poll: false });
    const request = await h.grants.request(agent, refund);
    h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
    expect(await code(h.grants.lockdown(operator, "incident"))).toBe("store_unavailable");
    h.crash();
    h.store.fault = undefined;
    const next = await h.another();
    await settle();
    expect((await next.find(operator, request.id)).state).toBe("refused");
    await h.close();
  });
});

describe("asked for twice", () => {
  it.each([
    ["a withdrawal", "request.withdrawn", async (h: Harness, id: string) => h.grants.withdraw(agent, id)],
    ["a lock-down", "lockdown.started", async (h: Harness) => h.grants.lockdown(operator, "incident")],
  ])("%s is not acknowledged before it is on record", async (_, type, act) => {
    const h = await harness({ poll: false });
    const { id } = await h.grants.request(agent, refund);
    h.log.failing = "append";
    for (let times = 0; times < 3; times++) expect(await code(act(h, id))).toMatch(/unavailable/);
    h.log.failing = undefined;
    expect(await code(act(h, id))).toBe("done");
    expect(h.log.types().filter((one) => one === type)).toHaveLength(1);
    await h.close();
  });

  it("a lock-down whose beginning is not on record cannot be lifted", async () => {
    const h = await harness({ poll: false });
    h.log.failing = "lost";
    expect(await code(h.grants.lockdown(operator, "incident"))).toMatch(/unavailable/);
    expect(await code(h.grants.lift(operator))).toMatch(/unavailable/);
    h.log.failing = undefined;
    expect(await code(h.grants.lift(operator))).toBe("done");
    expect(h.log.types().filter((type) => type.startsWith("lockdown."))).toEqual([
      "lockdown.started",
      "lockdown.lifted",
    ]);
    await h.close();
  });
});

describe("a start", () => {
  it("reads the log from where it was known to agree, and not from its beginning", async () => {
    const h = await harness({ poll: false });
    for (let times = 0; times < 20; times++) {
      const { grant = "" } = await h.grants.request(agent, read);
      await h.grants.release(agent, grant);
    }
    const before = h.log.disk.length;
    h.clock.advance(15_000);
    await settle();
    expect((await h.store.progress("the log"))?.position).toBe(before);
    h.crash();
    await h.another();
    expect((await h.store.progress("the log"))?.position).toBe(h.log.disk.length);
    await h.close();
  });

  it("does not move that position while something is between its record and the store", async () => {
    const h = await harness({ poll: false });
    const { grant = "" } = await h.grants.request(agent, read);
    h.store.fault = (method) => (method === "endGrant" ? "lost" : undefined);
    expect(await code(h.grants.release(agent, grant))).toBe("store_unavailable");
    for (let times = 0; times < 3; times++) {
      h.clock.advance(15_000);
      await settle();
    }
    expect((await h.store.progress("the log"))?.position).toBe(0);
    h.crash();
    h.store.fault = undefined;
    expect((await h.another()).live(grant)).toBeUndefined();
    await h.close();
  });

  it("says what it brought to agreement, once", async () => {
    const h = await harness({ poll: false });
    const { grant = "" } = await h.grants.request(agent, read);
    h.store.fault = (method) => (method === "endGrant" ? "lost" : undefined);
    await code(h.grants.release(agent, grant));
    h.crash();
    h.store.fault = undefined;
    await h.another();
    h.crash();
    await h.another();
    const told = h.log.disk.filter(({ type }) => type === "store.reconciled");
    expect(told.map(({ detail }) => detail)).toEqual([{ grants_ended: { count: 1, ids: [grant] } }]);
    await h.close();
  });

  it("is refused while log or store cannot take what has to be brought to agreement", async () => {
    const h = await harness({ poll: false });
    const { grant = "" } = await h.grants.request(agent, read);
    h.store.fault = (method) => (method === "endGrant" ? "lost" : undefined);
    await code(h.grants.release(agent, grant));
    h.crash();
    await expect(h.another()).rejects.toThrow("store away");
    h.store.fault = undefined;
    h.log.failing = "lost";
    await expect(h.another()).rejects.toMatchObject({ code: "log_unavailable" });
    h.log.failing = undefined;
    expect((await h.another()).live(grant)).toBeUndefined();
    await h.close();
  });

  it("tells when the store takes no more, and when what has ended holds in memory alone", async () => {
    const h = await harness({ poll: false });
    const { grant = "" } = await h.grants.request(agent, read);
    expect(h.grants.atRisk).toBeUndefined();
    h.store.fault = (method) => (method === "setProgress" ? "lost" : undefined);
    h.clock.advance(15_000);
    await settle();
    expect(h.grants.atRisk).toContain("the store cannot be written");
    h.store.fault = () => "lost";
    h.log.failing = "append";
    h.journal.failing = () => "lost";
    await code(h.grants.release(agent, grant));
    expect(h.grants.atRisk).toContain("1 ends hold in this process alone");
    h.journal.failing = undefined;
    h.clock.advance(1000);
    await settle();
    expect(h.grants.atRisk).toContain("the store cannot be written");
    expect(h.journal.entries.size).toBe(1);
    h.store.fault = undefined;
    h.log.failing = undefined;
    h.clock.advance(15_000);
    await settle();
    h.clock.advance(1000);
    await settle();
    expect(h.grants.atRisk).toBeUndefined();
    expect(h.journal.entries.size).toBe(0);
    await h.close();
  });
});
