import type { Grant, Requester } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { byHolder, confirms, spent, summary } from "./model.ts";

const requester = (subject: string, client = "c"): Requester => ({
  kind: "agent",
  issuer: "https://issuer.test",
  subject,
  client,
  name: subject,
  groups: [],
  actors: [],
});

const grant = (id: string, who: Requester, endsAt: string): Grant => ({
  id,
  request: "req_1",
  requester: who,
  connection: "orders-db",
  operations: ["orders-db/read-orders"],
  policies: [],
  state: "active",
  activated_at: "2026-01-01T00:00:00Z",
  ends_at: endsAt,
});

describe("what is live", () => {
  const live = {
    grants: [
      { grant: grant("gr_1", requester("late"), "2026-01-01T00:10:00Z"), sessions: [] },
      { grant: grant("gr_2", requester("soon"), "2026-01-01T00:01:00Z"), sessions: [] },
      { grant: grant("gr_3", requester("late"), "2026-01-01T00:05:00Z"), sessions: [] },
      { grant: grant("gr_4", requester("late", "other"), "2026-01-01T00:20:00Z"), sessions: [] },
    ],
  };
  it("stands by who holds it, whatever ends first on top", () => {
    expect(byHolder(live).map(({ grants }) => grants.map((entry) => entry.grant.id))).toEqual([
      ["gr_2"],
      ["gr_3", "gr_1"],
      ["gr_4"],
    ]);
  });
  it("is summed up", () => {
    expect(summary(live)).toBe("4 grants, 0 sessions");
    const session = { id: "s", protocol: "postgres", address: "::1", opened_at: "", acts: 1, denied: 0 };
    const now = { text: "select 1", since: "", state: "running" } as const;
    const [first] = live.grants;
    expect(summary({ grants: [{ grant: first!.grant, sessions: [session, { ...session, now }] }] })).toBe(
      "1 grant, 2 sessions, 1 running something now",
    );
  });
  it("shows how much of its time is over", () => {
    const one = grant("gr_1", requester("x"), "2026-01-01T00:10:00Z");
    const at = (minute: number): number => spent(one, Date.parse("2026-01-01T00:00:00Z") + minute * 60_000);
    expect([at(-5), at(0), at(5), at(10), at(99)]).toEqual([0, 0, 0.5, 1, 1]);
    expect(spent({ ...one, ends_at: one.activated_at }, 0)).toBe(1);
  });
});

describe("locking down", () => {
  it.each(["lock down", " Lock  Down ", "LOCK DOWN"])("takes %j", (typed) => {
    expect(confirms(typed)).toBe(true);
  });
  it.each(["", "lock", "lockdown", "lock down!", "unlock down"])("does not take %j", (typed) => {
    expect(confirms(typed)).toBe(false);
  });
});
