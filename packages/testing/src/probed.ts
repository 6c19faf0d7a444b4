import type { ProbeReport, ProbeTask } from "@mayfly/sdk";

/** A report of a host from which every told address refuses. Nothing was tried: it says what its host says. */
export function closedReport({ nonce, targets }: ProbeTask): ProbeReport {
  return {
    nonce,
    host: "support-1",
    ways: targets.flatMap(({ connection, endpoints }) =>
      endpoints.flatMap(({ addresses, port }) =>
        addresses.map((address) => ({
          connection,
          to: `${address}:${port}`,
          by: "address",
          kind: "direct" as const,
          address,
          port,
          outcome: "closed" as const,
          found: "refused" as const,
          detail: "",
        })),
      ),
    ),
    credentials: [],
  };
}
