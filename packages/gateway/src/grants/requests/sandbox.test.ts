import { describe, expect, it } from "vitest";
import type { GrantRules, Grants } from "../grants.ts";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import {
  harness,
  minute,
  readRule,
  refundRule,
  rulesOf,
  settle,
  type Harness,
  type Rule,
  usual,
} from "../testing/harness.ts";
import { agent, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import { digestOfRequest } from "./review-sheet.ts";

const sandboxed = (rule: Rule): Rule => ({ ...rule, terms: { ...rule.terms, sandbox: true, lease: minute } });
const demanding: GrantRules = rulesOf({
  "orders-db/read-orders": sandboxed(readRule),
  "orders-db/refund-order": sandboxed(refundRule),
});
let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules: demanding }, (made) => {
  h = made;
  grants = made.grants;
});

/** What `mayfly run --sandbox` asks. */
const inside = { lease: 4000, sandbox: true } as const;

describe("a policy that demands a sandbox", () => {
  it("denies an ask for none, and says what to run", async () => {
    for (const more of [{}, { lease: 4000 }]) {
      const denied = await grants.request(agent, { ...read, ...more });
      expect(denied.state).toBe("denied");
      expect(denied.reasons.join()).toContain(
        'policy "support agents read orders" demands a command in a sandbox; run it with mayfly run --sandbox',
      );
    }
    expect(h.log.types()).not.toContain("grant.activated");
  });

  it("denies an ask for one without a lease", async () => {
    const denied = await grants.request(agent, { ...read, sandbox: true });
    expect(denied.state).toBe("denied");
    expect(denied.reasons.join()).toContain("demands a lease");
  });

  it("permits an ask for one with a lease, and records what was said", async () => {
    const request = await grants.request(agent, { ...read, ...inside });
    expect(request).toMatchObject({ state: "approved", sandbox: true, lease: 4000 });
    expect(grants.live(grantOf(request))?.grant).toMatchObject({ sandbox: true, lease: 4000 });
    for (const said of ["request.created", "grant.activated"])
      expect(h.log.disk.find(({ type }) => type === said)?.detail).toMatchObject({ sandbox: true });
  });

  it("is met by a request that waits: the yes gives what was asked for", async () => {
    const waits = await grants.request(agent, { ...refund, ...inside });
    expect(waits).toMatchObject({ state: "pending", sandbox: true });
    const { grant } = await grants.approve(reviewer, waits.id, waits.digest, "");
    expect(grants.live(grant ?? "")?.grant).toMatchObject({ sandbox: true });
    expect(h.log.disk.find(({ type }) => type === "grant.activated")?.detail).toMatchObject({
      sandbox: true,
    });
  });

  it("holds for an emergency too", async () => {
    const emergency = {
      ...readRule.terms,
      policy: "on call",
      breakGlass: true,
      sandbox: true,
      lease: minute,
    } as const;
    await grants.adopt(rulesOf({ ...usual, "orders-db/read-orders": { ...readRule, emergency } }));
    const ask = { ...read, reason: "INC-9: no order can be read since noon", breakGlass: true };
    expect((await grants.request(agent, { ...ask, lease: 4000 })).state).toBe("denied");
    expect((await grants.request(agent, { ...ask, ...inside })).state).toBe("approved");
  });
});

describe("a reload", () => {
  it("that adds the demand ends a grant that was asked for outside of one, and keeps the others", async () => {
    await grants.adopt(rulesOf(usual));
    const outside = await grants.request(agent, { ...read, lease: 4000 });
    const kept = await grants.request(agent, { ...read, ...inside });
    const waits = await grants.request(agent, { ...refund, lease: 4000 });
    expect(await grants.adopt(demanding)).toEqual({ ended: 1, voided: 1 });
    expect(grants.live(grantOf(outside))).toBeUndefined();
    expect(grants.live(grantOf(kept))).toBeDefined();
    expect((await grants.find(agent, waits.id)).state).not.toBe("pending");
  });
});

it("is a part of what a reviewer says yes to", async () => {
  await grants.adopt(rulesOf(usual));
  const waits = await grants.request(agent, { ...refund, ...inside });
  const { sandbox: _, ...without } = waits;
  expect(digestOfRequest(waits)).toBe(waits.digest);
  expect(digestOfRequest(without)).not.toBe(waits.digest);
});

describe("an idempotency key", () => {
  it("of an ask for a sandbox gives nothing to the same ask for none", async () => {
    await grants.adopt(rulesOf(usual));
    const once = { ...read, lease: 4000, idempotencyKey: "once" };
    const { id } = await grants.request(agent, { ...once, sandbox: true });
    expect(await code(grants.request(agent, once))).toBe("idempotency_conflict");
    expect((await grants.request(agent, { ...once, sandbox: true })).id).toBe(id);
  });
});

describe("the secret of a grant for a command in a sandbox", () => {
  it("is not made for whoever does not say that it is for one, and is still there for the launcher", async () => {
    const grant = grantOf(await grants.request(agent, { ...read, ...inside }));
    for (const said of [undefined, false]) {
      const failed = await grants
        .collectSecret(agent, grant, undefined, said)
        .catch((thrown: unknown) => thrown);
      expect(failed).toMatchObject({ code: "forbidden", status: 403 });
      expect(String(failed)).toContain("is for a command in a sandbox");
    }
    expect(await grants.verifier(grant)).toBeUndefined();
    expect(h.log.types()).not.toContain("grant.collected");
    expect(await grants.collectSecret(agent, grant, undefined, true)).toMatch(/^[0-9a-z]{32}$/);
  });

  it.each<[string, () => void]>([
    ["lost in the store", () => (h.store.fault = () => "lost")],
    ["not recorded", () => (h.log.before = () => "lost")],
  ])("that is %s leads nobody to the access token, which opens nothing", async (_, breaks) => {
    const grant = grantOf(await grants.request(agent, { ...read, ...inside }));
    breaks();
    const failed = await grants
      .collectSecret(agent, grant, undefined, true)
      .catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ status: 503 });
    expect(String(failed)).toMatch(/the secret (may be|is) lost; request again$/);
  });

  it("of another grant is made for whoever says it", async () => {
    await grants.adopt(rulesOf(usual));
    const grant = grantOf(await grants.request(agent, read));
    expect(await grants.collectSecret(agent, grant, undefined, true)).toBeDefined();
  });
});

it("is for a command in a sandbox on every other gateway that takes it up", async () => {
  const several = await harness({ poll: {}, rules: demanding });
  try {
    const second = await several.another({ poll: {} });
    const grant = grantOf(await several.grants.request(agent, { ...read, ...inside }));
    expect(second.live(grant)).toBeUndefined();
    expect(await code(second.collectSecret(agent, grant))).toBe("forbidden");
    expect(second.live(grant)?.grant).toMatchObject({ sandbox: true });
    // One that is heard of, which nobody named.
    const heard = grantOf(await several.grants.request(agent, { ...read, ...inside, idempotencyKey: "2" }));
    several.clock.advance(1000);
    await settle();
    expect(second.live(heard)?.grant).toMatchObject({ sandbox: true });
  } finally {
    await several.close();
  }
});
