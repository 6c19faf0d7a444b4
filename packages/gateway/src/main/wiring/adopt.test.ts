import { expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { type AdoptParts, createAdopt } from "./adopt.ts";
import type { Adopted } from "./boot.ts";

/** A configuration that names nothing; told apart by its digest. */
function adopted(digest: string): Adopted {
  const configuration = {
    digest,
    url: "https://gateway.test",
    identity: { agents: [], people: {}, roles: {} },
    connections: new Map(),
    policies: [],
    limits: { pendingPerPrincipal: 1 },
    notifications: { webhooks: [] },
    export: { holdBack: 0, destinations: [] },
    tls: { certificate: "", key: { reveal: () => "" } },
  };
  return { configuration, policies: {} } as unknown as Adopted;
}

test("what opens sessions and says who somebody is changes with the rules, and not behind the ends that these bring", async () => {
  const told: string[] = [];
  const ends = Promise.withResolvers<{ ended: number; voided: number }>();
  const people = Promise.withResolvers<undefined>();
  const inForce = { adopted: adopted("before"), certificates: {} } as AdoptParts["inForce"];
  const tell = (what: string) => (): void =>
    void told.push(`${what}: ${inForce.adopted.configuration.digest}`);
  const adopt = createAdopt({
    boot: { clock: systemClock },
    inForce,
    protocols: [],
    identity: {
      known: {},
      okta: { adopt: tell("okta") },
      prepare: () => () => {
        tell("identity")();
        return people.promise;
      },
    },
    grants: {
      adopt() {
        tell("rules")();
        return ends.promise;
      },
    },
    https: { show: tell("certificates") },
    systemLog: { adopt: tell("system log") },
    notifications: {
      adopt() {
        tell("notifications")();
        return Promise.resolve();
      },
    },
    exports: {
      adopt() {
        tell("exports")();
        return Promise.resolve();
      },
    },
    api: { adopt: tell("api") },
    probes: { lookSoon: () => undefined },
    sweep: { lookSoon: () => undefined },
    tlsFolder: () => "",
  } as unknown as AdoptParts);
  const adopting = adopt(adopted("next"));
  await expect.poll(() => told).toContain("rules: next");
  // The ends are still being written, and the sessions of people still being ended.
  expect(told).toEqual(
    expect.arrayContaining([
      "okta: next",
      "identity: next",
      "certificates: next",
      "system log: next",
      "notifications: next",
      "exports: next",
      "api: next",
    ]),
  );
  people.resolve(undefined);
  ends.resolve({ ended: 1, voided: 0 });
  await expect(adopting).resolves.toEqual({ ended: 1, voided: 0 });
});
