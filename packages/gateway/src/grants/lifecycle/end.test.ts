import { describe, expect, it } from "vitest";
import type { Ask, Grants } from "../grants.ts";
import { code, grantOf, read } from "../testing/asks.ts";
import { readRule, minute, refundRule, rulesOf, settle, usual, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { GrantEnd } from "../types.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

const activeNow = async (ask: Ask = read): Promise<string> => grantOf(await grants.request(agent, ask));

describe("ending", () => {
  const reasonOf = (signal: AbortSignal): GrantEnd => signal.reason as GrantEnd;

  it("expires at the deadline and not before", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    h.clock.advance(5 * minute - 1);
    expect(grants.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(ended.aborted).toBe(true);
    expect(reasonOf(ended)).toEqual({ state: "expired", words: `grant ${grant} expired after 5m` });
    expect(grants.live(grant)).toBeUndefined();
    await settle();
    expect(await grants.grant(agent, grant)).toMatchObject({ state: "expired", endedBy: "deadline" });
    expect(h.log.types().filter((type) => type === "grant.expired")).toHaveLength(1);
  });

  it("is not stretched by a wall clock stepped back, and ends early when it is stepped ahead", async () => {
    const grant = await activeNow();
    h.clock.stepWall(-3600_000);
    h.clock.advance(5 * minute - 1);
    expect(grants.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(grants.live(grant)).toBeUndefined();
    const next = await activeNow();
    h.clock.stepWall(5 * minute);
    expect(grants.live(next)).toBeUndefined();
  });

  it("cuts sessions within a second of the resume of a suspended machine", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    // Suspended: the wall clock goes on, the monotonic one and its timers stand still.
    h.clock.stepWall(20 * minute);
    expect(ended.aborted).toBe(false);
    h.clock.advance(1000);
    expect(ended.aborted).toBe(true);
  });

  it("is not stretched by a restart with a wall clock stepped back", async () => {
    const grant = await activeNow();
    await grants.stop();
    h.clock.stepWall(-3600_000);
    const next = await h.another();
    h.clock.advance(5 * minute - 1);
    expect(next.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(next.live(grant)).toBeUndefined();
  });

  it("goes on after a restart until its deadline, and is over if that has passed", async () => {
    const grant = await activeNow();
    const short = await activeNow({ ...read, ttl: 1000 });
    await grants.stop();
    expect(grants.live(grant)).toBeUndefined();
    h.clock.advance(2 * minute);
    const next = await h.another();
    await settle();
    expect(next.live(grant)?.deadline.wall).toBe(h.clock.wall() + 3 * minute);
    expect(next.live(short)).toBeUndefined();
    expect((await next.grant(agent, short)).state).toBe("expired");
  });

  it("is released by its holder and revoked by an operator, once", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    const all = await Promise.all([
      grants.release(agent, grant),
      grants.revoke(operator, grant, "suspicious"),
      grants.release(agent, grant),
    ]);
    expect(new Set(all.map((one) => one.state))).toEqual(new Set(["released"]));
    expect(reasonOf(ended).state).toBe("released");
    expect((await grants.release(agent, grant)).state).toBe("released");
    const next = await activeNow();
    expect(await grants.revoke(operator, next, "suspicious")).toMatchObject({
      state: "revoked",
      endedBy: operator.subject,
    });
    expect(h.log.types().filter((type) => type.startsWith("grant.re"))).toEqual([
      "grant.released",
      "grant.revoked",
    ]);
    expect(await code(grants.revoke(operator, next, " "))).toBe("invalid_request");
  });

  it("gives the secret to nobody who only sees the grant", async () => {
    const grant = await activeNow();
    expect(await code(grants.collectSecret(operator, grant))).toBe("not_found");
    expect(await grants.collectSecret(agent, grant)).toBeDefined();
  });

  it("ends when the identity is withdrawn", async () => {
    const grant = await activeNow();
    await grants.withdrawIdentity(grant, "token is no longer active");
    await grants.withdrawIdentity(grant, "again");
    expect(await grants.grant(agent, grant)).toMatchObject({ state: "revoked", endedBy: "identity" });
  });

  it("ends what a reload no longer allows, and nothing else", async () => {
    const kept = await activeNow({ ...read, ttl: minute });
    const long = await activeNow({ ...read, ttl: 10 * minute });
    const shorter = { ...readRule, terms: { ...readRule.terms, policy: "renamed", maxTtl: 5 * minute } };
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": shorter }))).toMatchObject({ ended: 1 });
    expect(grants.live(long)).toBeUndefined();
    expect(grants.live(kept)).toBeDefined();
    expect(
      await grants.adopt(rulesOf(usual, { digests: { "orders-db/read-orders": "narrower" } })),
    ).toMatchObject({ ended: 1 });
    const approvalNow = { ...readRule, terms: { ...readRule.terms, approval: refundRule.terms.approval! } };
    await grants.adopt(rulesOf(usual));
    const again = await activeNow();
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": approvalNow }))).toMatchObject({ ended: 1 });
    expect(grants.live(again)).toBeUndefined();
  });

  it("ends at once what a reload forbade while it was being stored", async () => {
    const gate = Promise.withResolvers<undefined>();
    h.store.fault = (method) => (method === "createRequest" ? gate.promise : undefined);
    const asking = grants.request(agent, read);
    await settle();
    expect(await grants.adopt(rulesOf({}))).toEqual({ ended: 0, voided: 0 });
    gate.resolve(undefined);
    const grant = grantOf(await asking);
    expect(grants.live(grant)).toBeUndefined();
    await settle();
    expect((await h.store.grant(grant))?.state).toBe("revoked");
  });

  it("judges by the hour of the ask when it judges again", async () => {
    const day = { ...readRule, when: (ask: { context: { hour: number } }) => ask.context.hour === 12 };
    await grants.adopt(rulesOf({ "orders-db/read-orders": day }));
    h.clock.advance(59 * minute);
    const grant = await activeNow();
    h.clock.advance(2 * minute);
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": day }))).toMatchObject({ ended: 0 });
    expect(grants.live(grant)).toBeDefined();
    expect((await grants.request(agent, read)).state).toBe("denied");
  });

  it("ends what a reload took the groups of", async () => {
    const grant = await activeNow();
    const current = (requester: typeof agent): typeof agent => ({ ...requester, groups: [] });
    expect(await grants.adopt(rulesOf(usual, { current: current as never }))).toMatchObject({ ended: 1 });
    expect(grants.live(grant)).toBeUndefined();
  });
});

it("remembers an ended grant no longer than it must, also where nothing polls", async () => {
  const id = grantOf(await grants.request(agent, read));
  await grants.release(agent, id);
  h.store.fault = (method) => (method === "grant" ? "lost" : undefined);
  expect((await grants.grant(agent, id)).state).toBe("released");
  for (let minutes = 0; minutes < 20; minutes += 1) h.clock.advance(minute);
  expect(await code(grants.grant(agent, id))).toBe("store_unavailable");
});
