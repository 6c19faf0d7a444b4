import { describe, expect, it } from "vitest";
import type { GrantRules, Grants } from "./grants.ts";
import { both, grantOf, read, refund } from "./testing/asks.ts";
import { refundRule, approvedBy, harness, rulesOf, settle, usual, type Harness } from "./testing/harness.ts";
import { agent, operator, person, reviewer } from "./testing/samples.ts";
import type { AccessRequest } from "./types.ts";

/** One thing somebody does, what must be on the disk once it was acknowledged, and what must hold then. */
interface Step {
  readonly name: string;
  /** Left out: the usual ones. */
  readonly rules?: GrantRules;
  /** Prepares without faults, and gives what to do under them. */
  readonly prepare: (h: Harness) => Promise<() => Promise<unknown>>;
  readonly records: readonly string[];
  readonly holds: (grants: Grants, answer: unknown) => Promise<boolean>;
}

const twoOfEach = rulesOf({ ...usual, "orders-db/refund-order": approvedBy({ count: 2, refusals: 2 }) });
const withEmergency = rulesOf({
  ...usual,
  "orders-db/refund-order": {
    ...refundRule,
    emergency: { policy: "on call", defaultTtl: 300_000, maxTtl: 300_000, breakGlass: true },
  },
});
const idOf = (answer: unknown): string => (answer as AccessRequest).id;
const stateOf = async (grants: Grants, grant: string): Promise<string> =>
  (await grants.grant(operator, grant)).state;
const requestState = async (grants: Grants, answer: unknown): Promise<string> =>
  (await grants.find(operator, (answer as AccessRequest).id)).state;

const steps: readonly Step[] = [
  {
    name: "a request that is permitted at once",
    prepare: async (h) => () => h.grants.request(agent, read),
    records: ["request.created", "request.approved", "grant.activated"],
    holds: async (grants, answer) => grants.live(grantOf(answer as AccessRequest)) !== undefined,
  },
  {
    name: "a request with an idempotency key",
    prepare: async (h) => () => h.grants.request(agent, { ...read, idempotencyKey: "k" }),
    records: ["request.created", "request.approved", "grant.activated"],
    holds: async (grants, answer) => grants.live(grantOf(answer as AccessRequest)) !== undefined,
  },
  {
    name: "a request that waits",
    prepare: async (h) => () => h.grants.request(agent, refund),
    records: ["request.created"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "pending",
  },
  {
    name: "a request that is denied",
    prepare: async (h) => () => h.grants.request(agent, { ...read, operations: ["nothing"] }),
    records: ["request.denied"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "denied",
  },
  {
    name: "an approval",
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.approve(reviewer, request.id, request.digest, "");
    },
    records: ["approval.given", "request.approved", "grant.activated"],
    holds: async (grants, answer) => grants.live(grantOf(answer as AccessRequest)) !== undefined,
  },
  {
    name: "an approval of a part",
    prepare: async (h) => {
      const request = await h.grants.request(agent, both);
      const allow = { operations: ["orders-db/read-orders"], ttl: 60_000 };
      return () => h.grants.approve(reviewer, request.id, request.digest, "", allow);
    },
    records: ["approval.given", "request.approved", "grant.activated"],
    holds: async (grants, answer) => {
      const grant = grants.live(grantOf(answer as AccessRequest))?.grant;
      return grant?.operations.join() === "read-orders" && grant.endsAt - grant.activatedAt === 60_000;
    },
  },
  {
    name: "the first approval of two",
    rules: twoOfEach,
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.approve(reviewer, request.id, request.digest, "");
    },
    records: ["approval.given"],
    holds: async (grants, answer) => (await grants.find(operator, idOf(answer))).approvals.length === 1,
  },
  {
    name: "the first refusal of two",
    rules: twoOfEach,
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.refuse(reviewer, request.id, request.digest, "");
    },
    records: ["approval.given"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "pending",
  },
  {
    name: "the last refusal of two",
    rules: twoOfEach,
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      await h.grants.refuse(person("b@example.com"), request.id, request.digest, "");
      return () => h.grants.refuse(reviewer, request.id, request.digest, "");
    },
    records: ["approval.given", "request.refused"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "refused",
  },
  {
    name: "breaking glass",
    rules: withEmergency,
    prepare: async (h) => () =>
      h.grants.request(agent, { ...refund, reason: "INC-9: double bookings", breakGlass: true }),
    records: ["request.created", "request.approved", "grant.activated", "break_glass.activated"],
    holds: async (grants, answer) => grants.live(grantOf(answer as AccessRequest)) !== undefined,
  },
  {
    name: "a refusal",
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.refuse(reviewer, request.id, request.digest, "");
    },
    records: ["approval.given", "request.refused"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "refused",
  },
  {
    name: "a withdrawal",
    prepare: async (h) => {
      const request = await h.grants.request(agent, refund);
      return () => h.grants.withdraw(agent, request.id);
    },
    records: ["request.withdrawn"],
    holds: async (grants, answer) => (await requestState(grants, answer)) === "withdrawn",
  },
  {
    name: "a release",
    prepare: async (h) => {
      const grant = grantOf(await h.grants.request(agent, read));
      return () => h.grants.release(agent, grant);
    },
    records: ["grant.released"],
    holds: async (grants, answer) => (await stateOf(grants, (answer as { id: string }).id)) === "released",
  },
  {
    name: "a revocation",
    prepare: async (h) => {
      const grant = grantOf(await h.grants.request(agent, read));
      return () => h.grants.revoke(operator, grant, "why");
    },
    records: ["grant.revoked"],
    holds: async (grants, answer) => (await stateOf(grants, (answer as { id: string }).id)) === "revoked",
  },
  {
    name: "a lock-down",
    prepare: async (h) => {
      await h.grants.request(agent, read);
      await h.grants.request(agent, refund);
      return () => h.grants.lockdown(operator, "why");
    },
    records: ["lockdown.started", "grant.revoked", "request.refused"],
    holds: async (grants) => grants.locked !== undefined,
  },
  {
    name: "the end of a lock-down",
    prepare: async (h) => {
      await h.grants.lockdown(operator, "why");
      return () => h.grants.lift(operator);
    },
    records: ["lockdown.lifted"],
    holds: async (grants) => grants.locked === undefined,
  },
];

/** Every grant that is live has its record on the disk; what the store calls active is live; what ended is recorded. */
async function inconsistencies(h: Harness, grants: Grants, all: boolean): Promise<string[]> {
  const wrong: string[] = [];
  const of = (type: RegExp, grant: string): boolean =>
    h.log.disk.some((record) => type.test(record.type) && record.grant === grant);
  const announced = h.log.disk.flatMap((record) =>
    record.type === "grant.activated" ? [record.grant ?? ""] : [],
  );
  const stored = await h.store.grants({ limit: 100 });
  for (const grant of stored) {
    if (!of(/^grant\.activated$/, grant.id)) wrong.push(`${grant.state} without a record`);
    if (grant.state !== "active" && grants.live(grant.id) !== undefined) wrong.push("live after its end");
    if (!all) continue;
    if (grant.state === "active" && grants.live(grant.id) === undefined)
      wrong.push("active in the store alone");
    if (grant.state !== "active" && !of(/^grant\.(?:expired|released|revoked)$/, grant.id))
      wrong.push("end not recorded");
    const request = await h.store.request(grant.request);
    if (request?.state !== "approved" || request.grant !== grant.id) wrong.push("grant without its request");
  }
  for (const grant of all ? announced : []) {
    const known = stored.some((one) => one.id === grant);
    if (!known && !of(/^grant\.revoked$/, grant)) wrong.push("announced, never stored, and not taken back");
  }
  return wrong;
}

/** Runs a step with one fault at its nth call of log or store; tells whether there was such a call. */
async function run(
  step: Step,
  nth: number,
  kind: "lost" | "kept",
  lasting: boolean,
): Promise<{ hit: boolean; wrong: string[] }> {
  const h = await harness({ poll: false, ...(step.rules === undefined ? {} : { rules: step.rules }) });
  try {
    const act = await step.prepare(h);
    const from = h.log.disk.length;
    let calls = 0;
    const fault = (): "lost" | "kept" | undefined => {
      const now = calls++;
      return now === nth || (lasting && now > nth) ? kind : undefined;
    };
    h.log.before = fault;
    h.store.fault = fault;
    const outcome = await act().then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    const hit = calls > nth;
    h.log.before = undefined;
    h.store.fault = undefined;
    const wrong = await inconsistencies(h, h.grants, false);
    if ("error" in outcome && !("code" in (outcome.error as object)))
      wrong.push(`not ours: ${String(outcome.error)}`);
    if ("answer" in outcome) {
      const types = h.log.disk.slice(from).map((record) => record.type as string);
      for (const type of step.records) if (!types.includes(type)) wrong.push(`acknowledged without ${type}`);
      if (!(await step.holds(h.grants, outcome.answer))) wrong.push("acknowledged and not so");
    } else if (!hit) wrong.push(`failed without a fault: ${String(outcome.error)}`);
    // Log and store are back: everything that was left comes to rest.
    for (let second = 0; second < 20; second++) {
      h.clock.advance(1000);
      await settle();
    }
    wrong.push(...(await inconsistencies(h, h.grants, true)));
    // A restart sees the same.
    await h.grants.stop();
    const next = await h.another();
    await settle();
    wrong.push(...(await inconsistencies(h, next, true)));
    if ("answer" in outcome && !(await step.holds(next, outcome.answer))) wrong.push("lost by the restart");
    return { hit, wrong };
  } finally {
    await h.close();
  }
}

describe("every write is broken both ways, lost, and kept but reported failed", () => {
  for (const step of steps) {
    for (const kind of ["lost", "kept"] as const) {
      for (const lasting of [false, true]) {
        it(`${step.name}: ${kind}${lasting ? " from there on" : " once"}`, async () => {
          const found: string[] = [];
          let nth = 0;
          for (; nth < 60; nth++) {
            const { hit, wrong } = await run(step, nth, kind, lasting);
            found.push(...wrong.map((one) => `at call ${nth}: ${one}`));
            if (!hit) break;
          }
          expect(found).toEqual([]);
          // At least the record and the store were broken once each.
          expect(nth).toBeGreaterThanOrEqual(2);
          expect(nth).toBeLessThan(60);
        });
      }
    }
  }

  it("ends at the deadline whatever log and store do, and records it when they are back", async () => {
    const h = await harness({ poll: false });
    const grant = grantOf(await h.grants.request(agent, { ...read, ttl: 5000 }));
    const ended = h.grants.live(grant)?.ended;
    h.log.failing = "append";
    h.store.fault = () => "lost";
    h.clock.advance(5000);
    expect(ended?.aborted).toBe(true);
    expect(h.grants.live(grant)).toBeUndefined();
    await settle();
    h.log.failing = undefined;
    h.store.fault = undefined;
    h.clock.advance(1000);
    await settle();
    expect((await h.store.grant(grant))?.state).toBe("expired");
    expect(h.log.types().filter((type) => type === "grant.expired")).toHaveLength(1);
    await h.close();
  });

  it("answers 503 and does nothing while the log is away", async () => {
    const h = await harness({ poll: false });
    h.log.failing = "lost";
    await expect(h.grants.request(agent, read)).rejects.toMatchObject({
      code: "log_unavailable",
      status: 503,
    });
    expect(await h.store.requests({ limit: 9 })).toEqual([]);
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
    await h.close();
  });
});
