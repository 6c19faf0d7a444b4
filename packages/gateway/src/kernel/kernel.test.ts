import { inspect } from "node:util";
import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { canonicalJson, digestOf } from "./canonical.ts";
import { deadlineAfter, deadlineAt, remaining, systemClock } from "./clock.ts";
import { formatDuration, parseDuration } from "./durations.ts";
import { MayflyError, messageOf } from "./errors.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { newId, newSecret } from "./ids.ts";
import { closestName } from "./closest-name.ts";
import { Secret, secretSchema, TextFile } from "./secret.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["8h", 28_800_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "5", "m", "5 m", "-5m", "5M", "1.5h", "5m30s", "٥m", "99999999999s", "5m\n"])(
    "%j is no duration",
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  test.each([
    [90_000, "1m 30s"],
    [300_000, "5m"],
    [250, "250ms"],
    [-5, "0s"],
    [90_061_000, "1d 1h"],
  ])("%d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("deadlines", () => {
  test("the earlier of both clocks counts", () => {
    const clock = fakeClock();
    const deadline = deadlineAfter(clock, 1000);
    clock.stepWall(-60_000);
    expect(remaining(clock, deadline)).toBe(1000);
    clock.stepWall(60_500);
    expect(remaining(clock, deadline)).toBe(500);
    clock.stepWall(-500);
    clock.advance(1000);
    expect(remaining(clock, deadline)).toBe(0);
  });

  test("a stored end is never stretched by a clock that was stepped back", () => {
    const clock = fakeClock();
    const stored = clock.wall() + 1000;
    clock.stepWall(-3_600_000);
    expect(remaining(clock, deadlineAt(clock, stored, 5000))).toBe(5000);
    expect(remaining(clock, deadlineAt(clock, clock.wall() + 100, 5000))).toBe(100);
  });

  test("the system clock's timers take delays that Node's own do not", () => {
    const cancel = systemClock.schedule(2 ** 40, () => expect.unreachable());
    cancel();
    expect(systemClock.monotonic()).toBeGreaterThan(0);
  });

  test("the fake clock runs what is due, in order, and not what was cancelled", () => {
    const clock = fakeClock();
    const seen: string[] = [];
    clock.schedule(20, () => seen.push("b"));
    clock.schedule(10, () => {
      seen.push("a");
      clock.schedule(5, () => seen.push("a+5"));
    });
    clock.schedule(15, () => seen.push("never"))();
    clock.advance(30);
    expect(seen).toEqual(["a", "a+5", "b"]);
  });
});

describe("secrets", () => {
  const secret = new Secret("hunter2", { env: "DB" });

  test("nothing prints one", () => {
    for (const text of [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      [secret].join(),
      JSON.stringify(Object.entries(secret)),
    ]) {
      expect(text).not.toContain("hunter2");
    }
    expect(secret.reveal()).toBe("hunter2");
  });

  test("one that was not loaded cannot be used", () => {
    expect(() => new Secret(undefined).reveal()).toThrow("before it was loaded");
    expect(() => new TextFile("ca.pem").text()).toThrow("ca.pem");
  });

  test("a written secret does not pass, and is not repeated", () => {
    const result = secretSchema.safeParse("hunter2");
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error)).not.toContain("hunter2");
    expect(secretSchema.safeParse({ env: "A", file: "b" }).success).toBe(false);
    expect(secretSchema.parse({ file: "b" }).source).toEqual({ file: "b" });
  });
});

describe("ids", () => {
  test("they are a PostgreSQL name that needs no quoting, and never the same", () => {
    const ids = new Set(Array.from({ length: 1000 }, () => newId("gr")));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^gr_[0-9a-z]{16}$/);
    expect(newSecret()).toMatch(/^[0-9a-z]{32}$/);
  });
});

describe("canonical JSON (RFC 8785)", () => {
  test("members are sorted by UTF-16 code units and undefined ones left out", () => {
    expect(
      canonicalJson({ b: 1, a: [true, null, "é\u2028"], c: undefined, "\u{1f600}": 1, "\ufb33": 2 }),
    ).toBe('{"a":[true,null,"é\u2028"],"b":1,"\u{1f600}":1,"\ufb33":2}');
  });

  test("the digest does not depend on the order of members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(digestOf(reversed as never)).toBe(digestOf(value as never));
      }),
    );
  });
});

test("nearest finds the name that was meant, and none when nothing is near", () => {
  expect(closestName("read-order", ["read-orders", "refund-order"])).toBe("read-orders");
  expect(closestName("POSTGRES", ["postgres", "http"])).toBe("postgres");
  expect(closestName("kubernetes", ["postgres", "http"])).toBeUndefined();
});

test("errors carry code, status and hint", () => {
  const error = new MayflyError("grant_expired", "the grant is over", {
    status: 410,
    hint: "ask again",
    cause: new Error("x"),
  });
  expect(error).toMatchObject({
    code: "grant_expired",
    status: 410,
    hint: "ask again",
    message: "the grant is over",
  });
  expect(messageOf("text")).toBe("text");
  expect(messageOf(error)).toBe("the grant is over");
});
