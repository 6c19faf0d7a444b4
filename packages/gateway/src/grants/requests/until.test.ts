import { describe, expect, it } from "vitest";
import type { Grants } from "../grants.ts";
import { both, code, grantOf, read, refund } from "../testing/asks.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { minute, readRule, rulesOf, usual, type Harness } from "../testing/harness.ts";
import { agent, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

const end = fakeClock().wall() + 60 * minute;
const rules = rulesOf(
  { ...usual, "orders-db/list-orders": readRule },
  { words: { "orders-db/read-orders": { until: end }, "orders-db/refund-order": { until: end + minute } } },
);
let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules }, (made) => {
  h = made;
  grants = made.grants;
});
const untilEnd = (left: number): void => h.clock.advance(end - left - h.clock.wall());
const offered = (): readonly string[] => grants.offers(agent, "10.0.0.1").map(({ operation }) => operation);

describe("an operation that ends", () => {
  it("is granted up to its end, and no longer", async () => {
    untilEnd(minute);
    const whole = await grants.request(agent, { ...read, ttl: minute });
    expect(whole.state).toBe("approved");
    expect(grants.live(grantOf(whole))?.grant.endsAt).toBe(end);
    const longer = await grants.request(agent, { ...read, ttl: minute + 1000 });
    expect(longer.state).toBe("denied");
    expect(longer.reasons).toEqual([
      `orders-db/read-orders ends at ${new Date(end).toISOString().replace(":00.000Z", "Z")}: ask for 1m or less`,
    ]);
  });

  it("is over at its end: it is offered to nobody, and who asks reads why", async () => {
    expect(offered()).toContain("read-orders");
    untilEnd(0);
    expect(offered()).toEqual(["refund-order", "list-orders"]);
    const asked = await grants.request(agent, { ...read, ttl: minute });
    expect(asked.state).toBe("denied");
    expect(asked.reasons).toEqual([
      expect.stringMatching(
        /^orders-db\/read-orders ended at .*; ask for the operations that the task needs \(mayfly operations\)$/,
      ),
    ]);
  });

  it("ends first of several", async () => {
    untilEnd(minute);
    const asked = await grants.request(agent, { ...both, ttl: 2 * minute });
    expect(asked.reasons).toEqual([expect.stringMatching(/^orders-db\/read-orders ends at/)]);
  });

  it("keeps nothing from another operation", async () => {
    untilEnd(0);
    const asked = await grants.request(agent, { ...read, operations: ["list-orders"], ttl: 5 * minute });
    expect(asked.state).toBe("approved");
  });

  it("is not granted past its end by an approval that comes late", async () => {
    untilEnd(4 * minute);
    const fits = await grants.request(agent, { ...refund, ttl: 5 * minute });
    const late = await grants.request(agent, { ...refund, ttl: 5 * minute, reason: "TICKET-2" });
    expect((await grants.approve(reviewer, fits.id, fits.digest, "fine")).state).toBe("approved");
    h.clock.advance(1000);
    expect(await code(grants.approve(reviewer, late.id, late.digest, "fine"))).toBe("request_void");
    const now = await grants.find(agent, late.id);
    expect(now.grant).toBeUndefined();
    expect(now.state).not.toBe("pending");
  });
});
