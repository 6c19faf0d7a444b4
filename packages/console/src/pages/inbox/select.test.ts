import type { InboxItem } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { afterDeciding, fitting, shownOf, stepFrom } from "./select.ts";

const item = (id: string, change: Partial<InboxItem> = {}): InboxItem => ({
  id,
  requester: { kind: "agent", name: "support-bot", owner: "lena@example.test" },
  connection: "orders-db",
  operations: ["orders-db/read-orders"],
  risk: "low",
  reason: "TICKET-1: late parcel",
  ttl_seconds: 300,
  created_at: "2026-01-01T00:00:00Z",
  waits_until: "2026-01-01T00:30:00Z",
  needed: 1,
  given: 0,
  escalated: false,
  may_decide: true,
  ...change,
});
const ids = (items: readonly InboxItem[]): string[] => items.map(({ id }) => id);
const everything = { text: "", risk: "", all: false } as const;

describe("the inbox", () => {
  const items = [
    item("a"),
    item("b", { risk: "high", reason: "Refund TICKET-2" }),
    item("c", { may_decide: false, why_not: "the agent is yours" }),
  ];
  it("shows what waits for me, and what waits for others when asked to", () => {
    expect(ids(fitting(items, everything))).toEqual(["a", "b"]);
    expect(ids(fitting(items, { ...everything, all: true }))).toEqual(["a", "b", "c"]);
  });
  it("finds every word, in any case and any place", () => {
    expect(ids(fitting(items, { ...everything, text: "  REFUND support-bot " }))).toEqual(["b"]);
    expect(ids(fitting(items, { ...everything, text: "lena parcel" }))).toEqual(["a"]);
    expect(ids(fitting(items, { ...everything, text: "parcel refund" }))).toEqual([]);
    expect(ids(fitting(items, { ...everything, risk: "high" }))).toEqual(["b"]);
  });
  it("steps from what is shown, and from its place when it is gone", () => {
    const to = (shown: string, place: number, by: number): string | undefined =>
      stepFrom(items, shown, place, by)?.id;
    expect([to("a", 0, 1), to("b", 1, -1), to("a", 0, -1), to("c", 2, 1)]).toEqual(["b", "a", "a", "c"]);
    // "gone" stood second: "b" is in its place now.
    expect([to("gone", 1, 1), to("gone", 1, -1), to("gone", 9, 1)]).toEqual(["b", "a", "c"]);
    expect(stepFrom([], "a", 0, 1)).toBeUndefined();
  });
  it("shows what is listed, or what waits no more, and nothing that waits unlisted", () => {
    const listed = fitting(items, { ...everything, text: "refund" });
    expect(shownOf(items, items, undefined)).toBe("a");
    expect(shownOf(items, items, "b")).toBe("b");
    expect(shownOf(listed, items, "a")).toBe("b");
    expect(shownOf([], items, "a")).toBeUndefined();
    expect(shownOf(items, items, "decided elsewhere")).toBe("decided elsewhere");
  });
  it("goes on with what stands below a decided one", () => {
    expect(["a", "b", "c"].map((id) => afterDeciding(items, id))).toEqual(["b", "c", "b"]);
    expect(afterDeciding(items.slice(0, 1), "a")).toBeUndefined();
  });
});
