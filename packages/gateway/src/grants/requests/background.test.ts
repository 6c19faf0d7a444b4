import { describe, expect, it } from "vitest";
import type { Grants } from "../grants.ts";
import { grantOf, read, refund } from "../testing/asks.ts";
import { readRule, rulesOf, usual, type Harness } from "../testing/harness.ts";
import { agent, auditor, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

describe("what stands behind a request", () => {
  it("says what is asked for the first time, and what became of earlier requests for the same", async () => {
    await grants.request(agent, read);
    const first = await grants.request(agent, refund);
    expect(await grants.background(reviewer, first.id)).toMatchObject({
      firstTime: ["refund-order"],
      earlier: {},
      lookedAt: 1,
      more: false,
    });
    await grants.refuse(reviewer, first.id, first.digest, "");
    h.clock.advance(1000);
    const second = await grants.request(agent, refund);
    expect(await grants.background(reviewer, second.id)).toMatchObject({
      firstTime: [],
      earlier: { refused: 1 },
      lookedAt: 2,
    });
    // What came later is no background of the first.
    expect(await grants.background(reviewer, first.id)).toMatchObject({ firstTime: ["refund-order"] });
  });

  it("counts nobody else's requests", async () => {
    await grants.request({ ...agent, subject: "other", client: "other" }, refund);
    const request = await grants.request(agent, refund);
    expect(await grants.background(reviewer, request.id)).toMatchObject({
      firstTime: ["refund-order"],
      lookedAt: 0,
    });
  });

  it("lets whoever may decide now, operators and auditors read what was denied, and no other reviewer", async () => {
    const request = await grants.request(agent, refund);
    const reads = async (viewer: typeof reviewer): Promise<boolean> =>
      (await grants.background(viewer, request.id)).readableGrants !== undefined;
    expect(await Promise.all([reviewer, operator, auditor].map(reads))).toEqual([true, true, true]);
    // The agent's owner reviews other requests, and may not decide this one.
    expect(await reads({ ...person("owner@example.com"), roles: ["reviewer"] })).toBe(false);
    await grants.refuse(reviewer, request.id, request.digest, "");
    expect(await Promise.all([reviewer, auditor].map(reads))).toEqual([false, true]);
  });

  it("lets whoever may decide now read what was denied on the request's own connection alone", async () => {
    const other = "billing-db/read-bills";
    await grants.adopt(rulesOf({ ...usual, [other]: readRule }));
    const here = grantOf(await grants.request(agent, read));
    const there = grantOf(
      await grants.request(agent, { ...read, connection: "billing-db", operations: ["read-bills"] }),
    );
    const request = await grants.request(agent, refund);
    const readable = async (viewer: typeof reviewer): Promise<readonly string[] | undefined> =>
      (await grants.background(viewer, request.id)).readableGrants?.toSorted();
    expect(await readable(reviewer)).toEqual([here]);
    const all = [here, there].toSorted();
    expect(await Promise.all([operator, auditor].map(readable))).toEqual([all, all]);
  });

  it("is for nobody without a role", async () => {
    const request = await grants.request(agent, refund);
    await expect(grants.background({ ...agent, roles: [] }, request.id)).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});

describe("an agent's dossier", () => {
  it("has its requests, its grants, and what it could ask for with what it never used", async () => {
    await grants.request(agent, read);
    await grants.request(agent, refund);
    const found = await grants.dossier(operator, agent, "10.0.0.1");
    expect(found.states).toEqual({ approved: 1, pending: 1 });
    expect(found.grants.map(({ operations }) => operations)).toEqual([["read-orders"]]);
    const granted = new Map(found.offers.map(({ operation, granted: times }) => [operation, times]));
    expect(granted.get("read-orders")).toBe(1);
    expect(granted.get("refund-order")).toBe(0);
  });

  it("shows a reviewer no grants, and nobody an agent that never asked", async () => {
    await grants.request(agent, read);
    expect((await grants.dossier(reviewer, agent, "10.0.0.1")).grants).toEqual([]);
    await expect(grants.dossier(reviewer, { ...agent, subject: "nobody" }, "10.0.0.1")).rejects.toMatchObject(
      { code: "not_found" },
    );
    await expect(grants.dossier({ ...agent, roles: [] }, agent, "10.0.0.1")).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});

describe("the requests that one has decided", () => {
  it("are those of one's own yes or no, however many others decided", async () => {
    const mine = await grants.request(agent, refund);
    await grants.refuse(reviewer, mine.id, mine.digest, "no");
    h.clock.advance(1000);
    const others = await grants.request(agent, refund);
    const other = { ...reviewer, subject: "other@example.com", name: "other@example.com" };
    await grants.refuse(other, others.id, others.digest, "no");
    await grants.request(agent, refund);
    const decided = await grants.requests(reviewer, { all: true, decided: true });
    expect(decided.map(({ id }) => id)).toEqual([mine.id]);
  });
});
