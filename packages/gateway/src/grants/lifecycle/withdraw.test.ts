import { expect, it } from "vitest";
import { read, refund } from "../testing/asks.ts";
import { rulesOf, usual, type Harness } from "../testing/harness.ts";
import { agent } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { Requester } from "../types.ts";
import type { Withdrawal } from "./withdraw.ts";

const other = { ...agent, client: "0oa2agent", subject: "0oa2agent", name: "report-bot" };

let h: Harness;
useHarness({ poll: false, rules: rulesOf(usual) }, (made) => (h = made));

const withdrawal: Withdrawal = {
  matches: ({ client }: Requester) => client === agent.client,
  reason: "identity withdrawn: deactivated",
};

it("ends grants before it returns, closes waiting requests, and leaves what others have", async () => {
  const [grant, others] = [
    (await h.grants.request(agent, read)).grant,
    (await h.grants.request(other, read)).grant,
  ];
  const [waits, untouched] = [await h.grants.request(agent, refund), await h.grants.request(other, refund)];
  expect(await h.grants.reach([withdrawal])).toEqual([{ grants: [grant], requests: [waits.id] }]);
  const live = h.grants.live(grant ?? "");
  const { grants, requests } = h.grants.withdrawAll(withdrawal);
  expect(grants).toEqual([grant]);
  expect(live?.ended.reason).toMatchObject({ state: "revoked", words: "identity withdrawn: deactivated" });
  expect(await requests).toEqual([waits.id]);
  expect(await h.grants.grant(agent, grant ?? "")).toMatchObject({ state: "revoked", endedBy: "identity" });
  expect(await h.grants.find(agent, waits.id)).toMatchObject({
    state: "refused",
    reasons: ["identity withdrawn: deactivated"],
  });
  expect(h.grants.live(others ?? "")).toBeDefined();
  expect((await h.grants.find(other, untouched.id)).state).toBe("pending");
  expect(await h.grants.reach([withdrawal])).toEqual([{ grants: [], requests: [] }]);
});

it("goes by when the provider said who the requester is", async () => {
  const asOf = { ...agent, groupsAsOf: 5000 };
  const { grant } = await h.grants.request(asOf, read);
  const until = (at: number): Withdrawal => ({
    ...withdrawal,
    matches: (_, issuedAt) => (issuedAt ?? 0) <= at,
  });
  expect(h.grants.withdrawAll(until(4999)).grants).toEqual([]);
  expect(h.grants.withdrawAll(until(5000)).grants).toEqual([grant]);
});

it("ends what is live also where the store cannot say what waits", async () => {
  const { grant } = await h.grants.request(agent, read);
  h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
  await expect(h.grants.reach([withdrawal])).rejects.toMatchObject({ message: expect.any(String) as string });
  const { grants, requests } = h.grants.withdrawAll(withdrawal);
  expect(grants).toEqual([grant]);
  expect(await requests).toEqual([]);
  h.store.fault = undefined;
});
