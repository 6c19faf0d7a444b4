import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { verifiedCache } from "./verified-cache.ts";
import type { VerifiedToken } from "./verified-cache.ts";

const clock = fakeClock();

function token(tokenDigest: string, expiresAt: number): VerifiedToken {
  return { verified: { tokenDigest, expiresAt }, issuer: "i", issuedAt: 0 } as VerifiedToken;
}

test("a token is remembered until its exp, not one millisecond longer", () => {
  const cache = verifiedCache(clock);
  const kept = token("d", clock.wall() + 1000);
  cache.put(kept);
  clock.advance(999);
  expect(cache.get("d", () => true)).toBe(kept);
  clock.advance(1);
  expect(cache.get("d", () => true)).toBeUndefined();
});

test("a token inside the leeway behind its exp is never remembered", () => {
  const cache = verifiedCache(clock);
  cache.put(token("d", clock.wall()));
  expect(cache.get("d", () => true)).toBeUndefined();
});

test("a token whose key is gone is forgotten for good", () => {
  const cache = verifiedCache(clock);
  cache.put(token("d", clock.wall() + 1000));
  expect(cache.get("d", () => false)).toBeUndefined();
  expect(cache.get("d", () => true)).toBeUndefined();
});

test("a withdrawn token is forgotten, and known as withdrawn", () => {
  const cache = verifiedCache(clock);
  cache.put(token("d", clock.wall() + 1000));
  cache.withdraw("d");
  expect(cache.get("d", () => true)).toBeUndefined();
  expect(cache.isWithdrawn("d")).toBe(true);
  expect(cache.isWithdrawn("e")).toBe(false);
});
