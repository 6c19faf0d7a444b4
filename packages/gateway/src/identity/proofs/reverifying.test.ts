import { describe, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createProofs, type ProofHolder } from "./proofs.ts";
import { createReverifying } from "./reverifying.ts";

const issuer = "https://okta.example/oauth2/aus1";
const bot: ProofHolder = { kind: "agent", issuer, subject: "0oabot", client: "0oabot" };
const rosa: ProofHolder = { kind: "person", issuer, subject: "rosa@example.com", client: "0oacli" };

function scene() {
  const clock = fakeClock();
  const proofs = createProofs(clock);
  const reverifying = createReverifying(proofs, 60_000, clock);
  const told: string[] = [];
  const prove = (): void => proofs.seen({ principal: bot }, clock.monotonic());
  return { clock, proofs, reverifying, told, prove, listener: (reason: string) => void told.push(reason) };
}

describe("an agent's last proof", () => {
  test("counts as long as it is no older than that, and then says why", () => {
    const { clock, reverifying, prove } = scene();
    expect(reverifying.stale(bot)).toContain("nothing has proven here yet that 0oabot is still good");
    prove();
    clock.advance(60_000);
    expect(reverifying.stale(bot)).toBeUndefined();
    clock.advance(1);
    expect(reverifying.stale(bot)).toBe(
      "the last proof that 0oabot is still good is 1m old, and a proof counts for 1m (reverify)",
    );
    prove();
    expect(reverifying.stale(bot)).toBeUndefined();
  });

  test("is asked of no person", () => {
    const { clock, reverifying, listener, told } = scene();
    expect(reverifying.stale(rosa)).toBeUndefined();
    reverifying.watch(rosa, listener);
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });
});

describe("a watch", () => {
  test("is told once when the proof is too old, and again when a newer one is", () => {
    const { clock, reverifying, prove, listener, told } = scene();
    prove();
    reverifying.watch(bot, listener);
    clock.advance(40_000);
    prove();
    clock.advance(60_000);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toHaveLength(1);
    clock.advance(600_000);
    expect(told).toHaveLength(1);
    prove();
    clock.advance(62_000);
    expect(told).toHaveLength(2);
  });

  test("that begins on an old proof is told at once, beside those that were told before", () => {
    const { clock, reverifying, listener, told } = scene();
    reverifying.watch(bot, listener);
    clock.advance(0);
    expect(told).toHaveLength(1);
    const later: string[] = [];
    reverifying.watch(bot, (reason) => later.push(reason));
    clock.advance(0);
    expect(later).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  test("that has ended hears nothing, and leaves the others' alone", () => {
    const { clock, reverifying, prove, listener, told } = scene();
    prove();
    const ended: string[] = [];
    const end = reverifying.watch(bot, (reason) => ended.push(reason));
    reverifying.watch(bot, () => {
      throw new Error("a listener that fails");
    });
    reverifying.watch(bot, listener);
    end();
    clock.advance(61_000);
    expect(ended).toEqual([]);
    expect(told).toHaveLength(1);
    reverifying.close();
  });

  test("ends within a second of a wall clock that was stepped ahead, and a step back extends nothing", () => {
    const { clock, reverifying, prove, listener, told } = scene();
    prove();
    reverifying.watch(bot, listener);
    clock.advance(10_000);
    clock.stepWall(-3_600_000);
    clock.advance(50_001);
    expect(told).toHaveLength(1);
    prove();
    clock.advance(2000);
    clock.stepWall(3_600_000);
    clock.advance(1000);
    expect(told).toHaveLength(2);
    expect(told[1]).toContain("is 1h");
  });

  test("looks at nobody before their time: one timer, however many there are", () => {
    const { clock, proofs } = scene();
    const asked: string[] = [];
    const counted = { ...proofs, age: (who: ProofHolder) => (asked.push(who.client), proofs.age(who)) };
    const reverifying = createReverifying(counted, 60_000, clock);
    const agents = Array.from({ length: 50 }, (_, at) => ({
      ...bot,
      subject: `0oa${at}`,
      client: `0oa${at}`,
    }));
    for (const principal of agents) {
      proofs.seen({ principal }, clock.monotonic());
      for (let session = 0; session < 20; session++) reverifying.watch(principal, () => undefined);
    }
    clock.advance(59_000);
    // Twice for the first look: stale, and until when not.
    expect(asked.length).toBeLessThanOrEqual(2 * agents.length);
    reverifying.close();
  });
});
