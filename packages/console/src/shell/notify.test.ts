import type { InboxItem } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { newAmong, noticeOf } from "./notify.ts";

const item = (id: string, reason = "late parcel"): InboxItem => ({
  id,
  digest: "sha256:0",
  requester: { kind: "agent", issuer: "i", subject: "s", client: "c", name: "support-bot" },
  connection: "orders-db",
  operations: ["orders-db/refund-order"],
  risk: "high",
  reason,
  ttl_seconds: 300,
  created_at: "2026-01-01T00:00:00Z",
  waits_until: "2026-01-01T00:30:00Z",
  needed: 1,
  given: 0,
  escalated: false,
  may_decide: true,
});

describe("a notification", () => {
  it("tells of what was not there before, and of nothing at the first look", () => {
    const both = [item("a"), item("b")];
    expect(newAmong(both, undefined)).toEqual([]);
    expect(newAmong(both, new Set(["a"])).map(({ id }) => id)).toEqual(["b"]);
  });
  it("names who asks for what, with what is hidden in the reason made visible", () => {
    expect(noticeOf([item("req_1", `a\u202Eb ${"x".repeat(500)}`)])).toEqual({
      title: "support-bot asks for refund-order on orders-db",
      body: `a<U+202E>b ${"x".repeat(189)}`,
      path: "/inbox?id=req_1",
    });
  });
  it("counts several", () => {
    expect(noticeOf([item("a"), item("b")])).toEqual({
      title: "2 new requests await your decision",
      body: "",
      path: "/inbox",
    });
  });
});
