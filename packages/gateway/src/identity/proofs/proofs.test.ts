import { describe, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createProofs, type ProofHolder } from "./proofs.ts";

const issuer = "https://okta.example/oauth2/aus1";
const bot: ProofHolder = { kind: "agent", issuer, subject: "0oabot", client: "0oabot" };
const forRosa: ProofHolder = { ...bot, subject: "rosa@example.com" };

function scene() {
  const clock = fakeClock();
  return { clock, proofs: createProofs(clock) };
}

describe("the age of the last proof", () => {
  test("is endless where nothing was ever proven", () => {
    expect(scene().proofs.age(bot)).toBe(Number.POSITIVE_INFINITY);
  });

  test("is counted from when the provider was asked, not from its answer", () => {
    const { clock, proofs } = scene();
    const asked = clock.monotonic();
    clock.advance(4000);
    proofs.seen({ principal: bot }, asked);
    expect(proofs.age(bot)).toBe(4000);
    clock.advance(1000);
    expect(proofs.age(bot)).toBe(5000);
  });

  test("grows younger by a newer answer alone: one that comes late changes nothing", () => {
    const { clock, proofs } = scene();
    clock.advance(10_000);
    proofs.seen({ principal: bot }, 9000);
    proofs.seen({ principal: bot }, 2000);
    expect(proofs.age(bot)).toBe(1000);
    proofs.seen({ principal: bot }, 10_000);
    expect(proofs.age(bot)).toBe(0);
  });

  test("is never of a moment to come", () => {
    const { clock, proofs } = scene();
    proofs.seen({ principal: bot }, clock.monotonic() + 60_000);
    proofs.issued(forRosa, clock.wall() + 60_000);
    clock.advance(5000);
    expect(proofs.age(bot)).toBe(5000);
    expect(proofs.age(forRosa)).toBe(5000);
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY])("%s is no proof", (at) => {
    const { proofs } = scene();
    proofs.seen({ principal: bot }, at);
    proofs.issued(bot, at);
    expect(proofs.age(bot)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("who is proven", () => {
  test("a principal's token proves that principal alone", () => {
    const { proofs } = scene();
    proofs.seen({ principal: forRosa }, 0);
    expect(proofs.age(forRosa)).toBe(0);
    expect(proofs.age(bot)).toBe(Number.POSITIVE_INFINITY);
    expect(proofs.age({ ...forRosa, client: "0oaother" })).toBe(Number.POSITIVE_INFINITY);
    expect(proofs.age({ ...forRosa, kind: "person" })).toBe(Number.POSITIVE_INFINITY);
  });

  test("an agent that the management API calls active is proven whomever it acts for, by the issuers named", () => {
    const { proofs } = scene();
    proofs.seen({ issuers: [issuer], client: "0oabot" }, 0);
    expect(proofs.age(bot)).toBe(0);
    expect(proofs.age(forRosa)).toBe(0);
    expect(proofs.age({ ...bot, client: "0oaother" })).toBe(Number.POSITIVE_INFINITY);
    expect(proofs.age({ ...bot, issuer: "https://other.example" })).toBe(Number.POSITIVE_INFINITY);
  });

  test("word of all that ended proves those who were good when it began, and nobody else", () => {
    const { clock, proofs } = scene();
    clock.advance(60_000);
    proofs.seen({ principal: bot }, 30_000);
    proofs.seen({ principal: forRosa }, 10_000);
    const unknown = { ...bot, subject: "0oaother", client: "0oaother" };
    proofs.seen({ issuers: [issuer], since: 20_000 }, 60_000);
    expect(proofs.age(bot)).toBe(0);
    // What became of it before the word began is not known.
    expect(proofs.age(forRosa)).toBe(50_000);
    expect(proofs.age(unknown)).toBe(Number.POSITIVE_INFINITY);
    // What goes on where it stopped reaches as far back.
    clock.advance(10_000);
    proofs.seen({ issuers: [issuer], since: 60_000 }, 70_000);
    expect(proofs.age(bot)).toBe(0);
    // What begins anew after a gap does not.
    clock.advance(10_000);
    proofs.seen({ issuers: [issuer], since: 75_000 }, 80_000);
    expect(proofs.age(bot)).toBe(50_000);
  });
});

describe("a token that was issued", () => {
  test("proves its principal from when it was issued", () => {
    const { clock, proofs } = scene();
    proofs.issued(bot, clock.wall() - 30_000);
    expect(proofs.age(bot)).toBe(30_000);
    proofs.issued(bot, clock.wall() - 45_000);
    expect(proofs.age(bot)).toBe(30_000);
  });

  test("proves nothing when it is shown again, also after the wall clock was stepped back", () => {
    const { clock, proofs } = scene();
    const issuedAt = clock.wall();
    proofs.issued(bot, issuedAt);
    clock.advance(50_000);
    clock.stepWall(-3_600_000);
    proofs.issued(bot, issuedAt);
    expect(proofs.age(bot)).toBe(50_000);
    // A newer one does.
    proofs.issued(bot, issuedAt + 50_000);
    expect(proofs.age(bot)).toBe(0);
  });
});

describe("the clocks", () => {
  test("a wall clock stepped back keeps no proof young, one stepped ahead makes it old", () => {
    const { clock, proofs } = scene();
    proofs.seen({ principal: bot }, clock.monotonic());
    clock.stepWall(-86_400_000);
    clock.advance(10_000);
    expect(proofs.age(bot)).toBe(10_000);
    clock.stepWall(2 * 86_400_000);
    expect(proofs.age(bot)).toBeGreaterThanOrEqual(86_400_000);
    // The next answer counts again.
    proofs.seen({ principal: bot }, clock.monotonic());
    expect(proofs.age(bot)).toBe(0);
  });
});
