import { expect, test } from "vitest";
import { outcome, setScene } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** Refused because the signature does not verify. */
export const wrongKey = "the signature is not by a key of the provider's metadata";

/**
 * One attack: it must be refused by that very check, and leave nothing used up.
 * @param refusal what the check says; as a pattern, the problem's code too
 * @param make the response
 */
export function attack(name: string, refusal: string | RegExp, make: (scene: Scene) => string): void {
  test.each([name])("%s", async () => {
    const scene = await setScene();
    const came = await outcome(scene.post(make(scene)));
    expect(came).toMatch(typeof refusal === "string" ? /^not_verified: / : refusal);
    expect(came).toContain(typeof refusal === "string" ? refusal : "");
    expect(scene.used.size).toBe(0);
  });
}
