import { describe, expect, it } from "vitest";
import { code, grantOf, read } from "../testing/asks.ts";
import { settle, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
useHarness({ poll: false }, (made) => (h = made));

/** Has the store's next calls of a method wait. @returns how many wait, and what lets them go on */
function holdBack(method: string): { readonly held: () => number; readonly letGo: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let held = 0;
  h.store.fault = (called) => {
    if (called !== method) return undefined;
    held += 1;
    return promise;
  };
  return { held: () => held, letGo: () => resolve(undefined) };
}

const stranger = { ...agent, subject: "other", client: "other" };

describe("looking up grants that clients name", () => {
  it("holds up no revocation, however many unknown ids they name while the store is slow", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const [heard, seen] = [grantOf(await a.request(agent, read)), grantOf(await a.request(agent, read))];
    h.clock.advance(1000);
    await settle();
    const [endHeard, endSeen] = [b.live(heard)!.ended, b.live(seen)!.ended];

    const { held, letGo } = holdBack("grant");
    const renewals = Array.from({ length: 400 }, (_, at) => code(b.renewLease(agent, `gr_unknown${at}`)));
    const secrets = Array.from({ length: 400 }, (_, at) => code(b.collectSecret(agent, `gr_unknown${at}`)));
    await settle();
    expect(held()).toBe(16);
    h.store.fault = undefined;

    await a.release(agent, heard);
    b.follow({ kind: "grant", id: heard });
    await settle();
    expect(endHeard.aborted).toBe(true);
    await a.release(agent, seen);
    h.clock.advance(1000);
    await settle();
    expect(endSeen.aborted).toBe(true);

    letGo();
    expect(new Set(await Promise.all([...renewals, ...secrets]))).toEqual(new Set(["not_found"]));
  });

  it("reads one that many ask for once", async () => {
    const b = await h.another({ poll: {} });
    const { held, letGo } = holdBack("grant");
    const renewals = Array.from({ length: 400 }, () => code(b.renewLease(agent, "gr_unknown")));
    await settle();
    letGo();
    expect(new Set(await Promise.all(renewals))).toEqual(new Set(["not_found"]));
    expect(held()).toBe(1);
  });

  it("refuses what would wait behind too many", async () => {
    const b = await h.another({ poll: {} });
    const { letGo } = holdBack("grant");
    const renewals = Array.from({ length: 1016 }, (_, at) => code(b.renewLease(agent, `gr_unknown${at}`)));
    expect(await code(b.renewLease(agent, "gr_one_more"))).toBe("too_many_reads");
    letGo();
    expect(new Set(await Promise.all(renewals))).toEqual(new Set(["not_found"]));
    expect(await code(b.renewLease(agent, "gr_one_more"))).toBe("not_found");
  });

  it("holds up no other process of the gateway, which asks for a grant that it made", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    const { letGo } = holdBack("grant");
    const renewals = Array.from({ length: 2000 }, (_, at) => code(b.renewLease(agent, `gr_unknown${at}`)));
    await settle();
    h.store.fault = undefined;
    await b.takeUp(grant);
    expect(b.live(grant)).toBeDefined();
    letGo();
    await Promise.all(renewals);
  });

  it("makes a grant live for its holder alone", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    expect(await code(b.renewLease(stranger, grant))).toBe("not_found");
    expect(await code(b.collectSecret(stranger, grant))).toBe("not_found");
    expect(b.live(grant)).toBeUndefined();
    expect(await b.collectSecret(agent, grant)).toBeDefined();
    expect(b.live(grant)).toBeDefined();
  });

  it("makes one live that a client names to get in, before anybody has told of it", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    await a.collectSecret(agent, grant);
    expect(b.live(grant)).toBeUndefined();
    const verifier = await a.verifier(grant);
    expect(verifier).toBeDefined();
    expect(await b.verifier(grant)).toBe(verifier);
    expect(b.live(grant)).toBeDefined();
  });

  it("ends none for a lock-down that was lifted where the grant was made", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    await a.lockdown(operator, "incident 7");
    h.clock.advance(1000);
    await settle();
    await a.lift(operator);
    const grant = grantOf(await a.request(agent, read));
    await a.collectSecret(agent, grant);
    expect(b.locked).toBeDefined();
    expect(await b.verifier(grant)).toBeUndefined();
    h.clock.advance(1000);
    await settle();
    expect(a.live(grant)).toBeDefined();
    expect(b.live(grant)).toBeDefined();
  });

  it("reads one that many name to get in once", async () => {
    const b = await h.another({ poll: {} });
    const { held, letGo } = holdBack("grant");
    const all = Promise.all(Array.from({ length: 50 }, () => b.verifier("gr_unknown")));
    await settle();
    letGo();
    expect(new Set(await all)).toEqual(new Set([undefined]));
    expect(held()).toBe(1);
  });

  it("makes none live whose end was heard of while it was looked up", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    const { held, letGo } = holdBack("request");
    const collected = code(b.collectSecret(agent, grant));
    await expect.poll(held).toBe(1);
    h.store.fault = undefined;
    await a.release(agent, grant);
    b.follow({ kind: "grant", id: grant });
    await settle();
    letGo();
    expect(await collected).toBe("grant_ended");
    expect(b.live(grant)).toBeUndefined();
  });
});
