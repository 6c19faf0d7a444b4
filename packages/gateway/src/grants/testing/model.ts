import assert from "node:assert/strict";
import fc from "fast-check";
import { MayflyError } from "../../kernel/errors.ts";
import type { Actor, Grants } from "../grants.ts";
import { harness, minute, readRule, refundRule, rulesOf, settle, type Harness } from "./harness.ts";
import { agent, operator, person } from "./samples.ts";
import type { AccessRequest } from "../types.ts";

/** What a request and its grant should be, in the fewest words; deadlines on the monotonic clock. */
interface Known {
  readonly id: string;
  readonly digest: string;
  readonly ttl: number;
  state: AccessRequest["state"];
  readonly yes: Set<string>;
  waitsUntil: number;
  readonly wallWait: number;
  grant?: { readonly id: string; readonly wallEnd: number; until: number; over: boolean };
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
const people: readonly Actor[] = [
  person("a@example.com"),
  person("b@example.com"),
  person("c@example.com"),
  // None of these may ever decide.
  person("owner@example.com"),
  { ...person("0oa1agent"), subject: agent.subject },
  { ...person("a@example.com"), kind: "agent" },
  person("d@example.com", { groups: ["elsewhere"] }),
];
const eligible = new Set(["a@example.com", "b@example.com", "c@example.com"]);
const isEligible = (who: Actor): boolean =>
  who.kind === "person" && eligible.has(who.subject) && who.groups.includes("support-leads");

const rules = rulesOf(
  {
    "orders-db/read-orders": readRule,
    "orders-db/refund-order": {
      ...refundRule,
      terms: { ...refundRule.terms, approval: { by: ["support-leads"], count: 2, within, refusals: 1 } },
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
    if (known.grant === undefined) continue;
    const { id, over } = known.grant;
    const live = real.grants.live(id);
    assert.equal(live !== undefined, !over && !model.locked);
    assert.equal(live === undefined || live.deadline.monotonic <= known.grant.until, true);
    const state = (await store.grant(id))?.state ?? "lost";
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

const ask = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 10 })).map(([needs, minutes]) =>
  command(`ask(${needs ? "refund" : "read"}, ${minutes}m)`, async (model, real) => {
    const { clock } = real.h;
    const ttl = minutes * minute;
    const operations = [needs ? "refund-order" : "read-orders"];
    const asked = { connection: "orders-db", operations, reason: "r", ttl, clientAddress: "" };
    const request = await answerOf(real.grants.request(agent, asked));
    assert.equal(request !== undefined, !model.locked);
    if (request === undefined) return;
    assert.equal(request.state, needs ? "pending" : "approved");
    const known: Known = {
      id: request.id,
      digest: request.digest,
      ttl,
      state: request.state,
      yes: new Set(),
      waitsUntil: clock.monotonic() + within,
      wallWait: clock.wall() + within,
    };
    if (request.grant !== undefined) begin(known, request.grant, real);
    model.known.push(known);
  }),
);

function begin(known: Known, id: string, real: Real): void {
  const { clock } = real.h;
  known.grant = { id, wallEnd: clock.wall() + known.ttl, until: clock.monotonic() + known.ttl, over: false };
}

const approve = fc.tuple(index, who).map(([at, by]) =>
  command(`approve(${at}, ${by})`, async (model, real) => {
    const known = pick(model, at);
    const reviewer = people[by];
    if (known === undefined || reviewer === undefined) return;
    const answer = await answerOf(real.grants.approve(reviewer, known.id, known.digest, ""));
    const may =
      known.state === "pending" && !model.locked && isEligible(reviewer) && !known.yes.has(reviewer.subject);
    assert.equal(answer !== undefined, may);
    if (!may) return;
    known.yes.add(reviewer.subject);
    if (known.yes.size < 2) return;
    known.state = "approved";
    begin(known, answer?.grant ?? "none", real);
  }),
);

const refuse = fc.tuple(index, who).map(([at, by]) =>
  command(`refuse(${at}, ${by})`, async (model, real) => {
    const known = pick(model, at);
    const reviewer = people[by];
    if (known === undefined || reviewer === undefined) return;
    const done = (await answerOf(real.grants.refuse(reviewer, known.id, known.digest, ""))) !== undefined;
    assert.equal(done, known.state === "pending" && !model.locked && isEligible(reviewer));
    if (done) known.state = "refused";
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
      if (known.grant !== undefined) known.grant.until = left(known.grant.wallEnd, known.ttl);
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
