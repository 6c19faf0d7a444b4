import type { Clock } from "../../kernel/clock.ts";
import type { Probes } from "../../probes/probes.ts";

/** Probes that take whatever comes, for tests that are not about them. */
export function fakeProbes(clock: Clock): Probes {
  const probe = "pr_0000000000000000";
  return {
    offer: async (_, names = ["orders-db"]) => ({
      probe,
      token: `${probe}.token`,
      expiresAt: clock.wall() + 900_000,
      connections: names,
    }),
    start: async () => ({
      probe,
      nonce: "nonce",
      reportBy: clock.wall() + 900_000,
      gateway: { host: "mayfly.test", port: 8443, ports: [8443] },
      targets: [],
    }),
    report: async (who, address, { host, credentials }) => ({
      probe,
      host,
      address,
      principal: who,
      offeredBy: "olaf@example.test",
      probedAt: clock.wall(),
      verdict: "undecided",
      connections: [],
      open: [],
      undecided: [],
      credentials,
    }),
    hosts: async () => [],
  };
}
