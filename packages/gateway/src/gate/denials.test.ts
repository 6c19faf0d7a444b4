import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { LiveGrant } from "../grants/types.ts";
import { canonicalJson } from "../kernel/canonical.ts";
import { createDenialCounter, deniedDetail } from "./denials.ts";

describe("denied acts of one grant", () => {
  it("are recorded one by one up to a rate, and counted beyond", () => {
    const live = {} as LiveGrant;
    const clock = fakeClock();
    const denials = createDenialCounter(clock);
    const recorded = Array.from({ length: 80 }, () => denials.count(live)).filter(Boolean);
    expect(recorded).toHaveLength(50);
    expect(denials.count({} as LiveGrant)).toEqual({ leftOut: 0 });
    clock.advance(1000);
    expect(denials.count(live)).toEqual({ leftOut: 30 });
    for (let at = 0; at < 10; at += 1) denials.count(live);
    expect([denials.consumeLeftOut(live), denials.consumeLeftOut(live)]).toEqual([6, 0]);
    expect(createDenialCounter(clock).consumeLeftOut(live)).toBe(0);
  });

  it("are written down whole where they are short, else with their beginning and the digest of the whole", () => {
    const short = canonicalJson({ method: "GET", path: "/a" });
    expect(deniedDetail(short)).toBe(short);
    const long = canonicalJson({ headers: ["x".repeat(3000)], method: "GET", path: `/${"a".repeat(8000)}` });
    const written = deniedDetail(long);
    expect(written.length).toBeLessThan(2048);
    expect(written).toBe(canonicalJson(JSON.parse(written)));
    expect(JSON.parse(written)).toMatchObject({ method: "GET", cut: { bytes: long.length } });
    const other = deniedDetail(long.replace("aaa", "aab"));
    expect(other).not.toBe(written);
    const huge = deniedDetail(canonicalJson({ statement: "y".repeat(1_000_000) }));
    expect(huge.length).toBeLessThan(1000);
    expect(JSON.parse(huge)).toMatchObject({ cut: { bytes: 1_000_016 } });
  });
});
