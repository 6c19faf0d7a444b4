import type { Live } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import { barsOf, hourMarks, lanesOf, placeOf, windowOf } from "./model.ts";

const now = Date.UTC(2026, 0, 1, 12);
const hour = 3_600_000;

const entry = (name: string, from: number, to: number, more: object = {}): Live["grants"][number] => ({
  grant: {
    id: `gr_${name}_${to}`,
    request: "req_1",
    requester: { kind: "agent", issuer: "i", subject: name, client: name, name, groups: [], actors: [] },
    connection: "orders-db",
    operations: ["orders-db/read"],
    policies: [],
    state: "active",
    activated_at: new Date(now + from * hour).toISOString(),
    ends_at: new Date(now + to * hour).toISOString(),
  },
  risk: "low",
  break_glass: false,
  sessions: [],
  ...more,
});

const live: Live = {
  more: false,
  grants: [
    entry("calm", -3, 2),
    entry("calm", -0.5, 0.5, { risk: "high" }),
    entry("soon", -1, 0.25),
    entry("loud", -0.25, 3, { break_glass: true }),
  ],
};

describe("the line of time", () => {
  it("begins an hour ago and goes to the last deadline, one hour at least and six at most", () => {
    expect(windowOf(live, now)).toEqual({ from: now - hour, to: now + 3 * hour });
    expect(windowOf({ more: false, grants: [] }, now).to).toBe(now + hour);
    expect(windowOf({ more: false, grants: [entry("x", 0, 99)] }, now).to).toBe(now + 6 * hour);
  });
  it("keeps what is beyond its ends at them", () => {
    const line = { from: 0, to: 10 };
    expect([-5, 0, 5, 10, 99].map((at) => placeOf(at, line))).toEqual([0, 0, 0.5, 1, 1]);
  });
  it("has a mark every whole hour", () => {
    expect(hourMarks({ from: now - hour / 2, to: now + hour * 1.5 })).toEqual([now, now + hour]);
    expect(hourMarks({ from: now + 1, to: now + 2 })).toEqual([]);
  });
  it("has a lane an agent, emergencies first, then what ends next", () => {
    const lanes = lanesOf(live, windowOf(live, now));
    expect(lanes.map(({ name }) => name)).toEqual(["loud", "soon", "calm"]);
    expect(lanes[2]!.spans.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["high", 0.125, 0.375],
      ["other", 0, 0.75],
    ]);
    expect(lanes[0]!.spans[0]!.kind).toBe("emergency");
  });
});

it("the highest hour is as high as the chart, and an empty day divides by nothing", () => {
  const at = new Date(now).toISOString();
  expect(
    barsOf([
      { at, grants: 1, acts: 6, denied: 2 },
      { at, grants: 0, acts: 4, denied: 0 },
    ]).map(({ height, deniedHeight }) => [height, deniedHeight]),
  ).toEqual([
    [1, 0.25],
    [0.5, 0],
  ]);
  expect(barsOf([{ at, grants: 0, acts: 0, denied: 0 }])[0]!.height).toBe(0);
});
