import type { InboxItem } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { filterOf, readSearch, searchOf } from "./search.ts";
import {
  afterDeciding,
  fitting,
  groupKey,
  isNarrowed,
  itemsOf,
  rowsOf,
  shownOf,
  stepFrom,
} from "./select.ts";

const item = (id: string, change: Partial<InboxItem> = {}): InboxItem => ({
  id,
  digest: `sha256:${id}`,
  requester: {
    kind: "agent",
    issuer: "i",
    subject: "s",
    client: "c",
    name: "support-bot",
    owner: "lena@example.test",
  },
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

describe("what one agent asks for many times", () => {
  const other = item("x", { operations: ["orders-db/refund-order"] });
  const many = [item("a"), other, item("b"), item("c")];
  const names = (folded: readonly string[]): string[] =>
    rowsOf(many, new Set(folded)).map((row) => (row.kind === "item" ? row.item.id : `${row.items.length}`));
  it("stands together, where its most urgent request stands", () => {
    expect(names([])).toEqual(["3", "a", "b", "c", "x"]);
    expect(ids(itemsOf(rowsOf(many, new Set())))).toEqual(["a", "b", "c", "x"]);
  });
  it("is a heading alone when it is folded", () => {
    expect(names([groupKey(many[0]!)])).toEqual(["3", "x"]);
  });
  it("is no group of two, nor of two agents", () => {
    const two = [item("a"), item("b"), item("c", { requester: { ...other.requester, subject: "t" } })];
    expect(rowsOf(two, new Set()).every(({ kind }) => kind === "item")).toBe(true);
  });
});

describe("the inbox's address", () => {
  it("holds the filter and the selected request, and nothing else", () => {
    const search = { text: "refund", risk: "high", all: true, id: "req_0123456789abcdef" } as const;
    expect(readSearch({ ...search, other: 1 })).toEqual(search);
    expect(searchOf(filterOf(search), search.id)).toEqual(search);
    expect(readSearch({ text: " ", risk: "x", all: "yes", id: "../x", show: 1 })).toEqual({});
    expect(searchOf(filterOf({}), undefined)).toEqual({});
    for (const show of ["decided", "emergencies"] as const) expect(readSearch({ show })).toEqual({ show });
  });
  it("knows what leaves something out", () => {
    expect(isNarrowed(filterOf({ all: true }))).toBe(false);
    expect(isNarrowed(filterOf({ risk: "low" }))).toBe(true);
  });
});
