import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Ask } from "./grants.ts";
import { read, refund } from "./testing/asks.ts";
import { refundRule, readRule, minute, rulesOf, settle, usual, type Harness } from "./testing/harness.ts";
import { agent, person, reviewer } from "./testing/samples.ts";
import { useHarness } from "./testing/use-harness.ts";
import type { AccessRequest } from "./types.ts";

interface Case {
  readonly id: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
}

const file = new URL("../../../../tests/corpus/control.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly Case[];

let h: Harness;
useHarness({ poll: false }, (made) => (h = made));

const tried = async (call: Promise<unknown>): Promise<"allow" | "deny"> =>
  call.then(
    () => "allow",
    () => "deny",
  );
const approve = (request: AccessRequest, who = reviewer): Promise<AccessRequest> =>
  h.grants.approve(who, request.id, request.digest, "");
const decided = async (ask: Ask): Promise<"allow" | "deny"> =>
  (await h.grants.request(agent, ask)).state === "approved" ? "allow" : "deny";
const isLive = (request: AccessRequest): "allow" | "deny" =>
  h.grants.live(request.grant ?? "") === undefined ? "deny" : "allow";

/** What Mayfly makes of each case; a text says in which folder its tests stand, because grants never see it. */
const rows: Readonly<Record<string, string | (() => Promise<"allow" | "deny">)>> = {
  "ctl-grant-03": async () => {
    const request = await h.grants.request(agent, refund);
    h.clock.advance(30 * minute);
    return tried(approve(request));
  },
  // An approval covers operations, not one statement: their scope is what must not change after it.
  "ctl-grant-06": async () => {
    const request = await h.grants.request(agent, refund);
    await h.grants.adopt(rulesOf(usual, { digests: { "orders-db/refund-order": "one literal differs" } }));
    return tried(approve(request));
  },
  "ctl-grant-07":
    "protocols: values are judged and recorded with each execution; an approval never names them",
  "ctl-grant-08": async () => {
    const two = {
      ...refundRule.terms,
      approval: { by: ["support-leads"], count: 2, within: minute, refusals: 1 },
    };
    const before = { ...usual, "orders-db/refund-order": { ...refundRule, terms: two } };
    await h.grants.adopt(rulesOf(before, { digests: { "orders-db/refund-order": "read" } }));
    const request = await h.grants.request(agent, refund);
    await approve(request);
    h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
    await h.grants.adopt(rulesOf(before, { digests: { "orders-db/refund-order": "write" } }));
    h.store.fault = undefined;
    return tried(approve(request, person("second@example.com")));
  },
  "ctl-grant-09": async () => {
    const request = await h.grants.request(agent, read);
    h.clock.stepWall(-60 * minute);
    h.clock.advance(5 * minute);
    return isLive(request);
  },
  "ctl-grant-12": async () => {
    const request = await h.grants.request(agent, read);
    h.clock.stepWall(20 * minute);
    return isLive(request);
  },
  "ctl-grant-15": async () => {
    const request = await h.grants.request(agent, read);
    h.clock.advance(5 * minute + 1);
    return isLive(request);
  },
  "ctl-grant-16": async () => {
    const request = await h.grants.request(agent, read);
    const ended = h.grants.live(request.grant ?? "")?.ended;
    h.clock.advance(5 * minute);
    return ended?.aborted === true ? "deny" : "allow";
  },
  "ctl-grant-18": async () => {
    const when = (): boolean => {
      throw new Error("evaluation error");
    };
    await h.grants.adopt(rulesOf({ "orders-db/read-orders": { ...readRule, when } }));
    return decided(read);
  },
  // The first letter is Cyrillic; then a name that is equal only after NFC.
  "ctl-grant-21": async () => {
    const all = [
      await decided({ ...read, connection: "\u043erders-db" }),
      await decided({ ...read, operations: ["re\u0301ad-orders"] }),
    ];
    return all.includes("allow") ? "allow" : "deny";
  },
  "ctl-grant-23": async () => {
    const request = await h.grants.request(agent, read);
    await h.grants.withdrawIdentity(request.grant ?? "", "no longer in the group");
    return isLive(request);
  },
  "ctl-grant-24":
    "identity: keys of a provider that is away are trusted for a bounded time, then nothing verifies",
  "ctl-grant-25": async () => {
    h.store.fault = () => "lost";
    return tried(h.grants.request(agent, read));
  },
  "ctl-grant-27":
    "identity: tokens that are bound to a certificate or an address are not accepted as bearer tokens",
  "ctl-grant-28": "api: only a bearer token in a header authenticates, never a cookie",
  "ctl-grant-29": "api: approving is a POST with the digest in its body",
  "ctl-grant-31": () => decided({ ...read, operations: ["*"] }),
  "ctl-grant-32": async () => {
    await h.grants.request(agent, read);
    const other = { ...agent, subject: "0oa2", client: "0oa2" };
    const own = await h.grants.grants(other, {});
    return own.length > 0 ? "allow" : tried(h.grants.grants(other, { all: true }));
  },
  "ctl-ok-01": async () => tried(approve(await h.grants.request(agent, refund))),
  "ctl-ok-02": "protocols: an operation's scope judges what a statement does, not how it is written",
  "ctl-ok-03": async () => {
    const request = await h.grants.request(agent, read);
    h.clock.advance(5 * minute - 1000);
    await settle();
    return isLive(request);
  },
};

describe("the control plane's part of the bypass corpus", () => {
  it("has a row for every case, and no row without one", () => {
    expect(cases.length).toBeGreaterThanOrEqual(21);
    expect(new Set(Object.keys(rows))).toEqual(new Set(cases.map((one) => one.id)));
  });

  const here = cases.flatMap((one) => {
    const row = rows[one.id];
    return typeof row === "function" ? [{ ...one, row }] : [];
  });
  it.each(here)("$id: $payload → $expected", async ({ expected, row }) => {
    expect(await row()).toBe(expected);
  });
});
