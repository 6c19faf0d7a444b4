import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type FakeClock, fakeClock } from "@mayfly/testing/fake-clock.ts";
import { type FakeLog, fakeLog } from "../../grants/testing/harness.ts";
import { grantModel } from "../../grants/states.ts";
import { type KnownPaths, placeOf } from "../../kernel/known-paths.ts";
import type { Requester } from "../../kernel/requester.ts";
import { openStore, type Store } from "../../storage/store.ts";
import { closedPaths } from "../closed-paths.ts";
import { placeKey } from "../places.ts";
import { createProbes, type Probes } from "../probes.ts";
import type { ProbeStore } from "../store.ts";
import type { KeptTarget, ProbeWay, TargetState } from "../types.ts";

const person = (name: string, kind: Requester["kind"]): Requester => ({
  kind,
  issuer: "https://issuer.test",
  subject: name,
  client: name,
  name,
  groups: ["support"],
  actors: [],
});

export const operator = person("olaf@example.test", "person");
export const bot = person("support-bot", "agent");
export const otherBot = person("other-bot", "agent");

/** A connection to one address. */
export const targetOf = (connection: string, address: string): KeptTarget => ({
  connection,
  protocol: "postgres",
  state: "up",
  endpoints: [
    {
      host: `${connection}.internal`,
      port: 5432,
      speaks: "postgres",
      database: "shop",
      user: "mayfly",
      addresses: [address],
      reached: [address],
    },
  ],
});

/** Ways that close both connections. */
export const closedWays: readonly ProbeWay[] = [
  ["orders-db", "10.0.0.7"],
  ["billing-db", "10.0.0.8"],
].map(([connection = "", address = ""]) => ({
  connection,
  to: `${address}:5432`,
  by: `address ${address}`,
  kind: "direct",
  address,
  port: 5432,
  outcome: "closed",
  found: "timeout",
  detail: "no answer",
}));

/** Probes on a store of their own, and what the world around them is like. */
export interface ProbesHarness {
  readonly probes: Probes;
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly store: Store;
  /** By connection. */
  readonly targets: Map<string, KeptTarget>;
  readonly states: Map<string, TargetState>;
  /** The places that the gateway can connect to when a report comes. */
  readonly reached: Set<string>;
  /** How often the gateway looked at targets for a report. */
  looks: number;
  locked: string | undefined;
  /** Called while addresses are looked up. */
  lookingUp: () => void;
  /** Called while targets are looked at for a report. */
  lookingAgain: () => void;
  /** Another gateway on the same store. @param its its own clock, or what it makes of the store */
  other(its?: { readonly clock?: FakeClock; readonly store?: ProbeStore }): Probes;
  /** What whoever decides about an ask of the bot's would know. */
  known(connection: string, from?: { readonly address?: string; readonly key?: string }): Promise<KnownPaths>;
}

/** Makes probes anew for each test; their store is one file. */
export function useProbes(): () => ProbesHarness {
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-probes-"));
  let store: Store;
  let number = 0;
  beforeAll(async () => {
    store = await openStore({ kind: "sqlite", file: path.join(folder, "probes.db") }, grantModel);
  });
  afterEach(async () => {
    await store.probes.forget({ endedBefore: Infinity, reportedBefore: Infinity });
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return () => {
    number += 1;
    // Each test comes after all that the ones before it have kept.
    const clock = fakeClock(Date.UTC(2026, number, 1));
    const log = fakeLog(() => clock.wall());
    const all = [targetOf("orders-db", "10.0.0.7"), targetOf("billing-db", "10.0.0.8")];
    const targets = new Map(all.map((each) => [each.connection, each]));
    const states = new Map<string, TargetState>(all.map(({ connection }) => [connection, "up"]));
    const h: { -readonly [K in keyof ProbesHarness]: ProbesHarness[K] } = {
      probes: {} as Probes,
      clock,
      log,
      store,
      targets,
      states,
      reached: new Set(["10.0.0.7", "10.0.0.8"].map((address) => placeKey(address, 5432))),
      looks: 0,
      known: async () => ({ why: "" }),
      locked: undefined,
      lookingUp: () => undefined,
      lookingAgain: () => undefined,
      other: (its) =>
        createProbes({
          clock,
          log,
          store: store.probes,
          ...its,
          connections: {
            names: () => [...targets.keys()],
            async targets(names) {
              h.lookingUp();
              return names.flatMap((name) => targets.get(name) ?? []);
            },
            async look() {
              h.looks += 1;
              h.lookingAgain();
              return { states, reached: h.reached };
            },
          },
          gateway: () => ({ host: "mayfly.test", port: 8443, ports: [8443, 6432] }),
          locked: () => h.locked,
          configuration: () => "sha256:c",
        }),
    };
    const find = closedPaths({
      store: store.probes,
      endpointsOf: (connection) => targets.get(connection)?.endpoints,
      now: () => clock.wall(),
    });
    h.known = (connection, { address = "10.9.9.9", key } = {}) =>
      find({ requester: bot, from: placeOf(address, key), connection });
    h.probes = h.other();
    return h;
  };
}
