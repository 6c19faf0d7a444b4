import { describe, expect, it } from "vitest";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import { minute, settle, type Harness } from "../testing/harness.ts";
import { agent, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
useHarness({ poll: false }, (made) => (h = made));

describe("several gateways on one store", () => {
  const tick = async (): Promise<void> => {
    h.clock.advance(1000);
    await settle();
  };

  it("learn of each other's grants, ends and lock-downs by looking", async () => {
    const b = await h.another({ poll: {} });
    const a = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    expect(b.live(grant)).toBeUndefined();
    await tick();
    const ended = b.live(grant)!.ended;
    const secret = await a.collectSecret(agent, grant);
    expect(secret).toBeDefined();
    expect(await b.verifier(grant)).toMatch(/^SCRAM/);
    await a.release(agent, grant);
    await tick();
    expect(ended.aborted).toBe(true);
    expect(h.log.types().filter((type) => type === "grant.released")).toHaveLength(1);
    const next = grantOf(await b.request(agent, read));
    const pending = await b.request(agent, refund);
    const waiting = b.wait(agent, pending.id, 60_000);
    await a.lockdown(operator, "incident");
    await tick();
    expect(b.locked).toEqual(a.locked);
    expect(b.live(next)).toBeUndefined();
    expect((await waiting).state).toBe("refused");
    await a.lift(operator);
    await tick();
    expect(b.locked).toBeUndefined();
  });

  it("serve nothing new once the store could not be read within the bound, and end sessions at their deadline", async () => {
    const b = await h.another({ poll: { every: 1000, bound: 10_000 } });
    const grant = grantOf(await b.request(agent, read));
    const ended = b.live(grant)!.ended;
    h.store.fault = () => "lost";
    for (let second = 0; second < 10; second++) await tick();
    expect(b.live(grant)).toBeDefined();
    await tick();
    expect(b.unavailable).toContain("could not be read");
    expect(b.live(grant)).toBeUndefined();
    expect(await code(b.request(agent, read))).toBe("store_unavailable");
    expect(ended.aborted).toBe(false);
    h.store.fault = undefined;
    await tick();
    await tick();
    expect(b.unavailable).toBeUndefined();
    expect(b.live(grant)).toBeDefined();
    h.clock.advance(5 * minute);
    expect(ended.aborted).toBe(true);
  });

  it("make one grant when both take the last yes", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const request = await a.request(agent, refund);
    const outcomes = await Promise.all([
      code(a.approve(reviewer, request.id, request.digest, "")),
      code(b.approve(person("second@example.com"), request.id, request.digest, "")),
    ]);
    expect(outcomes).toContain("succeeded");
    await settle();
    expect(await h.store.grants({ state: "active", limit: 9 })).toHaveLength(1);
  });

  it("do not take a lock-down back that the store has yet to hear of", async () => {
    const b = await h.another({ poll: {} });
    h.store.fault = (method) => (method === "setLockdown" ? "lost" : undefined);
    expect(await code(b.lockdown(operator, "incident"))).toBe("store_unavailable");
    await tick();
    await tick();
    expect(b.locked?.reason).toBe("incident");
    h.store.fault = undefined;
    await tick();
    expect(await h.store.lockdown()).toEqual(b.locked);
  });

  it("serve nothing before they have read the store", async () => {
    h.store.fault = () => "lost";
    await expect(h.another()).rejects.toThrow("store away");
  });
});
