import { describe, expect, it } from "vitest";
import type { Ask, Grants } from "../grants.ts";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import { settle, type Harness } from "../testing/harness.ts";
import { agent, auditor, operator, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

const activeNow = async (ask: Ask = read): Promise<string> => grantOf(await grants.request(agent, ask));

describe("a lock-down", () => {
  it("ends all, refuses all, and survives a restart until it is lifted", async () => {
    const grant = await activeNow();
    const pending = await grants.request(agent, refund);
    const lockdown = await grants.lockdown(operator, "incident");
    expect(grants.locked).toEqual(lockdown);
    expect(grants.live(grant)).toBeUndefined();
    expect((await grants.grant(agent, grant)).state).toBe("revoked");
    expect((await grants.find(agent, pending.id)).state).toBe("refused");
    expect(await code(grants.request(agent, read))).toBe("locked_down");
    expect(await code(grants.approve(reviewer, pending.id, pending.digest, ""))).toBe("not_pending");
    expect(grants.offers(agent, "")).toEqual([]);
    await grants.stop();
    const next = await h.another();
    expect(next.locked).toEqual(lockdown);
    expect(await code(next.request(agent, read))).toBe("locked_down");
    expect(await code(next.lift(auditor))).toBe("forbidden");
    await next.lift(operator);
    expect((await next.request(agent, read)).state).toBe("approved");
    expect(h.log.types()).toContain("lockdown.lifted");
  });

  it("catches what is being activated meanwhile", async () => {
    const asks = Array.from({ length: 5 }, () => grants.request(agent, read));
    const locking = grants.lockdown(operator, "incident");
    const done = await Promise.allSettled([...asks, locking]);
    await settle();
    const made = done.flatMap((one) =>
      one.status === "fulfilled" && "grant" in one.value ? [one.value.grant] : [],
    );
    expect(made.map((id) => grants.live(id ?? ""))).toEqual(made.map(() => undefined));
    expect(await h.store.grants({ state: "active", limit: 9 })).toEqual([]);
  });

  it("keeps out a grant that is being stored, although the store has not heard of the lock-down", async () => {
    const gate = Promise.withResolvers<undefined>();
    h.store.fault = (method) => (method === "createRequest" ? gate.promise : "lost");
    const asking = grants.request(agent, read);
    await settle();
    expect(await code(grants.lockdown(operator, "incident"))).toBe("store_unavailable");
    h.store.fault = (method) => (method === "setLockdown" ? undefined : "lost");
    gate.resolve(undefined);
    const grant = grantOf(await asking);
    await settle();
    await grants.lift(operator);
    expect(grants.live(grant)).toBeUndefined();
  });

  it("holds here when log and store are away, and reaches them later", async () => {
    const grant = await activeNow();
    h.log.failing = "lost";
    h.store.fault = () => "lost";
    expect(await code(grants.lockdown(operator, "incident"))).toMatch(/unavailable/);
    expect(grants.locked).toBeDefined();
    expect(grants.live(grant)).toBeUndefined();
    h.log.failing = undefined;
    h.store.fault = undefined;
    h.clock.advance(1000);
    await settle();
    expect(await h.store.lockdown()).toEqual(grants.locked);
    expect((await h.store.grant(grant))?.state).toBe("revoked");
    expect(h.log.types()).toEqual(expect.arrayContaining(["lockdown.started", "grant.revoked"]));
  });
});
