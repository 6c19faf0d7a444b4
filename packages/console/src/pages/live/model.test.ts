import type { LiveSession, Requester } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { confirms, countsOf, type LiveGrant, lockdownText, onlyHolder, rowsOf, summary } from "./model.ts";
import { readSearch } from "./search.ts";

const requester = (subject: string, client = "c"): Requester => ({
  kind: "agent",
  issuer: "https://issuer.test",
  subject,
  client,
  name: subject,
  groups: [],
  actors: [],
});

const session = (text?: string, state: "running" | "idle" = "running"): LiveSession => ({
  id: `ses_${text ?? ""}`,
  protocol: "postgres",
  address: "10.0.0.9",
  opened_at: "2026-01-01T00:00:00Z",
  acts: 1,
  denied: 0,
  ...(text === undefined ? {} : { now: { text, since: "2026-01-01T00:00:00Z", state } }),
});

const entry = (
  id: string,
  minutes: number,
  more: Partial<Omit<LiveGrant, "grant">> & { readonly who?: Requester; readonly connection?: string } = {},
): LiveGrant => ({
  grant: {
    id,
    request: "req_1",
    requester: more.who ?? requester("bot"),
    connection: more.connection ?? "orders-db",
    operations: [`${more.connection ?? "orders-db"}/read-orders`],
    policies: [],
    state: "active",
    activated_at: "2026-01-01T00:00:00Z",
    ends_at: new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString(),
  },
  risk: more.risk ?? "low",
  break_glass: more.break_glass ?? false,
  sessions: more.sessions ?? [],
});

const live = {
  more: false,
  grants: [
    entry("unused", 5),
    entry("idle", 50, { sessions: [session("select 2", "idle")] }),
    entry("risky", 40, { risk: "high", sessions: [session("select 3", "idle")] }),
    entry("emergency", 45, { break_glass: true, risk: "high" }),
    entry("running", 60, { sessions: [session("GET /v1/feed")], connection: "billing-api" }),
    entry("other", 90, { who: requester("crm-bot"), sessions: [session()] }),
  ],
};
const now = Date.UTC(2026, 0, 1);
const ids = (search: Record<string, unknown>): readonly string[] =>
  rowsOf(live, readSearch(search), now).rows.map(({ grant }) => grant.id);

describe("what is live", () => {
  it("stands with what matters on top, and folds away what nobody uses", () => {
    expect(ids({})).toEqual(["running", "emergency", "risky", "idle", "other"]);
    expect(rowsOf(live, {}, now).folded).toBe(1);
    expect(ids({ unused: true })).toEqual(["running", "emergency", "risky", "idle", "other", "unused"]);
  });
  it.each([
    ["running", ["running"]],
    ["emergency", ["emergency"]],
    ["high", ["emergency", "risky"]],
    ["expiring", ["unused"]],
    ["unused", ["unused"]],
  ])("shows what is %s alone", (show, expected) => {
    expect(ids({ show })).toEqual(expected);
    expect(countsOf(live, now)[show as "running"]).toBe(expected.length);
  });
  it("is found by everything that its row says, and folds nothing away then", () => {
    expect(ids({ text: "feed" })).toEqual(["running"]);
    expect(ids({ text: "CRM-bot" })).toEqual(["other"]);
    expect(ids({ text: "read-orders billing" })).toEqual(["running"]);
    expect(ids({ text: "orders-db bot" })).toContain("unused");
    expect(ids({ text: "nothing like it" })).toEqual([]);
  });
  it("takes another order", () => {
    expect(ids({ sort: "ends", unused: "true" })).toEqual([
      "unused",
      "risky",
      "emergency",
      "idle",
      "running",
      "other",
    ]);
    expect(ids({ sort: "agent" }).at(-1)).toBe("other");
    expect(ids({ sort: "connection" })[0]).toBe("running");
  });
  it("names the one who holds it all, where there is one", () => {
    expect(onlyHolder(live.grants)).toBeUndefined();
    expect(onlyHolder(live.grants.slice(0, 3))?.name).toBe("bot");
    expect(onlyHolder([])).toBeUndefined();
    expect(onlyHolder([entry("a", 1), entry("b", 1, { who: requester("bot", "other") })])).toBeUndefined();
  });
  it("is summed up", () => {
    expect(summary(live)).toBe("6 grants, 4 sessions, 1 running something now");
    expect(summary({ more: false, grants: [entry("a", 1)] })).toBe("1 grant, 0 sessions");
  });
});

it("an address that says something else says nothing", () => {
  expect(readSearch({ show: "all", sort: 1, text: "  ", unused: "no", other: 1 })).toEqual({});
});

describe("locking down", () => {
  it.each(["lock down", " Lock  Down ", "LOCK DOWN"])("takes %j", (typed) => {
    expect(confirms(typed)).toBe(true);
  });
  it.each(["", "lock", "lockdown", "lock down!", "unlock down"])("does not take %j", (typed) => {
    expect(confirms(typed)).toBe(false);
  });
  it("says what it ends, cuts and refuses", () => {
    expect(lockdownText(72, 1, 48)).toBe(
      "It ends 72 grants, cuts 1 session and refuses 48 requests awaiting approval, at once. Nobody gets anything until an operator lifts it.",
    );
  });
});
