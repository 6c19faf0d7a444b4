import { beforeEach, describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { Ask } from "../grants.ts";
import { fakeLog, minute, settle, type Harness } from "../testing/harness.ts";
import { agent, operator, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { GrantEnd } from "../types.ts";
import { createLeases } from "./leases.ts";

const read: Ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  ttl: 10 * minute,
  lease: 4000,
  clientAddress: "",
};
/** What a lease may outlast its time by: two looks. */
const late = 400;
const stranger = { ...agent, subject: "0oa2other", client: "0oa2other", name: "other-bot" };

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code ?? error,
  );

let h: Harness;
useHarness({ poll: false }, (made) => (h = made));

/** A grant whose secret was collected, as the API hands it out. */
async function granted(ask: Partial<Ask> = {}): Promise<string> {
  const { grant = "" } = await h.grants.request(agent, { ...read, ...ask });
  await h.grants.collectSecret(agent, grant);
  return grant;
}

async function renewFor(grant: string, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    h.clock.advance(1000);
    await h.grants.renewLease(agent, grant);
  }
}

describe("a lease", () => {
  it("ends its grant when it is not renewed, and says so in signal, record and store", async () => {
    const grant = await granted();
    const live = h.grants.live(grant);
    h.clock.advance(3999);
    expect(h.grants.live(grant)).toBeDefined();
    h.clock.advance(1 + late);
    expect(h.grants.live(grant)).toBeUndefined();
    const end = live?.ended.reason as GrantEnd;
    expect(end.state).toBe("expired");
    expect(end.words).toBe(`lease lost: the task that holds grant ${grant} was not heard of for 4s`);
    await settle();
    expect(await h.store.grant(grant)).toMatchObject({
      state: "expired",
      endedBy: "lease",
      endReason: end.words,
    });
    const told = h.log.disk.filter((record) => record.grant === grant);
    expect(told.map(({ type }) => type)).toEqual([
      "request.created",
      "request.approved",
      "grant.activated",
      "grant.collected",
      "grant.expired",
    ]);
    expect(told.find(({ type }) => type === "grant.activated")?.detail).toMatchObject({ lease_ms: 4000 });
    expect(told.at(-1)).toMatchObject({
      type: "grant.expired",
      detail: { event: "lose_lease", by: "lease" },
    });
  });

  it("lives as long as it is renewed, and never past the deadline", async () => {
    const grant = await granted({ ttl: minute });
    await renewFor(grant, 58_000);
    expect(h.grants.live(grant)).toBeDefined();
    h.clock.advance(1000);
    // One second is left, and a renewal says so instead of four.
    expect(await h.grants.renewLease(agent, grant)).toBe(1000);
    h.clock.advance(1000);
    expect(h.grants.live(grant)).toBeUndefined();
    await settle();
    expect(await h.store.grant(grant)).toMatchObject({ state: "expired", endedBy: "deadline" });
  });

  it("writes nothing when it is renewed, to log or store", async () => {
    const grant = await granted();
    await settle();
    const records = h.log.disk.length;
    const calls: string[] = [];
    h.store.fault = (method) => {
      calls.push(method);
      return undefined;
    };
    for (let at = 0; at < 3; at += 1) {
      h.clock.advance(1000);
      await h.grants.renewLease(agent, grant);
    }
    await settle();
    expect(calls).toEqual([]);
    expect(h.log.disk).toHaveLength(records);
  });

  it("waits for whoever waits for the approval: until the secret is collected, ten seconds", async () => {
    const asked = await h.grants.request(agent, { ...read, operations: ["refund-order"] });
    h.clock.advance(minute);
    const approved = await h.grants.approve(reviewer, asked.id, asked.digest, "");
    const grant = approved.grant ?? "";
    h.clock.advance(9000);
    expect(h.grants.live(grant)).toBeDefined();
    await h.grants.collectSecret(agent, grant);
    h.clock.advance(3900);
    expect(h.grants.live(grant)).toBeDefined();
    h.clock.advance(100 + late);
    expect(h.grants.live(grant)).toBeUndefined();
  });

  it("ends a grant that was approved when the task was gone already", async () => {
    const asked = await h.grants.request(agent, { ...read, operations: ["refund-order"] });
    const { grant = "" } = await h.grants.approve(reviewer, asked.id, asked.digest, "");
    h.clock.advance(10_000 + late);
    expect(h.grants.live(grant)).toBeUndefined();
  });

  it("is bound to what a reviewer sees: the request's digest differs with it", async () => {
    const asked = await h.grants.request(agent, { ...read, operations: ["refund-order"] });
    expect(asked.lease).toBe(4000);
    const stored = await h.store.request(asked.id);
    h.store.request = async () => ({ ...stored!, lease: 60_000 });
    expect(await code(h.grants.approve(reviewer, asked.id, asked.digest, ""))).toBe("request_void");
  });

  it("cannot be revived, and says how the grant ended", async () => {
    const grant = await granted();
    h.clock.advance(4000 + late);
    const error = await h.grants.renewLease(agent, grant).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "grant_ended", status: 409 });
    expect(String(error)).toContain("lease lost");
    expect(h.grants.live(grant)).toBeUndefined();
  });

  it("does nothing for a grant that was asked for without one", async () => {
    const { grant = "" } = await h.grants.request(agent, { ...read, lease: undefined } as never);
    h.clock.advance(9 * minute);
    expect(h.grants.live(grant)).toBeDefined();
    expect(await code(h.grants.renewLease(agent, grant))).toBe("no_lease");
  });

  it.each([0, 1999, 60_001, 2000.5, Number.NaN, "5s", true, null])("is refused at %s", async (lease) => {
    expect(await code(h.grants.request(agent, { ...read, lease } as never))).toBe("invalid_request");
  });

  it.each([2000, 60_000])("is taken at %s", async (lease) => {
    expect((await h.grants.request(agent, { ...read, lease })).state).toBe("approved");
  });

  it("counts for an idempotency key", async () => {
    const first = { ...read, idempotencyKey: "k" };
    await h.grants.request(agent, first);
    expect(await code(h.grants.request(agent, { ...first, lease: 5000 }))).toBe("idempotency_conflict");
  });
});

describe("somebody else", () => {
  it.each([
    ["another agent", stranger],
    ["the same agent for a person", { ...agent, subject: "rosa@example.com" }],
    ["the same subject through another client", { ...agent, client: "0oa3" }],
    ["another issuer's", { ...agent, issuer: "https://other.example" }],
    ["an operator", operator],
  ])("renews nothing: %s reads what an unknown grant reads", async (_, actor) => {
    const grant = await granted();
    const unknown = "gr_0000000000000000";
    const theirs = await h.grants.renewLease(actor, grant).catch((thrown: unknown) => thrown);
    const none = await h.grants.renewLease(actor, unknown).catch((thrown: unknown) => thrown);
    expect(theirs).toMatchObject({ code: "not_found", status: 404 });
    expect(String(theirs).replace(grant, "ID")).toBe(String(none).replace(unknown, "ID"));
    for (let at = 0; at < 4; at += 1) {
      h.clock.advance(1000);
      await code(h.grants.renewLease(actor, grant));
    }
    h.clock.advance(late);
    expect(h.grants.live(grant)).toBeUndefined();
  });

  it("is recorded, and no flood of tries fills the log", async () => {
    const grant = await granted();
    for (let at = 0; at < 500; at += 1) await code(h.grants.renewLease(stranger, grant));
    await settle();
    const tried = h.log.disk.filter(({ type }) => type === "lease.refused_to");
    expect(tried).toHaveLength(5);
    expect(tried[0]).toMatchObject({
      grant,
      principal: { subject: stranger.subject },
      detail: { holder: agent.subject },
    });
  });
});

describe("a flood of renewals", () => {
  it("is bounded by grant, and does not end it", async () => {
    const [grant, other] = [await granted(), await granted()];
    const answers: unknown[] = [];
    for (let at = 0; at < 100; at += 1) answers.push(await code(h.grants.renewLease(agent, grant)));
    expect(answers.filter((answer) => answer === "done")).toHaveLength(20);
    expect(new Set(answers)).toEqual(new Set(["done", "too_many_requests"]));
    expect(await code(h.grants.renewLease(agent, other))).toBe("done");
    h.clock.advance(3900);
    expect(await code(h.grants.renewLease(agent, grant))).toBe("done");
  });
});

describe("a restart", () => {
  it("gives every leased grant one period to be heard of", async () => {
    const [kept, dead] = [await granted(), await granted()];
    await renewFor(kept, 20_000);
    const fresh = await granted();
    await h.grants.stop();
    h.clock.advance(1000);
    const again = await h.another();
    expect(again.live(dead)).toBeUndefined();
    expect(again.live(kept)).toBeDefined();
    h.clock.advance(3000);
    expect(await again.renewLease(agent, kept)).toBe(4000);
    h.clock.advance(1000 + late);
    expect(again.live(kept)).toBeDefined();
    expect(again.live(fresh)).toBeUndefined();
    await settle();
    expect(await h.store.grant(fresh)).toMatchObject({ endedBy: "lease" });
  });
});

describe("a gateway that could hear nobody", () => {
  /** A clock whose timers run late: the process stood still. */
  const stalling = () => {
    const clock = fakeClock();
    let stalled = 0;
    return {
      ...clock,
      monotonic: () => clock.monotonic() + stalled,
      stall: (ms: number) => {
        stalled += ms;
      },
    };
  };

  it("ends no lease for it, and ends those that stay silent after it", () => {
    const clock = stalling();
    const lost: string[] = [];
    const leases = createLeases(clock, (grant) => {
      lost.push(grant);
      leases.end(grant);
    });
    leases.begin("alive", 4000, 4000);
    leases.begin("dead", 4000, 4000);
    clock.advance(2000);
    clock.stall(60_000);
    // What came in meanwhile is read after the timers have run once.
    clock.advance(200);
    leases.renew("alive");
    expect(lost).toEqual([]);
    clock.advance(1400);
    expect(lost).toEqual([]);
    clock.advance(200 + late);
    expect(lost).toEqual(["dead"]);
    clock.advance(4000);
    expect(lost).toEqual(["dead", "alive"]);
  });

  it("is no reason to live for ever: a loop that is always late still counts", () => {
    const clock = stalling();
    const lost: string[] = [];
    const leases = createLeases(clock, (grant) => {
      lost.push(grant);
      leases.end(grant);
    });
    leases.begin("dead", 4000, 4000);
    for (let at = 0; at < 22; at += 1) {
      clock.stall(1000);
      clock.advance(200);
    }
    expect(lost).toEqual(["dead"]);
  });
});

describe("several gateways on one store", () => {
  let a: Harness["grants"];
  let b: Harness["grants"];
  let grant: string;
  const step = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      h.clock.advance(100);
      await settle();
    }
  };
  beforeEach(async () => {
    a = await h.another({ poll: {}, log: fakeLog(() => h.clock.wall()) });
    b = await h.another({ poll: {}, log: fakeLog(() => h.clock.wall()) });
    await h.grants.stop();
    grant = (await a.request(agent, { ...read, lease: 2000 })).grant ?? "";
    await a.collectSecret(agent, grant);
    await step(1200);
  });

  it("hear of a task that one of them hears of, with one write a second for all leases", async () => {
    expect(b.live(grant)).toBeDefined();
    const writes: string[] = [];
    h.store.fault = (method) => {
      if (/^(tell|set|end|create|move)/.test(method)) writes.push(method);
      return undefined;
    };
    for (let at = 0; at < 20; at += 1) {
      await a.renewLease(agent, grant);
      await step(500);
    }
    expect([a.live(grant), b.live(grant)].every((live) => live !== undefined)).toBe(true);
    expect(new Set(writes)).toEqual(new Set(["tellRenewals"]));
    expect(writes.length).toBeLessThanOrEqual(11);
  });

  it("let a task go over from one to the other", async () => {
    for (let at = 0; at < 12; at += 1) {
      await (at % 8 < 4 ? a : b).renewLease(agent, grant);
      await step(600);
    }
    expect([a.live(grant), b.live(grant)].every((live) => live !== undefined)).toBe(true);
  });

  it("end it everywhere when nobody hears of it", async () => {
    await a.renewLease(agent, grant);
    await step(2000 + late + 200);
    expect(a.live(grant)).toBeUndefined();
    await step(1200);
    expect(b.live(grant)).toBeUndefined();
    expect(await h.store.grant(grant)).toMatchObject({ state: "expired", endedBy: "lease" });
  });

  it("end it when the one that heard of it last died with the task", async () => {
    await a.renewLease(agent, grant);
    await step(1100);
    await a.stop();
    await step(3000 + late);
    expect(b.live(grant)).toBeUndefined();
  });

  it("keep what another one may hear of for a while when the store is away, and not for ever", async () => {
    await a.renewLease(agent, grant);
    await step(1100);
    h.store.fault = () => "lost";
    await a.stop().catch(() => undefined);
    const live = b.live(grant);
    await step(4000);
    expect(live?.ended.aborted).toBe(false);
    await step(10_000);
    expect(live?.ended.aborted).toBe(true);
  });
});
