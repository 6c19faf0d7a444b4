import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GrantRules } from "../grants.ts";
import { grantOf, read, refund } from "../testing/asks.ts";
import { harness, rulesOf, settle, usual, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";
import type { Requester } from "../types.ts";

const other = { ...agent, client: "0oa2agent", subject: "0oa2agent", name: "report-bot" };

/** What is known now, by client: groups and owner. */
let known: Map<string, Partial<Requester> | "unknown">;
const current: NonNullable<GrantRules["current"]> = (requester) => {
  const now = known.get(requester.client);
  return now === "unknown" ? undefined : { ...requester, ...now };
};

let h: Harness;
beforeEach(async () => {
  known = new Map();
  h = await harness({ poll: false, rules: rulesOf(usual, { current }) });
});
afterEach(() => h.close());

const isAgent = ({ client }: Requester): boolean => client === agent.client;
const everyone = (): boolean => true;

describe("judging again after a group or an owner has changed", () => {
  it("ends at once what policy would refuse now, and says so on record", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    const live = h.grants.live(grant);
    known.set(agent.client, { groups: ["elsewhere"] });
    const judging = h.grants.judgeAgain(isAgent, "left the group support-agents");
    // Before anything was awaited.
    expect(live?.ended.aborted).toBe(true);
    expect(live?.ended.reason).toMatchObject({
      state: "revoked",
      words: "policy would refuse it now: left the group support-agents",
    });
    expect(await judging).toEqual({ ended: [grant], voided: [] });
    expect(await h.grants.grant(agent, grant)).toMatchObject({ state: "revoked", endedBy: "policy" });
    const record = h.log.disk.find(({ type }) => type === "grant.revoked");
    expect(record?.detail).toMatchObject({ event: "judge_again", by: "policy" });
  });

  it("ends what is held by somebody who is no longer known at all", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    known.set(agent.client, "unknown");
    expect((await h.grants.judgeAgain(isAgent, "gone")).ended).toEqual([grant]);
  });

  it.each([
    ["the provider's word, where it came first", "deactivated in Okta", "identity"],
    ["the configuration, where the provider has said nothing", undefined, "configuration"],
  ])("records as the cause of an end at a start %s", async (_, withdrawn, endedBy) => {
    const grant = grantOf(await h.grants.request(agent, read));
    known.set(agent.client, "unknown");
    const started = await h.another({
      poll: false,
      rules: rulesOf(usual, { current, withdrawn: () => withdrawn }),
    });
    await settle();
    expect(await started.grant(agent, grant)).toMatchObject({ state: "revoked", endedBy });
  });

  it("leaves what policy would still give, and what others hold", async () => {
    const own = grantOf(await h.grants.request(agent, read));
    const others = grantOf(await h.grants.request(other, read));
    known.set(agent.client, { groups: ["support-agents", "one more"] });
    known.set(other.client, { groups: [] });
    expect(await h.grants.judgeAgain(isAgent, "joined a group")).toEqual({ ended: [], voided: [] });
    expect(h.grants.live(own)).toBeDefined();
    expect(h.grants.live(others)).toBeDefined();
    expect((await h.grants.judgeAgain(everyone, "the group was deleted")).ended).toEqual([others]);
    expect(h.grants.live(own)).toBeDefined();
  });

  it("voids a pending request whose requester a reviewer would be shown otherwise", async () => {
    const waits = await h.grants.request(agent, refund);
    const untouched = await h.grants.request(other, refund);
    known.set(agent.client, { groups: ["support-agents", "one more"] });
    expect(await h.grants.judgeAgain(everyone, "joined a group")).toEqual({ ended: [], voided: [waits.id] });
    expect(await h.grants.find(agent, waits.id)).toMatchObject({
      state: "refused",
      reasons: ["the requester has changed since it was asked: joined a group; ask again"],
    });
    expect((await h.grants.find(other, untouched.id)).state).toBe("pending");
    known.set(other.client, { owner: "somebody-else@example.com" });
    expect((await h.grants.judgeAgain(everyone, "another owner")).voided).toEqual([untouched.id]);
  });

  it("says in a dry run what would end, and ends nothing", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    const waits = await h.grants.request(agent, refund);
    known.set(agent.client, { groups: [] });
    const said = await h.grants.judgeAgain(isAgent, "left", { isDryRun: true });
    expect(said).toEqual({ ended: [grant], voided: [waits.id] });
    expect(h.grants.live(grant)).toBeDefined();
    expect((await h.grants.find(agent, waits.id)).state).toBe("pending");
    expect(h.log.types()).not.toContain("grant.revoked");
  });

  it("says in a dry run what would end of requesters as they would be known then", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    const waits = await h.grants.request(agent, refund);
    const foreseen = (requester: Requester): Requester => ({ ...requester, groups: [] });
    const said = await h.grants.judgeAgain(isAgent, "would leave", { isDryRun: true, foreseen });
    expect(said).toEqual({ ended: [grant], voided: [waits.id] });
    // What is only foreseen is nothing to judge by: not there, and not afterwards.
    expect(await h.grants.judgeAgain(isAgent, "has not left", { foreseen })).toEqual({
      ended: [],
      voided: [],
    });
    expect(h.grants.live(grant)).toBeDefined();
    expect((await h.grants.find(agent, waits.id)).state).toBe("pending");
  });

  it("says nothing ended twice", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    known.set(agent.client, { groups: [] });
    const all = await Promise.all([1, 2, 3].map(() => h.grants.judgeAgain(isAgent, "left")));
    expect(all.flatMap(({ ended }) => ended)).toEqual([grant]);
    expect(h.log.types().filter((type) => type === "grant.revoked")).toHaveLength(1);
  });

  it("ends grants while the store is away, and judges waiting requests again before any approval", async () => {
    const grant = grantOf(await h.grants.request(agent, read));
    await h.grants.request(agent, refund);
    known.set(agent.client, { groups: [] });
    h.store.fault = () => "lost";
    const live = h.grants.live(grant);
    expect(await h.grants.judgeAgain(isAgent, "left")).toEqual({ ended: [grant], voided: [] });
    expect(live?.ended.aborted).toBe(true);
    expect(h.grants.live(grant)).toBeUndefined();
    h.store.fault = undefined;
    h.clock.advance(10_000);
    await settle();
    expect(await h.grants.grant(operator, grant)).toMatchObject({ state: "revoked" });
  });

  it("keeps no grant that is being made meanwhile", async () => {
    let isJudged: Promise<unknown> | undefined;
    h.store.fault = async (method) => {
      if (method === "createRequest") {
        known.set(agent.client, { groups: [] });
        isJudged = h.grants.judgeAgain(isAgent, "left");
      }
      return undefined;
    };
    const grant = grantOf(await h.grants.request(agent, read));
    await isJudged;
    expect(h.grants.live(grant)).toBeUndefined();
    await settle();
    expect(await h.grants.grant(agent, grant)).toMatchObject({ state: "revoked" });
  });
});
