import { expect, test } from "vitest";
import type { Actor, Lockdown } from "../grants/grants.ts";
import { lockDownAtStart } from "./lockdown-at-start.ts";

/** What the grants do: a lock-down in force stays as it is. */
function scene(locked?: Lockdown) {
  const said: object[] = [];
  const grants = {
    locked,
    async lockdown(operator: Actor, reason: string): Promise<Lockdown> {
      this.locked ??= { since: 0, by: operator.subject, reason };
      return this.locked;
    },
  };
  const logger = { warn: (facts: object) => void said.push(facts) };
  return { grants, said, start: () => lockDownAtStart(grants, "INC-13", logger as never) };
}

test("a start with a reason locks down, without a word", async () => {
  const { grants, said, start } = scene();
  await start();
  expect(grants.locked).toMatchObject({ reason: "INC-13" });
  expect(said).toEqual([]);
});

test("a lock-down in force is kept, and the start says that its own reason is not recorded", async () => {
  const before = { since: 1_700_000_000_000, by: "olga", reason: "INC-12" };
  const { grants, said, start } = scene(before);
  await start();
  expect(grants.locked).toBe(before);
  expect(said).toEqual([
    { reason: "INC-12", by: "olga", since: "2023-11-14T22:13:20.000Z", asked: "INC-13" },
  ]);
});
