import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../../storage/store.ts";
import type { Ask, Grants } from "../grants.ts";
import type { AccessRequest } from "../types.ts";
import { approvedBy, harness, minute, rulesOf, settle, usual, type Harness } from "./harness.ts";
import { agent, operator, person, reviewer } from "./samples.ts";

const read: Ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  clientAddress: "",
};
const refund: Ask = { ...read, operations: ["refund-order"] };

async function kept(calls: readonly Promise<unknown>[]): Promise<number> {
  const all = await Promise.allSettled(calls);
  return all.filter((one) => one.status === "fulfilled").length;
}

/** Races between two gateways on one store; run on each kind of store. */
export function raceSuite(kind: string, open: () => Promise<Store>): void {
  describe(`races of two gateways on ${kind}`, () => {
    let store: Store;
    let h: Harness;
    let a: Grants;
    let b: Grants;
    const at = async (state: AccessRequest["state"], request: AccessRequest): Promise<boolean> =>
      (await store.grants.request(request.id))?.state === state;
    const activeOf = async (request: AccessRequest): Promise<number> =>
      (await store.grants.grants({ state: "active", limit: 10_000 })).filter(
        (grant) => grant.request === request.id,
      ).length;
    beforeAll(async () => {
      store = await open();
      h = await harness({ on: store, poll: {} });
      a = h.grants;
      b = await h.another();
    });
    afterAll(async () => {
      await h.close();
      await store.close();
    });

    it("approvals, refusals and a withdrawal: one decision, at most one grant", async () => {
      for (let round = 0; round < 8; round++) {
        const request = await a.request({ ...agent, subject: `race-${round}` }, refund);
        const who = [reviewer, person("b@example.com"), person("c@example.com")];
        await Promise.allSettled([
          ...who.map((one, index) => (index % 2 === 0 ? a : b).approve(one, request.id, request.digest, "")),
          b.refuse(person("d@example.com"), request.id, request.digest, ""),
          a.withdraw({ ...agent, subject: `race-${round}` }, request.id),
        ]);
        await settle();
        expect(await at("pending", request)).toBe(false);
        expect(await activeOf(request)).toBe((await at("approved", request)) ? 1 : 0);
      }
    });

    /** Lets both gateways look at the store once more. */
    const caughtUp = async (): Promise<void> => {
      const look = (): (string | undefined)[] => {
        h.clock.advance(1000);
        return [a.unavailable, b.unavailable];
      };
      await expect.poll(look, { interval: 5 }).toEqual([undefined, undefined]);
      await settle();
    };
    /** Outcomes of a request that the log tells of and does not take back. */
    const told = (request: AccessRequest): string[] => {
      const records = h.log.disk.filter((record) => record.request === request.id);
      const never = records.filter((record) => record.detail["was_active"] === false);
      return records.flatMap((record) => {
        if (!/^request\.(?:approved|refused|withdrawn|timed_out)$/.test(record.type)) return [];
        const isTakenBack = never.some((other) => other.grant === record.grant);
        return record.grant !== undefined && isTakenBack ? [] : [record.type.replace("request.", "")];
      });
    };

    it.each([
      ["an approval and a refusal", 1],
      ["a withdrawal as well", 2],
      ["the time-out as well", 3],
      ["two partial approvals", 4],
      ["a reload that voids it", 5],
      ["a lock-down as well", 6],
    ])("%s: one outcome, and the records agree", async (_what, case_) => {
      for (let round = 0; round < 8; round++) {
        // Through two gateways, and all through one.
        const c = round % 2 === 0 ? b : a;
        const who = { ...agent, subject: `agree-${case_}-${round}` };
        const request = await a.request(who, { ...refund, operations: ["read-orders", "refund-order"] });
        const { id, digest } = request;
        const one = { operations: ["orders-db/read-orders"] };
        const calls: Promise<unknown>[] = [
          a.approve(reviewer, id, digest, "", case_ === 4 ? one : undefined),
          case_ === 4
            ? c.approve(person("b@example.com"), id, digest, "", { ttl: 1000 })
            : c.refuse(person("b@example.com"), id, digest, ""),
        ];
        if (case_ === 2) calls.push(c.withdraw(who, id));
        if (case_ === 6) calls.push(c.lockdown(operator, "incident"));
        if (case_ === 3) h.clock.advance(30 * minute);
        if (case_ === 5) {
          calls.push(c.adopt(rulesOf(usual, { digests: { "orders-db/refund-order": "another" } })));
        }
        await Promise.allSettled(calls);
        await settle();
        await caughtUp();
        const state = (await store.grants.request(id))?.state;
        expect(["approved", "refused", "withdrawn", "timed_out"]).toContain(state);
        await expect.poll(() => told(request)).toEqual([state]);
        const active = (await store.grants.grants({ limit: 10_000 })).filter((grant) => grant.request === id);
        expect(active).toHaveLength(state === "approved" ? 1 : 0);
        if (case_ === 5) await c.adopt(rulesOf(usual));
        // What was approved a moment before a lock-down is over as well.
        expect(case_ !== 6 || active.every((grant) => grant.state === "revoked")).toBe(true);
        if (case_ === 6) await c.lift(operator);
        const locks = (): unknown[] => {
          h.clock.advance(1000);
          return [a.locked, b.locked];
        };
        await expect.poll(locks, { interval: 5 }).toEqual([undefined, undefined]);
        await caughtUp();
      }
    });

    it("escalation through two gateways is marked and recorded once", async () => {
      const rules = rulesOf({
        ...usual,
        "orders-db/refund-order": approvedBy({ escalate: { after: 5000, to: ["sre"] } }),
      });
      await Promise.all([a.adopt(rules), b.adopt(rules)]);
      const request = await a.request({ ...agent, subject: "escalates" }, refund);
      // The other gateway has looked at the store, or does so when it is time.
      await caughtUp();
      h.clock.advance(4000);
      await expect.poll(async () => (await store.grants.request(request.id))?.escalatedAt).toBeDefined();
      const escalated = (): number =>
        h.log.disk.filter(({ type, request: id }) => type === "request.escalated" && id === request.id)
          .length;
      await expect.poll(escalated).toBe(1);
      await caughtUp();
      expect(escalated()).toBe(1);
      const sre = person("sre@example.com", { groups: ["sre"] });
      expect((await b.approve(sre, request.id, request.digest, "")).state).toBe("approved");
      await Promise.all([a.adopt(rulesOf(usual)), b.adopt(rulesOf(usual))]);
    });

    it("double clicks through two gateways count once", async () => {
      const request = await a.request(agent, refund);
      const clicks = [a, b, a, b].map((one) => one.approve(reviewer, request.id, request.digest, ""));
      expect(await kept(clicks)).toBeGreaterThanOrEqual(1);
      await settle();
      expect(await activeOf(request)).toBe(1);
      expect((await store.grants.request(request.id))?.approvals).toHaveLength(1);
    });

    it("release, revocation, withdrawal of the identity and the deadline: one end", async () => {
      const deadline = h.clock.monotonic() + 10_000;
      const request = await a.request(agent, { ...read, ttl: 10_000 });
      const id = request.grant ?? "";
      // A look that is under way may have missed it, and the next one comes a second behind its end.
      const looked = (): unknown => {
        h.clock.advance(1000);
        return b.live(id);
      };
      await expect.poll(looked, { interval: 300 }).toBeDefined();
      const ends = [a.live(id)?.ended, b.live(id)?.ended];
      h.clock.advance(deadline - h.clock.monotonic() - 1);
      const calls = [a.release(agent, id), b.revoke(operator, id, "why"), a.withdrawIdentity(id, "gone")];
      h.clock.advance(1);
      await Promise.allSettled(calls);
      await expect.poll(async () => (await store.grants.grant(id))?.state).not.toBe("active");
      expect(ends.map((end) => end?.aborted)).toEqual([true, true]);
      expect([a.live(id), b.live(id)]).toEqual([undefined, undefined]);
      const stored = await store.grants.grant(id);
      expect(["released", "revoked", "expired"]).toContain(stored?.state);
      // Once ended, it stays as it ended.
      await a.release(agent, id);
      await b.revoke(operator, id, "again");
      expect(await store.grants.grant(id)).toEqual(stored);
      await caughtUp();
    });

    it("one idempotency key through two gateways: one request, one grant", async () => {
      const asks = [a, b, a, b].map((one) => one.request(agent, { ...read, idempotencyKey: "two gateways" }));
      const answers = await Promise.all(asks);
      expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
      expect(new Set(answers.map((answer) => answer.grant)).size).toBe(1);
    });

    it("a lock-down during activations leaves nothing active", async () => {
      const asks = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? a : b).request(agent, read));
      await Promise.allSettled([...asks, a.lockdown(operator, "incident")]);
      const looked = (): unknown => {
        h.clock.advance(1000);
        return [a.locked?.reason, b.locked?.reason];
      };
      await expect.poll(looked, { interval: 5 }).toEqual(["incident", "incident"]);
      await expect.poll(() => store.grants.grants({ state: "active", limit: 10 })).toEqual([]);
      await a.lift(operator);
    });
  });
}
