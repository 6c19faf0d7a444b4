// tier: full
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { existsSync } from "node:fs";
import { type Client, clients } from "./clients.ts";
import { startClientWorld, type ClientWorld, type Outcome } from "./world.ts";

// Unmodified clients, each doing what its user's first hour does, beside the same script on a direct connection.

let world: ClientWorld;
beforeAll(async () => {
  world = await startClientWorld();
});
afterAll(() => world.stop());

/** The steps that came out differently, each with both outcomes for whoever reads a failure. */
function differences(
  direct: Outcome,
  through: Outcome,
): Record<string, { direct?: string; through?: string }> {
  const names = new Set([...direct.keys(), ...through.keys()]);
  const found: Record<string, { direct?: string; through?: string }> = {};
  for (const name of names) {
    const [one, other] = [direct.get(name), through.get(name)];
    if (one !== other)
      found[name] = {
        ...(one === undefined ? {} : { direct: one }),
        ...(other === undefined ? {} : { through: other }),
      };
  }
  return found;
}

// Set-up installs all of it where it may: as root nothing may be missing.
const isRoot = process.getuid?.() === 0;
const isHere = ({ needs = [] }: Client): boolean => isRoot || needs.every((file) => existsSync(file));

describe.each(clients.filter(isHere))("$name", (client) => {
  let direct: Outcome;
  beforeAll(async () => {
    direct = await world.work(client, "direct");
  });

  test.each(["narrow", "catalog"] as const)("comes out under %s as it does directly", async (way) => {
    expect(direct.size).toBeGreaterThan(3);
    const found = differences(direct, await world.work(client, way));
    const unexpected = Object.entries(found).filter(([name]) => !(name in client.differs[way]));
    expect(Object.fromEntries(unexpected)).toEqual({});
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(client.differs[way]).toSorted());
  });

  test("is told why when its grant ends, and again when it comes back", async () => {
    const outcome = await world.life(client);
    expect(outcome.get("asked")).not.toContain("error");
    // lib/pq tells of an end in words of its own alone.
    expect(outcome.get("ended")).toMatch(/released|closed|driver: bad connection/u);
    expect(outcome.get("again")).toMatch(/grant gr_[0-9a-z]{16}[^"]*released/u);
  });
});
