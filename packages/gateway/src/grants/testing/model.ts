import assert from "node:assert/strict";
import fc from "@mayfly/testing/fast-check.ts";
import { MayflyError } from "../../kernel/errors.ts";
import type { Actor, Allow, Grants } from "../grants.ts";
import { approvedBy, harness, minute, readRule, rulesOf, settle, type Harness } from "./harness.ts";
import { agent, operator, person } from "./samples.ts";
import type { AccessRequest } from "../types.ts";

/** What a request and its grant should be, in the fewest words; deadlines on the monotonic clock. */
interface Known {
  readonly id: string;
  readonly digest: string;
  readonly ttl: number;
  readonly operations: readonly string[];
  readonly breakGlass: boolean;
  state: AccessRequest["state"];
  /** Who said yes, and to what. */
  readonly yes: Map<string, Part>;
  readonly no: Set<string>;
  waitsUntil: number;
  readonly wallWait: number;
  /** When others may decide as well. */
  escalatesAt: number;
  readonly wallEscalates: number;
  escalated: boolean;
  grant?: {
    readonly id: string;
    readonly part: Part;
    readonly wallEnd: number;
    until: number;
    over: boolean;
  };
}

/** What somebody allowed. */
interface Part {
  readonly operations: readonly string[];
  readonly ttl: number;
}

interface Model {
  readonly known: Known[];
  locked: boolean;
}

interface Real {
  readonly h: Harness;
  grants: Grants;
  /** States from which nothing leads, as first seen. */
  readonly final: Map<string, string>;
}

const within = 30 * minute;
const escalatesAfter = 10 * minute;
const people: readonly Actor[] = [
  person("a@example.com"),
  person("b@example.com"),
  person("c@example.com"),
  // May decide once the request has escalated.
  person("sre@example.com", { groups: ["sre"] }),
  // None of these may ever decide.
  person("OWNER@example.com", { groups: ["sre"], issuer: "https://saml.example.com" }),
  person("owner@example.com"),
  { ...person("0oa1agent"), subject: agent.subject },
  { ...person("a@example.com"), kind: "agent" },
  person("d@example.com", { groups: ["elsewhere"] }),
];
const eligible = new Set(["a@example.com", "b@example.com", "c@example.com", "sre@example.com"]);
const isEligible = (who: Actor, { escalated }: Known): boolean =>
  who.kind === "person" &&
  eligible.has(who.subject) &&
  (who.groups.includes("support-leads") || (escalated && who.groups.includes("sre")));

const rules = rulesOf(
  {
    "orders-db/read-orders": readRule,
    "orders-db/refund-order": {
      ...approvedBy({ count: 2, within, refusals: 2, escalate: { after: escalatesAfter, to: ["sre"] } }),
      emergency: { policy: "on call", defaultTtl: 5 * minute, maxTtl: 10 * minute, breakGlass: true },
    },
  },
  { pendingPerPrincipal: 100 },
);

/** The answer, or undefined when it was refused; anything but a refusal of ours is thrown. */
async function answerOf<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof MayflyError) return undefined;
    throw error;
  }
}

/** Lets the model's time pass as well, then compares everything. */
async function compare(model: Model, real: Real): Promise<void> {
  const { clock, store } = real.h;
  await settle();
  const now = clock.monotonic();
  for (const known of model.known) {
    if (known.state === "pending" && now >= known.escalatesAt) known.escalated = true;
    if (known.state === "pending" && now >= known.waitsUntil) known.state = "timed_out";
    if (known.grant !== undefined && now >= known.grant.until) known.grant.over = true;
  }
  for (const known of model.known) {
    const stored = await store.request(known.id);
    assert.equal(stored?.state, known.state);
    const subjects = stored?.approvals.map((one) => one.reviewer.subject) ?? [];
    assert.equal(new Set(subjects).size, subjects.length);
    assert.deepEqual(
      subjects.filter((subject) => !eligible.has(subject)),
      [],
    );
    const yes = stored?.approvals.filter((one) => one.decision === "approve").length ?? 0;
    assert.equal(known.state !== "approved" || stored?.approval === undefined || yes >= 2, true);
    if (known.state === "pending") assert.equal(stored?.escalatedAt !== undefined, known.escalated);
    const escalations = real.h.log.disk.filter(
      (one) => one.type === "request.escalated" && one.request === known.id,
    );
    assert.equal(escalations.length <= 1, true);
    if (known.grant === undefined) continue;
    const { id, over, part } = known.grant;
    const broken = real.h.log.disk.some((one) => one.type === "break_glass.activated" && one.grant === id);
    assert.equal(broken, known.breakGlass);
    const kept = await store.grant(id);
    assert.deepEqual(kept?.operations, part.operations);
    assert.equal((kept?.endsAt ?? 0) - (kept?.activatedAt ?? 0), part.ttl);
    const live = real.grants.live(id);
    assert.equal(live !== undefined, !over && !model.locked);
    assert.equal(live === undefined || live.deadline.monotonic <= known.grant.until, true);
    const state = kept?.state ?? "lost";
    assert.equal(state === "active", !over);
    for (const [name, seen] of [
      [known.id, known.state],
      [id, state],
    ] as const) {
      if (seen === "pending" || seen === "active") continue;
      assert.equal(real.final.get(name) ?? seen, seen);
      real.final.set(name, seen);
    }
  }
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, act: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    async run(model, real) {
      await act(model, real);
      await compare(model, real);
    },
    toString: () => name,
  };
}

function pick(model: Model, index: number): Known | undefined {
  return model.known.length === 0 ? undefined : model.known[index % model.known.length];
}

const index = fc.nat({ max: 50 });
const who = fc.nat({ max: people.length - 1 });

const asks = {
  read: ["read-orders"],
  refund: ["refund-order"],
  both: ["read-orders", "refund-order"],
  emergency: ["refund-order"],
} as const;

const ask = fc
  .tuple(fc.constantFrom(...(Object.keys(asks) as (keyof typeof asks)[])), fc.integer({ min: 1, max: 10 }))
  .map(([what, minutes]) =>
    command(`ask(${what}, ${minutes}m)`, async (model, real) => {
      const { clock } = real.h;
      const ttl = minutes * minute;
      const operations = asks[what];
      const breakGlass = what === "emergency";
      const asked = {
        connection: "orders-db",
        operations,
        reason: "a reason that says something",
        ttl,
        breakGlass,
        clientAddress: "",
      };
      const request = await answerOf(real.grants.request(agent, asked));
      assert.equal(request !== undefined, !model.locked);
      if (request === undefined) return;
      assert.equal(request.state, what === "refund" || what === "both" ? "pending" : "approved");
      const known: Known = {
        id: request.id,
        digest: request.digest,
        ttl,
        operations,
        breakGlass,
        state: request.state,
        yes: new Map(),
        no: new Set(),
        waitsUntil: clock.monotonic() + within,
        wallWait: clock.wall() + within,
        escalatesAt: clock.monotonic() + escalatesAfter,
        wallEscalates: clock.wall() + escalatesAfter,
        escalated: false,
      };
      if (request.grant !== undefined) begin(known, request.grant, { operations, ttl }, real);
      model.known.push(known);
    }),
  );

function begin(known: Known, id: string, part: Part, real: Real): void {
  const { clock } = real.h;
  known.grant = {
    id,
    part,
    wallEnd: clock.wall() + part.ttl,
    until: clock.monotonic() + part.ttl,
    over: false,
  };
}

/** What a reviewer may say; also what is no part of the request. */
const allows: readonly (Allow | undefined)[] = [
  undefined,
  {},
  { operations: ["orders-db/read-orders"] },
  { operations: ["orders-db/refund-order"], ttl: minute },
  { ttl: 3 * minute },
  { ttl: 11 * minute },
  { operations: ["orders-db/hidden"] },
];

/** The part that an allowance means, or undefined when it is no part. */
function partOf(known: Known, allow: Allow | undefined): Part | undefined {
  const ttl = allow?.ttl ?? known.ttl;
  const operations = allow?.operations?.map((name) => name.replace("orders-db/", "")) ?? known.operations;
  return ttl <= known.ttl && operations.every((name) => known.operations.includes(name))
    ? { operations, ttl }
    : undefined;
}

function common(known: Known, parts: readonly Part[]): Part {
  return {
    operations: known.operations.filter((name) => parts.every((part) => part.operations.includes(name))),
    ttl: Math.min(...parts.map(({ ttl }) => ttl)),
  };
}

const approve = fc.tuple(index, who, fc.nat({ max: allows.length - 1 })).map(([at, by, how]) =>
  command(`approve(${at}, ${by}, ${JSON.stringify(allows[how])})`, async (model, real) => {
    const known = pick(model, at);
    const reviewer = people[by];
    if (known === undefined || reviewer === undefined) return;
    const allow = allows[how];
    const part = partOf(known, allow);
    const all = part === undefined ? undefined : common(known, [...known.yes.values(), part]);
    const answer = await answerOf(real.grants.approve(reviewer, known.id, known.digest, "", allow));
    const may = mayDecide(model, known, reviewer) && all !== undefined && all.operations.length > 0;
    assert.equal(answer !== undefined, may);
    if (!may || part === undefined) return;
    known.yes.set(reviewer.subject, part);
    if (known.yes.size < 2) return;
    known.state = "approved";
    begin(known, answer?.grant ?? "none", all, real);
  }),
);

function mayDecide(model: Model, known: Known, reviewer: Actor): boolean {
  return (
    known.state === "pending" &&
    !model.locked &&
    isEligible(reviewer, known) &&
    !known.yes.has(reviewer.subject) &&
    !known.no.has(reviewer.subject)
  );
}

const refuse = fc.tuple(index, who).map(([at, by]) =>
  command(`refuse(${at}, ${by})`, async (model, real) => {
    const known = pick(model, at);
    const reviewer = people[by];
    if (known === undefined || reviewer === undefined) return;
    const done = (await answerOf(real.grants.refuse(reviewer, known.id, known.digest, ""))) !== undefined;
    assert.equal(done, mayDecide(model, known, reviewer));
    if (done) known.no.add(reviewer.subject);
    if (known.no.size >= 2) known.state = "refused";
  }),
);

const withdraw = index.map((at) =>
  command(`withdraw(${at})`, async (model, real) => {
    const known = pick(model, at);
    if (known === undefined) return;
    const done = (await answerOf(real.grants.withdraw(agent, known.id))) !== undefined;
    assert.equal(done, known.state === "pending" || known.state === "withdrawn");
    if (done) known.state = "withdrawn";
  }),
);

const endGrant = fc.tuple(index, fc.constantFrom("release", "revoke", "identity")).map(([at, how]) =>
  command(`${how}(${at})`, async (model, real) => {
    const grant = pick(model, at)?.grant;
    if (grant === undefined) return;
    if (how === "release") await real.grants.release(agent, grant.id);
    else if (how === "revoke") await real.grants.revoke(operator, grant.id, "why");
    else await real.grants.withdrawIdentity(grant.id, "gone");
    grant.over = true;
  }),
);

const advance = fc.integer({ min: 1, max: 12 * minute }).map((ms) =>
  command(`advance(${ms})`, async (_, real) => {
    real.h.clock.advance(ms);
  }),
);

const stepBack = fc.integer({ min: 1, max: 120 * minute }).map((ms) =>
  command(`stepWall(-${ms})`, async (_, real) => {
    real.h.clock.stepWall(-ms);
  }),
);

const lock = fc.boolean().map((on) =>
  command(on ? "lockdown" : "lift", async (model, real) => {
    if (!on) {
      await real.grants.lift(operator);
      model.locked = false;
      return;
    }
    await real.grants.lockdown(operator, "why");
    for (const known of model.known) {
      if (known.state === "pending") known.state = "refused";
      if (known.grant !== undefined) known.grant.over = true;
    }
    model.locked = true;
  }),
);

const restart = fc.constant(
  command("restart", async (model, real) => {
    await real.grants.stop();
    real.grants = await real.h.another();
    const { clock } = real.h;
    const left = (wall: number, longest: number): number =>
      clock.monotonic() + Math.min(wall - clock.wall(), longest);
    for (const known of model.known) {
      known.waitsUntil = left(known.wallWait, within);
      known.escalatesAt = left(known.wallEscalates, escalatesAfter);
      if (known.grant !== undefined) known.grant.until = left(known.grant.wallEnd, known.grant.part.ttl);
    }
    // Timers of what is over already run at once.
    clock.advance(0);
  }),
);

const commands: fc.Arbitrary<Command>[] = [
  ask,
  ask,
  approve,
  approve,
  refuse,
  withdraw,
  endGrant,
  advance,
  stepBack,
  lock,
  restart,
];

/** Runs random sequences against service and model. @throws what fast-check found, with the shortest sequence */
export async function runModel(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 25 }), async (sequence) => {
      const h = await harness({ poll: false, rules });
      try {
        const model: Model = { known: [], locked: false };
        const real: Real = { h, grants: h.grants, final: new Map() };
        await fc.asyncModelRun(() => ({ model, real }), sequence);
      } finally {
        await h.close();
      }
    }),
    { numRuns },
  );
}
