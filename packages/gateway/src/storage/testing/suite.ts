import { requesterKey } from "../../kernel/requester.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditRecord } from "../../audit/records.ts";
import { requestMachine } from "../../grants/states.ts";
import type { AccessRequest, Emergencies, Review } from "../../grants/types.ts";
import { agent, sampleApproval, sampleGrant, sampleRequest } from "../../grants/testing/samples.ts";
import { fromNoLog } from "./from-no-log.ts";
import type { Store } from "../store.ts";

const end = { state: "expired", endedAt: 1_700_000_060_000, endedBy: "deadline", endReason: "over" } as const;

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("nothing there");
  return value;
}

function record(seq: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    seq,
    time: new Date(1_700_000_000_000 + seq * 1000).toISOString(),
    type: "act.intent",
    principal: { kind: "agent", issuer: "https://i", subject: "0oa1", name: "support-bot" },
    connection: "orders-db",
    grant: "gr_1",
    session: "ses_1",
    detail: { act: { statement: "SELECT 1" } },
    ...more,
  };
}

/** What every store must do; run on each kind. `reopen` closes the store and opens it again. */
export function storeSuite(kind: string, open: () => Promise<Store>, closeAll: () => Promise<void>): void {
  describe(`the ${kind} store`, () => {
    let store: Store;
    let number = 0;
    const name = (what: string): string => `${what}_${++number}`;
    const pending = async (more: Parameters<typeof sampleRequest>[1] = {}): Promise<string> => {
      const id = name("req");
      await store.grants.createRequest(sampleRequest(id, more));
      return id;
    };
    const active = async (more: Partial<AccessRequest> = {}): Promise<{ request: string; grant: string }> => {
      const request = name("req");
      const grant = name("gr");
      await store.grants.createRequest(
        sampleRequest(request, { state: "approved", grant, decidedAt: 1, ...more }),
        undefined,
        sampleGrant(grant, request),
      );
      return { request, grant };
    };
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
      await closeAll();
    });

    it("answers a ping", async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it("gives back a request as it was stored, and its grant", async () => {
      const id = name("req");
      const request = sampleRequest(id);
      expect(await store.grants.createRequest(request)).toEqual({ created: true });
      expect(await store.grants.request(id)).toEqual(request);
      const { grant, request: of } = await active();
      expect(await store.grants.grant(grant)).toEqual(sampleGrant(grant, of));
      expect(await store.grants.request("req_unknown")).toBeUndefined();
      expect(await store.grants.grant("gr_unknown")).toBeUndefined();
    });

    it("lists newest first, by requester and state, within the limit", async () => {
      const other = { ...agent, subject: name("lister") };
      const ids = [
        await pending({ requester: other }),
        await pending({ requester: other }),
        await pending({ requester: other }),
      ];
      await store.grants.moveRequest(must(ids[1]), "pending", { state: "withdrawn", decidedAt: 5 });
      const requester = requesterKey(other);
      const list = async (filter: object): Promise<string[]> =>
        (await store.grants.requests({ requester, limit: 10, ...filter })).map((request) => request.id);
      expect(await list({})).toEqual(ids.toReversed());
      expect(await list({ state: "pending" })).toEqual([ids[2], ids[0]]);
      expect(await list({ limit: 1 })).toEqual([ids[2]]);
    });

    it("lists page by page, each once, also what came in the same millisecond", async () => {
      const other = { ...agent, subject: name("pager") };
      const requester = requesterKey(other);
      const requests: string[] = [];
      const grants: string[] = [];
      for (let at = 0; at < 7; at++) {
        const request = name("req");
        const grant = name("gr");
        await store.grants.createRequest(
          sampleRequest(request, { requester: other, state: "approved", grant, decidedAt: 1 }),
          undefined,
          sampleGrant(grant, request, { requester: other, activatedAt: 1_700_000_000_000 + (at >> 1) }),
        );
        requests.unshift(request);
        grants.push(grant);
      }
      const pagesOf = async (
        list: (filter: { before?: string }) => Promise<readonly { readonly id: string }[]>,
      ): Promise<string[]> => {
        const ids: string[] = [];
        for (;;) {
          const before = ids.at(-1);
          const page = await list(before === undefined ? {} : { before });
          if (page.length === 0) return ids;
          ids.push(...page.map(({ id }) => id));
        }
      };
      expect(await pagesOf((filter) => store.grants.requests({ requester, limit: 3, ...filter }))).toEqual(
        requests,
      );
      const held = await pagesOf((filter) => store.grants.grants({ requester, limit: 2, ...filter }));
      expect(held).toHaveLength(7);
      expect(new Set(held)).toEqual(new Set(grants));
      expect(await store.grants.requests({ requester, before: "req_unknown", limit: 3 })).toEqual([]);
      expect(await store.grants.grants({ requester, before: "gr_unknown", limit: 3 })).toEqual([]);
    });

    it("lists what waits by when it times out", async () => {
      const other = { ...agent, subject: name("waiter") };
      const ids = [];
      for (const waitsUntil of [3000, 1000, 2000, 1000])
        ids.push(await pending({ requester: other, waitsUntil }));
      const filter = { requester: requesterKey(other), state: "pending", soonest: true, limit: 3 } as const;
      const listed = await store.grants.requests(filter);
      expect(listed.map(({ id }) => id)).toEqual([ids[1], ids[3], ids[2]]);
      // A page may end between two of the same moment.
      const rest = await store.grants.requests({ ...filter, before: must(ids[1]) });
      expect(rest.map(({ id }) => id)).toEqual([ids[3], ids[2], ids[0]]);
    });

    it("marks a pending request as escalated once, however many try at once", async () => {
      const id = await pending();
      const marks = await Promise.all([1, 2, 3, 4].map((at) => store.grants.escalate(id, at)));
      expect(marks.filter(Boolean)).toHaveLength(1);
      expect((await store.grants.request(id))?.escalatedAt).toBe(marks.indexOf(true) + 1);
      const over = await pending();
      await store.grants.moveRequest(over, "pending", { state: "withdrawn", decidedAt: 5 });
      expect(await store.grants.escalate(over, 6)).toBe(false);
      expect(await store.grants.escalate("req_unknown", 6)).toBe(false);
    });

    it("keeps what each reviewer allowed", async () => {
      const id = await pending();
      const allowed = { operations: ["read-orders"], ttl: 60_000 };
      const less = sampleApproval(name("apr"), "less@example.com", { allowed });
      const all = sampleApproval(name("apr"), "all@example.com");
      await store.grants.addApproval(id, less);
      await store.grants.addApproval(id, all);
      expect((await store.grants.request(id))?.approvals).toEqual(
        expect.arrayContaining([less, all]) as unknown,
      );
    });

    it("keeps what each log has yet to record until it has, and loses it with what did not happen", async () => {
      const [mine, other] = [name("log"), name("log")];
      const { grant } = await active();
      expect(await store.grants.endGrant(grant, end, mine)).toBe(true);
      // Ended already: the log of whoever came second owes nothing.
      expect(await store.grants.endGrant(grant, end, other)).toBe(false);
      const request = await pending();
      const change = { state: "withdrawn", decidedAt: 5 } as const;
      await store.grants.moveRequest(request, "pending", change, undefined, mine);
      expect(await store.grants.moveRequest(request, "pending", change, undefined, other)).toBe(false);
      const lockdown = { since: 1_700_000_000_000 + number, by: "ops@example.com", reason: "incident" };
      await store.grants.setLockdown(lockdown, mine);
      await store.grants.setLockdown(lockdown, other);
      await store.grants.setLockdown(undefined);
      const owed = await store.grants.owed(mine);
      expect(owed.grants.map(({ id, state }) => [id, state])).toEqual([[grant, "expired"]]);
      expect(owed.requests.map(({ id, state }) => [id, state])).toEqual([[request, "withdrawn"]]);
      expect(owed.lockdowns).toEqual([lockdown]);
      const nothing = { grants: [], requests: [], lockdowns: [] };
      expect(await store.grants.owed(other)).toEqual(nothing);
      expect(await store.grants.knowsLockdown(lockdown)).toBe(true);
      expect(await store.grants.knowsLockdown({ since: lockdown.since, by: "x" })).toBe(false);
      await store.grants.recorded(mine, { grant });
      await store.grants.recorded(mine, { request });
      await store.grants.recorded(mine, { lockdown });
      expect(await store.grants.owed(mine)).toEqual(nothing);
    });

    it("keeps how far each log and it agree", async () => {
      const log = name("log");
      expect(await store.grants.progress(log)).toBeUndefined();
      await store.grants.setProgress(log, { position: 5, seenAt: 7 });
      await store.grants.setProgress(log, { position: 9_000_000_000, seenAt: 1_700_000_000_000 });
      expect(await store.grants.progress(log)).toEqual({
        position: 9_000_000_000,
        seenAt: 1_700_000_000_000,
      });
      expect(await store.grants.progress(name("log"))).toBeUndefined();
    });

    it("counts the acts of grants over all logs", async () => {
      const one = store.index(name("log"));
      const two = store.index(name("log"));
      const [a, b, c] = [name("gr"), name("gr"), name("gr")];
      await one.insert([
        record(0, { grant: a }),
        record(1, { grant: a, type: "act.denied" }),
        record(2, { grant: a, type: "act.outcome" }),
        record(3, { grant: b, type: "session.opened" }),
      ]);
      await two.insert([record(0, { grant: a }), record(1, { grant: c })]);
      expect(await one.actsOf([a, b])).toEqual(
        new Map([
          [a, { acts: 2, denied: 1 }],
          [b, { acts: 0, denied: 0 }],
        ]),
      );
      expect(await two.actsOf([])).toEqual(new Map());
    });

    it("keeps acts by their session's opening record, finds them by what it says and gives them back in full", async () => {
      const index = store.index(name("log"));
      const grant = name("gr");
      const actOf = (seq: number, session: string, more: Partial<AuditRecord> = {}): AuditRecord =>
        record(seq, {
          session,
          grant,
          request: "req_a",
          operations: ["read-orders", "refund-order"],
          ...more,
        });
      const records = [
        actOf(0, "ses_a", { type: "session.opened", detail: { address: "10.9.9.9" } }),
        actOf(1, "ses_a", { detail: { act: { sql: "select 17" }, operation: "orders-db/read-orders" } }),
        actOf(2, "ses_a", { type: "act.outcome", detail: { intent: 1 } }),
        actOf(3, "ses_b", { type: "session.opened", detail: {}, policy: "seldom" }),
        actOf(4, "ses_b", { type: "act.denied", detail: { decision: "deny" }, policy: "seldom" }),
        // Of the older form: it says all of it itself.
        actOf(5, "ses_a", { detail: { operation: "orders-db/refund-order" } }),
        record(6, { type: "request.created", session: undefined, grant: undefined } as never),
      ];
      await index.insert(
        records,
        new Map([
          [1, 0],
          [2, 0],
          [4, 3],
        ]),
      );
      const read = async (seqs: readonly number[]): Promise<AuditRecord[]> =>
        records.filter(({ seq }) => seqs.includes(seq));
      const found = async (query: object): Promise<number[]> =>
        (await index.search({ limit: 100, ...query }, read)).map((one) => one.seq);
      expect((await index.search({ limit: 100 }, read)).toReversed()).toEqual(
        records.map((one) => JSON.parse(JSON.stringify(one)) as AuditRecord),
      );
      expect(await found({ session: "ses_a" })).toEqual([5, 2, 1, 0]);
      expect(await found({ session: "ses_b", types: ["act.denied"] })).toEqual([4]);
      expect(await found({ grant })).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await found({ principal: "0OA1", to: 0 })).toEqual([]);
      expect(await found({ principal: "0OA1", before: 3 })).toEqual([2, 1, 0]);
      expect(await found({ connection: "orders-db", request: "req_a", before: 2 })).toEqual([1, 0]);
      // An intent is about the operation that permitted it, all else about what its session may do.
      expect(await found({ operation: "refund-order" })).toEqual([5, 4, 3, 2, 0]);
      // Words of what the session's acts share find them; what its opening record says of itself does not.
      expect(await found({ text: "SELDOM" })).toEqual([4, 3]);
      expect(await found({ text: "seldom deny" })).toEqual([4]);
      expect(await found({ text: "10.9.9.9" })).toEqual([0]);
      expect(await found({ text: "session.opened" })).toEqual([3, 0]);
      // Pages end where they end, whichever way the records are kept.
      const pages: number[] = [];
      for (let before = 7; before > 0; before = pages.at(-1) ?? 0)
        pages.push(...(await found({ before, limit: 2 })));
      expect(pages).toEqual([6, 5, 4, 3, 2, 1, 0]);
      expect(await index.actsOf([grant])).toEqual(new Map([[grant, { acts: 2, denied: 1 }]]));
    });

    it("forgets records that were dropped, but for those that others refer to", async () => {
      const index = store.index(name("log"));
      const records = [
        record(0, { type: "session.opened", session: "ses_x" }),
        record(1, { type: "request.created" }),
        ...[2, 3, 4, 5].map((seq) => record(seq, { session: "ses_x" })),
      ];
      await index.insert(records, new Map([2, 3, 4, 5].map((seq) => [seq, 0])));
      await index.forget(0, 4, [0]);
      const read = async (seqs: readonly number[]): Promise<AuditRecord[]> =>
        records.filter(({ seq }) => seqs.includes(seq));
      expect((await index.search({ limit: 10 }, read)).map(({ seq }) => seq)).toEqual([5, 4, 0]);
      expect(await index.last()).toBe(5);
    });

    it("forgets what ended before a time: nothing live, pending, owed, held or later", async () => {
      const ended = await active();
      const [later, owed, held, live] = [await active(), await active(), await active(), await active()];
      await store.grants.endGrant(ended.grant, end);
      await store.grants.endGrant(later.grant, { ...end, endedAt: end.endedAt + 1000 });
      await store.grants.endGrant(owed.grant, end, "a log");
      await store.grants.endGrant(held.grant, end);
      const waiting = await pending();
      const refused = await pending();
      await store.grants.addApproval(refused, sampleApproval(name("apr"), "lead", { decision: "refuse" }));
      await store.grants.moveRequest(refused, "pending", { state: "refused", decidedAt: 5 });
      await store.forgetEnded(
        end.endedAt + 1,
        async () =>
          ({ request }) =>
            request === held.request,
      );
      const there = async (of: { grant: string; request: string }): Promise<boolean[]> => [
        (await store.grants.grant(of.grant)) !== undefined,
        (await store.grants.request(of.request)) !== undefined,
      ];
      expect(await there(ended)).toEqual([false, false]);
      for (const kept of [later, owed, held, live]) expect(await there(kept)).toEqual([true, true]);
      expect(await store.grants.request(waiting)).toBeDefined();
      expect(await store.grants.request(refused)).toBeUndefined();
      await store.grants.recorded("a log", { grant: owed.grant });
    });

    it("asks for holds anew in every step of forgetting", async () => {
      const ended = await active();
      await store.grants.endGrant(ended.grant, end);
      let asked = 0;
      await store.forgetEnded(end.endedAt + 1, async () => {
        asked += 1;
        const isHeld = asked > 1;
        return ({ request }) => request !== ended.request || isHeld;
      });
      expect(await store.grants.grant(ended.grant)).toBeUndefined();
      expect(await store.grants.request(ended.request)).toBeDefined();
      const away = (): Promise<never> => Promise.reject(new Error("the store is away"));
      await expect(store.forgetEnded(end.endedAt + 1, away)).rejects.toThrow("the store is away");
      expect(await store.grants.request(ended.request)).toBeDefined();
    });

    it("keeps requesters apart whose names are alike", async () => {
      const subject = name("same");
      await pending({ requester: { ...agent, subject, client: "a" } });
      const found = await store.grants.requests({
        requester: requesterKey({ ...agent, subject, client: "b" }),
        limit: 9,
      });
      expect(found).toEqual([]);
    });

    it("makes one request of one idempotency key, however many try at once", async () => {
      const requester = name("key");
      const tries = Array.from({ length: 8 }, () =>
        sampleRequest(name("req"), { requester: { ...agent, subject: requester } }),
      );
      const key = { requester: requesterKey({ ...agent, subject: requester }), key: "k", fingerprint: "f" };
      const answers = await Promise.all(tries.map((request) => store.grants.createRequest(request, key)));
      expect(answers.filter((answer) => answer.created)).toHaveLength(1);
      const first = must(tries[answers.findIndex((answer) => answer.created)]);
      const earlier = answers.flatMap((answer) =>
        answer.created ? [] : [[answer.earlier.id, answer.fingerprint]],
      );
      expect(earlier).toEqual(Array.from({ length: 7 }, () => [first.id, "f"]));
      expect((await store.grants.requestByKey(key.requester, "k"))?.earlier.id).toBe(first.id);
      expect(await store.grants.requestByKey(key.requester, "other")).toBeUndefined();
      expect(await store.grants.requestByKey("someone else", "k")).toBeUndefined();
    });

    it("moves a request exactly as the table says", async () => {
      const outcomes: string[] = [];
      const expected: string[] = [];
      for (const from of requestMachine.states) {
        for (const to of requestMachine.states) {
          const change = { state: to, decidedAt: 9, ...(to === "approved" ? { grant: name("gr") } : {}) };
          const moved = store.grants.moveRequest(await pending(), from, change);
          outcomes.push(`${from} ${to} ${await moved.catch((error: Error) => error.name)}`);
          expected.push(`${from} ${to} ${requestMachine.leads(from, to) ? "true" : "TypeError"}`);
        }
      }
      expect(outcomes).toEqual(expected);
    });

    it("ends a grant exactly as the table says, and once", async () => {
      for (const state of ["expired", "released", "revoked"] as const) {
        const { grant } = await active();
        expect(await store.grants.endGrant(grant, { ...end, state })).toBe(true);
        expect(await store.grants.endGrant(grant, { ...end, endReason: "again" })).toBe(false);
        expect(await store.grants.grant(grant)).toMatchObject({ ...end, state });
      }
      const { grant } = await active();
      await expect(store.grants.endGrant(grant, { ...end, state: "active" })).rejects.toThrow(TypeError);
      expect(await store.grants.endGrant("gr_unknown", end)).toBe(false);
    });

    it("refuses what would begin in the middle", async () => {
      await expect(
        store.grants.createRequest(sampleRequest(name("req"), { state: "withdrawn" })),
      ).rejects.toThrow(TypeError);
      const id = await pending();
      await expect(
        store.grants.moveRequest(
          id,
          "pending",
          { state: "approved", grant: "g" },
          sampleGrant("g", id, { state: "expired" }),
        ),
      ).rejects.toThrow(TypeError);
      expect((await store.grants.request(id))?.state).toBe("pending");
    });

    it("lets exactly one of racing decisions win, with one grant", async () => {
      for (let round = 0; round < 5; round++) {
        const id = await pending();
        const yes = Array.from({ length: 4 }, () => name("gr"));
        const won = await Promise.all([
          ...yes.map((grant) =>
            store.grants.moveRequest(
              id,
              "pending",
              { state: "approved", grant, decidedAt: 2 },
              sampleGrant(grant, id),
            ),
          ),
          store.grants.moveRequest(id, "pending", { state: "refused", decidedAt: 2 }),
          store.grants.moveRequest(id, "pending", { state: "withdrawn", decidedAt: 2 }),
          store.grants.moveRequest(id, "pending", { state: "timed_out", decidedAt: 2 }),
        ]);
        expect(won.filter(Boolean)).toHaveLength(1);
        const after = await store.grants.request(id);
        const made = (await Promise.all(yes.map((grant) => store.grants.grant(grant)))).filter(
          (grant) => grant !== undefined,
        );
        expect(made.map((grant) => grant.id)).toEqual(after?.state === "approved" ? [after.grant] : []);
      }
    });

    it("lets exactly one of racing ends win", async () => {
      const { grant } = await active();
      const won = await Promise.all(
        (["expired", "released", "revoked"] as const).map((state) =>
          store.grants.endGrant(grant, { ...end, state }),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      const kept = await store.grants.grant(grant);
      expect(kept?.state).toBe((["expired", "released", "revoked"] as const)[won.indexOf(true)]);
    });

    it("counts one reviewer once, and none after the decision", async () => {
      const id = await pending();
      const twice = await Promise.all([
        store.grants.addApproval(id, sampleApproval("apr_1", "a@example.com")),
        store.grants.addApproval(id, sampleApproval("apr_2", "a@example.com", { decision: "refuse" })),
        store.grants.addApproval(id, sampleApproval("apr_3", "b@example.com", { at: 1_700_000_002_000 })),
      ]);
      expect(twice.filter(Boolean)).toHaveLength(2);
      expect(
        (await store.grants.request(id))?.approvals.map((approval) => approval.reviewer.subject),
      ).toEqual(["a@example.com", "b@example.com"]);
      await store.grants.moveRequest(id, "pending", { state: "refused", reasons: ["no"], decidedAt: 3 });
      expect(await store.grants.addApproval(id, sampleApproval("apr_4", "c@example.com"))).toBe(false);
      expect(await store.grants.addApproval("req_unknown", sampleApproval("apr_5", "c@example.com"))).toBe(
        false,
      );
      expect(await store.grants.request(id)).toMatchObject({
        state: "refused",
        reasons: ["no"],
        decidedAt: 3,
      });
    });

    it("keeps the reviews of an emergency in their order, each person's once, until it is forgotten", async () => {
      const sampleReview = (id: string, subject: string, at: number): Review => ({
        id,
        reviewer: { issuer: "https://example.okta.com", subject, name: subject },
        note: `seen by\n${subject}`,
        at,
      });
      const emergency = await active({ breakGlass: true });
      const [late, early] = [
        sampleReview("rev_1", "b@example.com", 3),
        sampleReview("rev_2", "a@example.com", 2),
      ];
      expect((await store.grants.request(emergency.request))?.reviews).toBeUndefined();
      expect(await store.grants.addReview(emergency.request, late)).toBe(true);
      const twice = [early, { ...early, id: "rev_3" }].map((one) =>
        store.grants.addReview(emergency.request, one),
      );
      expect((await Promise.all(twice)).filter(Boolean)).toHaveLength(1);
      const kept = await store.grants.request(emergency.request);
      expect(kept?.reviews?.map(({ reviewer }) => reviewer.subject)).toEqual([
        "a@example.com",
        "b@example.com",
      ]);
      expect(kept?.reviews?.[1]).toEqual(late);
      expect(kept?.approvals).toEqual([]);
      expect(await store.grants.addReview("req_unknown", early)).toBe(false);
      await store.grants.endGrant(emergency.grant, end);
      await store.forgetEnded(end.endedAt + 1, async () => () => false);
      expect(await store.grants.request(emergency.request)).toBeUndefined();
      expect(await store.grants.addReview(emergency.request, early)).toBe(false);
    });

    it("lists the emergencies that took access, by whether somebody has reviewed them", async () => {
      const requester = "emergencies@example.com";
      const of: Partial<AccessRequest> = { requester: { ...agent, subject: requester }, breakGlass: true };
      const first = await active(of);
      const second = await active(of);
      // What reads like one, one that was denied, and one that was none.
      await active({ ...of, breakGlass: undefined as never, reason: '"breakGlass":true' });
      await store.grants.createRequest(sampleRequest(name("req"), { ...of, state: "denied" }), undefined);
      const review = { issuer: "https://example.okta.com", subject: "a@example.com", name: "a" };
      await store.grants.addReview(first.request, { id: "rev_9", reviewer: review, note: "seen", at: 1 });
      const listed = async (emergencies: Emergencies, limit = 100): Promise<readonly string[]> =>
        (await store.grants.requests({ emergencies, limit }))
          .filter((request) => request.requester.subject === requester)
          .map(({ id }) => id);
      expect(await listed("any")).toEqual([second.request, first.request]);
      expect(await listed("any", 1)).toEqual([second.request]);
      expect(await listed("unreviewed")).toEqual([second.request]);
      expect(await listed("reviewed")).toEqual([first.request]);
    });

    it("sets a verifier once, and never on an ended grant", async () => {
      const { grant } = await active();
      const set = await Promise.all([
        store.grants.setVerifier(grant, "v1"),
        store.grants.setVerifier(grant, "v2"),
      ]);
      expect(set.filter(Boolean)).toHaveLength(1);
      expect((await store.grants.grant(grant))?.verifier).toBe(set[0] ? "v1" : "v2");
      const over = await active();
      await store.grants.endGrant(over.grant, end);
      expect(await store.grants.setVerifier(over.grant, "v")).toBe(false);
      expect(await store.grants.setVerifier("gr_unknown", "v")).toBe(false);
    });

    it("activates nothing while locked down, and keeps nothing of the try", async () => {
      const id = await pending();
      const lockdown = { since: 5, by: "ops@example.com", reason: "incident" };
      expect(await store.grants.lockdown()).toBeUndefined();
      await store.grants.setLockdown(lockdown);
      expect(await store.grants.lockdown()).toEqual(lockdown);
      const at = name("req");
      await expect(
        store.grants.createRequest(
          sampleRequest(at, { state: "approved", grant: "gl1" }),
          undefined,
          sampleGrant("gl1", at),
        ),
      ).rejects.toMatchObject({ code: "locked_down" });
      await expect(
        store.grants.moveRequest(id, "pending", { state: "approved", grant: "gl2" }, sampleGrant("gl2", id)),
      ).rejects.toMatchObject({ code: "locked_down" });
      expect(await store.grants.request(at)).toBeUndefined();
      expect((await store.grants.request(id))?.state).toBe("pending");
      await store.grants.setLockdown(undefined);
      expect(await store.grants.lockdown()).toBeUndefined();
      expect(
        await store.grants.moveRequest(
          id,
          "pending",
          { state: "approved", grant: "gl2" },
          sampleGrant("gl2", id),
        ),
      ).toBe(true);
    });

    it("leaves no active grant when a lock-down races activations", async () => {
      const ids = await Promise.all(Array.from({ length: 6 }, () => pending()));
      const tries = ids.map((id) =>
        store.grants
          .moveRequest(
            id,
            "pending",
            { state: "approved", grant: `race_${id}`, decidedAt: 1 },
            sampleGrant(`race_${id}`, id),
          )
          .catch(() => false),
      );
      await store.grants.setLockdown({ since: 1, by: "o", reason: "r" });
      const seen = await store.grants.grants({ state: "active", limit: 1000 });
      await Promise.all(tries);
      // Whatever became active was visible to whoever read the active grants after the lock-down was set.
      const after = await store.grants.grants({ state: "active", limit: 1000 });
      expect(after.map((grant) => grant.id).toSorted()).toEqual(seen.map((grant) => grant.id).toSorted());
      await store.grants.setLockdown(undefined);
    });

    it("takes text that SQL would read otherwise", async () => {
      const nasty = `'; drop table mayfly_requests; -- \0 \u{1f41d}`;
      const requester = { ...agent, subject: nasty, name: nasty };
      const id = await pending({ requester, reason: nasty, connection: nasty });
      expect(await store.grants.request(id)).toMatchObject({ reason: nasty, requester });
    });

    it("keeps the index: idempotent by number, in order, searchable by everything", async () => {
      const index = store.index("gateway.test+1");
      await index.clear();
      expect(await index.last()).toBe(-1);
      const records = [
        record(0, { type: "request.created", request: "req_1", detail: { reason: "TICKET-100% \\ _x" } }),
        record(1, { type: "request.denied", request: "req_2", detail: { reason: "TICKET-1000" } }),
        record(2),
        record(3, { type: "act.denied", session: "ses_2" }),
        record(4, {
          principal: { kind: "person", issuer: "https://i", subject: "lead@example.com", name: "Lea D" },
          type: "request.refused",
          detail: { decision: "refuse" },
        }),
      ];
      await index.insert(records.slice(0, 3));
      await index.insert(records);
      await index.insert([]);
      expect(await index.last()).toBe(4);
      const found = async (query: object): Promise<number[]> =>
        (await index.search({ limit: 100, ...query }, fromNoLog)).map((one) => one.seq);
      expect(await found({})).toEqual([4, 3, 2, 1, 0]);
      expect(await index.search({ limit: 1 }, fromNoLog)).toEqual([records[4]]);
      expect(await found({ before: 2 })).toEqual([1, 0]);
      expect(await found({ types: ["act.intent", "act.denied"] })).toEqual([3, 2]);
      expect(await found({ types: [] })).toEqual([]);
      expect(await found({ principal: "LEA" })).toEqual([4]);
      expect(await found({ principal: "%" })).toEqual([]);
      expect(await found({ request: "req_2" })).toEqual([1]);
      expect(await found({ session: "ses_2", grant: "gr_1", connection: "orders-db" })).toEqual([3]);
      expect(await found({ decision: "deny" })).toEqual([4, 3, 1]);
      expect(await found({ text: "ticket-100%" })).toEqual([0]);
      expect(await found({ text: String.raw`\ _x` })).toEqual([0]);
      expect(await found({ text: "reason 1000" })).toEqual([1]);
      expect(await found({ text: "no such words" })).toEqual([]);
      expect(await found({ from: Date.parse(must(records[3]).time) })).toEqual([4, 3]);
      expect(await found({ to: Date.parse(must(records[1]).time) })).toEqual([1, 0]);
      await index.insert(Array.from({ length: 1200 }, (_, at) => record(at)));
      expect(await index.last()).toBe(1199);
      expect(
        (await index.search({ limit: 5, text: "TICKET-1000" }, fromNoLog)).map((one) => one.seq),
      ).toEqual([1]);
      await index.clear();
      expect(await index.last()).toBe(-1);
    });

    it("keeps the indexes of logs that share it apart, which number their records alike", async () => {
      const [mine, theirs] = [store.index("gateway.test+1"), store.index("gateway.test+2")];
      await mine.insert([record(0), record(1, { request: "req_mine" })]);
      await theirs.insert([record(0, { request: "req_theirs" })]);
      expect(await mine.last()).toBe(1);
      expect(await theirs.last()).toBe(0);
      expect(await mine.search({ request: "req_theirs", limit: 10 }, fromNoLog)).toEqual([]);
      expect(await theirs.search({ limit: 10 }, fromNoLog)).toHaveLength(1);
      await theirs.clear();
      expect(await mine.search({ limit: 10 }, fromNoLog)).toHaveLength(2);
      await mine.clear();
    });
  });
}
