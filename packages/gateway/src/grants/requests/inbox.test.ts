import { describe, expect, it } from "vitest";
import type { Grants } from "../grants.ts";
import { refund } from "../testing/asks.ts";
import { usual, approvedBy, minute, rulesOf, settle, type Harness } from "../testing/harness.ts";
import { agent, auditor, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

const requester = (name: string): typeof agent => ({ ...agent, subject: name, client: name, name });

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

describe("the inbox", () => {
  it("shows what times out first before, and whether one may decide it", async () => {
    const first = await grants.request(agent, refund);
    h.clock.advance(minute);
    await grants.adopt(
      rulesOf({ ...usual, "orders-db/refund-order": approvedBy({ by: ["sre"], within: 5 * minute }) }),
    );
    // The reload voided the first one.
    expect((await grants.find(agent, first.id)).state).toBe("refused");
    const sooner = await grants.request(agent, refund);
    await grants.adopt(
      rulesOf({
        ...usual,
        "orders-db/refund-order": approvedBy({ by: ["sre"], within: 5 * minute }),
        "orders-db/read-orders": approvedBy({ count: 2 }),
      }),
    );
    const later = await grants.request(agent, { ...refund, operations: ["read-orders"] });
    const { waiting, more } = await grants.inbox(reviewer);
    expect(waiting.map(({ request }) => request.id)).toEqual([sooner.id, later.id]);
    expect(waiting.map(({ whyNot }) => whyNot)).toEqual(["the policy asks for one of sre", undefined]);
    expect(more).toBe(false);
    await grants.approve(reviewer, later.id, later.digest, "");
    expect((await grants.inbox(reviewer)).waiting[1]?.whyNot).toContain("you have decided it");
    expect((await grants.inbox(person("owner@example.com"))).waiting[1]?.whyNot).toBe("the agent is yours");
  });

  it("lets who approved try again when the grant failed for want of the log", async () => {
    const request = await grants.request(agent, refund);
    h.log.before = () => (h.log.types().includes("approval.given") ? "lost" : undefined);
    await expect(grants.approve(reviewer, request.id, request.digest, "")).rejects.toMatchObject({
      code: "log_unavailable",
    });
    h.log.before = undefined;
    expect((await grants.inbox(reviewer)).waiting[0]).not.toHaveProperty("whyNot");
    expect((await grants.approve(reviewer, request.id, request.digest, "")).state).toBe("approved");
  });

  it("is empty when nothing waits, and leaves out what has just run out", async () => {
    expect(await grants.inbox(reviewer)).toEqual({ waiting: [], more: false });
    await grants.request(agent, refund);
    h.store.fault = (method) => (method === "moveRequest" ? "lost" : undefined);
    h.clock.advance(30 * minute);
    await settle();
    expect(await grants.inbox(reviewer)).toEqual({ waiting: [], more: false });
  });

  it.each([
    ["an agent", agent],
    ["an operator", operator],
    ["an auditor", auditor],
    ["a person without a role", person("nobody@example.com", { roles: [] })],
    ["whom an agent acts for", { ...reviewer, actors: ["0oa1"] }],
  ])("is not for %s", async (_who, who) => {
    await expect(grants.inbox(who)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("keeps what one may decide when others' would crowd it out", async () => {
    const { sampleRequest } = await import("../testing/samples.ts");
    for (let at = 0; at < 2100; at++) {
      const waitsUntil = h.clock.wall() + minute + at;
      const approval = { by: ["sre"], count: 1, within: 30 * minute, refusals: 1 };
      await h.store.createRequest(sampleRequest(`req_${at}`, { waitsUntil, approval }));
    }
    const mine = await grants.request(requester("last"), refund);
    const { waiting, more } = await grants.inbox(reviewer);
    expect(waiting).toHaveLength(2000);
    expect(more).toBe(true);
    expect(waiting.at(-1)?.request.id).toBe(mine.id);
  });
});

describe("lists, page by page", () => {
  it("give every request and grant once, newest first", async () => {
    const asked: string[] = [];
    const granted: string[] = [];
    for (let at = 0; at < 7; at++) {
      // Some of the same millisecond.
      if (at % 3 === 0) h.clock.advance(1);
      const { id, grant = "" } = await grants.request(agent, { ...refund, operations: ["read-orders"] });
      asked.unshift(id);
      granted.push(grant);
    }
    const requests: string[] = [];
    const held: string[] = [];
    for (;;) {
      const last = requests.at(-1);
      const page = await grants.requests(agent, {
        limit: 3,
        ...(last === undefined ? {} : { before: last }),
      });
      if (page.length === 0) break;
      requests.push(...page.map(({ id }) => id));
    }
    for (;;) {
      const last = held.at(-1);
      const page = await grants.grants(operator, {
        all: true,
        limit: 3,
        ...(last === undefined ? {} : { before: last }),
      });
      if (page.length === 0) break;
      held.push(...page.map(({ id }) => id));
    }
    expect(requests).toEqual(asked);
    expect(new Set(held)).toEqual(new Set(granted));
    expect(held).toHaveLength(7);
    expect(await grants.requests(agent, { before: "req_unknown" })).toEqual([]);
  });

  it("are full although much between may not be seen", async () => {
    const sre = approvedBy({ by: ["sre"] });
    await grants.adopt(rulesOf({ ...usual, "orders-db/read-orders": sre }, { pendingPerPrincipal: 100 }));
    const visible = [];
    for (let at = 0; at < 12; at++) {
      const operations = [at % 4 === 0 ? "refund-order" : "read-orders"];
      const request = await grants.request(agent, { ...refund, operations });
      await grants.withdraw(agent, request.id);
      if (at % 4 === 0) visible.unshift(request.id);
    }
    const page = await grants.requests(reviewer, { all: true, limit: 3 });
    expect(page.map(({ id }) => id)).toEqual(visible);
  });
});
