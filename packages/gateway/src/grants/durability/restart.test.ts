import { describe, expect, it } from "vitest";
import type { Ask, GrantRules, Grants } from "../grants.ts";
import * as asks from "../testing/asks.ts";
import {
  usual,
  readRule,
  approvedBy,
  harness,
  minute,
  rulesOf,
  settle,
  type Fault,
  type Harness,
} from "../testing/harness.ts";
import { agent, operator, reviewer } from "../testing/samples.ts";

const read: Ask = { ...asks.read, ttl: 5 * minute };
const refund: Ask = { ...read, operations: asks.refund.operations };

/** What is there before something ends, and must be there after it. */
interface Scene {
  readonly h: Harness;
  readonly grant: string;
  readonly bystander: string;
  readonly pending: { readonly id: string; readonly digest: string };
  readonly waiting: string;
}

/** One way to an end. */
interface Kind {
  readonly name: string;
  readonly act: (scene: Scene) => Promise<unknown>;
  /** What has ended once it was answered, in whatever words. */
  readonly ends: "grant" | "request" | "everything";
  readonly rules?: GrantRules;
  /** Nobody asks for it, so nobody is told that it is recorded. */
  readonly isTimed?: true;
  /** Which answers, by code, say that it has not ended. */
  readonly notEnded?: readonly string[];
  readonly records: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    name: "a release",
    act: ({ h, grant }) => h.grants.release(agent, grant),
    ends: "grant",
    records: ["grant.released"],
  },
  {
    name: "a revocation",
    act: ({ h, grant }) => h.grants.revoke(operator, grant, "suspicious"),
    ends: "grant",
    records: ["grant.revoked"],
  },
  {
    name: "a withdrawn identity",
    act: ({ h, grant }) => h.grants.withdrawIdentity(grant, "deactivated"),
    ends: "grant",
    records: ["grant.revoked"],
  },
  {
    name: "new rules",
    act: ({ h }) =>
      h.grants.adopt(
        rulesOf({
          ...usual,
          "orders-db/read-orders": { ...readRule, terms: { ...readRule.terms, maxTtl: 4 * minute } },
        }),
      ),
    ends: "grant",
    records: ["grant.revoked"],
  },
  {
    name: "the deadline",
    async act({ h }) {
      h.clock.advance(5 * minute);
      await settle();
    },
    isTimed: true,
    ends: "grant",
    records: ["grant.expired"],
  },
  {
    name: "a withdrawal",
    act: ({ h, pending }) => h.grants.withdraw(agent, pending.id),
    ends: "request",
    notEnded: ["store_unavailable"],
    records: ["request.withdrawn"],
  },
  {
    name: "a refusal",
    act: ({ h, pending }) => h.grants.refuse(reviewer, pending.id, pending.digest, "no"),
    ends: "request",
    // The record of the no comes before anything, and "nothing has changed" is what is said without it.
    notEnded: ["store_unavailable", "log_unavailable"],
    records: ["request.refused"],
  },
  {
    name: "a request that nobody answered",
    async act({ h }) {
      for (let seconds = 0; seconds < 20; seconds += 5) {
        h.clock.advance(5000);
        await settle();
      }
    },
    isTimed: true,
    rules: rulesOf({ ...usual, "orders-db/refund-order": approvedBy({ within: 20_000 }) }),
    ends: "request",
    records: ["request.timed_out"],
  },
  {
    name: "a lock-down",
    act: ({ h }) => h.grants.lockdown(operator, "incident"),
    ends: "everything",
    records: ["lockdown.started", "grant.revoked", "request.refused"],
  },
];

type LogFault = "append" | "lost" | "kept" | undefined;

const logFaults: readonly LogFault[] = [undefined, "append", "lost", "kept"];
const others: readonly Fault[] = [undefined, "lost", "kept"];

async function sceneOf(rules: GrantRules | undefined): Promise<Scene> {
  const h = await harness({ poll: false, ...(rules === undefined ? {} : { rules }) });
  const grant = (await h.grants.request(agent, read)).grant ?? "";
  const bystander =
    (
      await h.grants.request(
        { ...agent, subject: "0oaother", client: "0oaother" },
        { ...read, ttl: 4 * minute },
      )
    ).grant ?? "";
  const pending = await h.grants.request(agent, refund);
  const waiting = (await h.grants.request({ ...agent, subject: "0oathird", client: "0oathird" }, refund)).id;
  return { h, grant, bystander, pending, waiting };
}

/** What is wrong after a restart. */
async function wrongAfter(scene: Scene, next: Grants, kind: Kind, ended: boolean): Promise<string[]> {
  const { h, grant, bystander, pending, waiting } = scene;
  const wrong: string[] = [];
  // What was over already when it started ends in its first moment.
  h.clock.advance(0);
  await settle();
  const of = (type: string, id: string): number =>
    h.log.disk.filter((record) => record.type === type && (record.grant === id || record.request === id))
      .length;
  const isAll = kind.ends === "everything";
  if (ended && kind.ends !== "request" && next.live(grant) !== undefined) wrong.push("revived");
  if (ended && kind.ends === "request" && (await h.store.request(pending.id))?.state === "pending")
    wrong.push("pending again");
  if (ended && isAll && next.locked === undefined) wrong.push("the lock-down is gone");
  // What nobody ended goes on.
  const goesOn = !isAll && h.clock.monotonic() < 4 * minute;
  if (goesOn && next.live(bystander) === undefined) wrong.push("the bystander ended");
  if (
    !isAll &&
    kind.name !== "a request that nobody answered" &&
    (await h.store.request(waiting))?.state !== "pending"
  )
    wrong.push("a request was closed that nobody closed");
  if (kind.ends === "request" && goesOn && next.live(grant) === undefined)
    wrong.push("a grant ended with a request");
  // Log and store agree, and the log holds every end once.
  for (const stored of await h.store.grants({ limit: 99 })) {
    const ends = ["grant.expired", "grant.released", "grant.revoked"].reduce(
      (sum, type) => sum + of(type, stored.id),
      0,
    );
    if (stored.state === "active" && ends > 0) wrong.push("ended in the log, active in the store");
    if (stored.state !== "active" && ends === 0) wrong.push(`${stored.state} without a record`);
    if (stored.state === "active" && next.live(stored.id) === undefined)
      wrong.push("active in the store alone");
  }
  for (const stored of await h.store.requests({ limit: 99 })) {
    const closings = ["request.refused", "request.withdrawn", "request.timed_out"].reduce(
      (sum, type) => sum + of(type, stored.id),
      0,
    );
    const isOpen = stored.state === "pending" || stored.state === "approved";
    if (isOpen && closings > 0) wrong.push(`closed in the log, ${stored.state} in the store`);
    if (!isOpen && closings === 0) wrong.push(`${stored.state} without a record`);
  }
  const owed = await h.store.owed("the log");
  if (owed.grants.length + owed.requests.length + owed.lockdowns.length > 0) wrong.push("still owed");
  if (h.journal.entries.size > 0) wrong.push("still in the journal");
  if (((await h.store.lockdown()) !== undefined) !== (next.locked !== undefined))
    wrong.push("store and gateway differ about the lock-down");
  return wrong;
}

/** Ends something under faults, kills the gateway with its answer, and looks at what the next one makes of it. */
async function run(kind: Kind, log: LogFault, store: Fault, journal: Fault): Promise<string[]> {
  const scene = await sceneOf(kind.rules);
  const { h } = scene;
  try {
    h.log.failing = log;
    h.store.fault = () => store;
    h.journal.failing = () => journal;
    const answer = await kind.act(scene).then(
      () => "done",
      (error: { code?: string }) => error.code ?? "not ours",
    );
    await settle();
    const atRisk = h.grants.atRisk;
    h.crash();
    h.log.failing = undefined;
    h.store.fault = undefined;
    h.journal.failing = undefined;
    const nothingTakesIt = log !== undefined && log !== "kept" && store === "lost" && journal === "lost";
    // Nothing holds it but the silence that follows.
    if (nothingTakesIt) h.clock.advance(61_000);
    const next = await h.another(kind.rules === undefined ? {} : { rules: kind.rules });
    const ended = kind.notEnded?.includes(answer) !== true;
    const wrong = nothingTakesIt
      ? next.live(scene.grant) !== undefined && kind.ends !== "request"
        ? ["revived after a silence"]
        : []
      : await wrongAfter(scene, next, kind, ended);
    if (nothingTakesIt && kind.ends !== "request" && atRisk === undefined) wrong.push("nobody was told");
    if (
      answer === "done" &&
      kind.isTimed !== true &&
      kind.records.some((type) => !h.log.types().includes(type))
    )
      wrong.push("acknowledged and not recorded");
    return wrong.map((one) => `log ${log}, store ${store}, journal ${journal}: ${answer}: ${one}`);
  } finally {
    await h.close();
  }
}

describe("what was answered as ended is ended after a restart, and nothing else is", () => {
  for (const kind of kinds) {
    it(`${kind.name}: log, store and journal away or full, each in every way`, async () => {
      const found: string[] = [];
      for (const log of logFaults)
        for (const store of others)
          for (const journal of others) found.push(...(await run(kind, log, store, journal)));
      expect(found).toEqual([]);
    });

    it(`${kind.name}: in the last of the log's disk, where the next gateway starts too`, async () => {
      const scene = await sceneOf(kind.rules);
      const { h } = scene;
      h.log.failing = "reserve";
      await kind.act(scene);
      await settle();
      expect(h.log.types()).toEqual(expect.arrayContaining([...kind.records]));
      h.crash();
      const next = await h.another(kind.rules === undefined ? {} : { rules: kind.rules });
      expect(await wrongAfter(scene, next, kind, true)).toEqual([]);
      await h.close();
    });

    it(`${kind.name}: each call fails once, or from there on, and the gateway dies with its answer`, async () => {
      const found: string[] = [];
      for (const how of ["lost", "kept"] as const) {
        for (const lasting of [false, true]) {
          for (let nth = 0; nth < 40; nth++) {
            const scene = await sceneOf(kind.rules);
            const { h } = scene;
            let calls = 0;
            const fault = (): Fault => {
              const now = calls++;
              return now === nth || (lasting && now > nth) ? how : undefined;
            };
            h.log.before = fault;
            h.store.fault = fault;
            const answer = await kind.act(scene).then(
              () => "done",
              (error: { code?: string }) => error.code ?? "not ours",
            );
            await settle();
            h.crash();
            h.log.before = undefined;
            h.store.fault = undefined;
            const next = await h.another(kind.rules === undefined ? {} : { rules: kind.rules });
            const ended = kind.notEnded?.includes(answer) !== true;
            const wrong = await wrongAfter(scene, next, kind, ended);
            found.push(
              ...wrong.map((one) => `${how} at call ${nth}${lasting ? " on" : ""}: ${answer}: ${one}`),
            );
            await h.close();
            if (calls <= nth) break;
          }
        }
      }
      expect(found).toEqual([]);
    });
  }
});
