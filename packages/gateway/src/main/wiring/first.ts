import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { createProtocols, type ProtocolFactory, servingNobody, type Surroundings } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import type { GatewayOptions } from "../gateway.ts";
import { certificatesOf } from "../tls/certificates.ts";
import { cancelsAmong } from "../workers/cancels.ts";
import { sharedFolder, workerConfiguration } from "../workers/place.ts";
import { mustBeHandedOver } from "../workers/retired.ts";
import type { Siblings } from "../workers/siblings.ts";
import type { Adopted, Boot, InForce } from "./boot.ts";
import type { Records } from "./records.ts";

/** Loads the configuration, and the certificate that it names. */
export async function loadFirst(
  { file, environment, clock, worker }: GatewayOptions,
  factories: readonly ProtocolFactory[],
): Promise<InForce> {
  const loaded = await load(file, createProtocols(servingNobody, factories), environment);
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  if (worker === undefined) mustBeHandedOver(loaded.configuration, undefined);
  const expected = worker?.configuration;
  if (expected !== undefined && loaded.configuration.digest !== expected)
    throw new ConfigurationRefused(
      `${file} is not the configuration that the other workers run, which serve on; hint: send SIGHUP to adopt it, or put it back`,
    );
  const configuration = workerConfiguration(loaded.configuration, worker?.place);
  const adopted: Adopted = { ...loaded, configuration };
  const folder = sharedFolder(configuration, worker?.place);
  return { adopted, certificates: await certificatesOf(configuration, clock, folder) };
}

/** What protocols are given. @param records asked only once they are open */
export function surroundingsOf(
  { clock }: Boot,
  inForce: InForce,
  url: string,
  records: () => Records,
  siblings: Siblings | undefined,
): Surroundings {
  const { ports } = inForce.adopted.configuration.listen;
  return {
    clock,
    secureContext: () => inForce.certificates.context,
    allowsInsecureLoopback: (kind) => ports.get(kind)?.allowInsecureLoopback === true,
    url: () => url,
    gateway: () => records().audit.id,
    ...(siblings === undefined ? {} : { cancels: cancelsAmong(siblings) }),
    gatewayBefore() {
      const { knownLog } = records();
      return knownLog?.accepted === undefined ? undefined : knownLog.key;
    },
  };
}
