import * as z from "zod";
import { hostAndPort } from "./fields.ts";
import type { ListenAddress, PortSchema, ProtocolSchema } from "./types.ts";

const address = hostAndPort.transform((at) => ({ ...at, allowInsecureLoopback: false }));

/** The address of a protocol's own port. */
function portSchema({ mayAllowInsecureLoopback }: PortSchema): z.ZodType<ListenAddress> {
  if (!mayAllowInsecureLoopback) return address;
  return z
    .union(
      [
        address,
        z.strictObject({ address: hostAndPort, allow_insecure_loopback: z.boolean().default(false) }),
      ],
      { error: "this must be HOST:PORT, or { address: HOST:PORT, allow_insecure_loopback: true }" },
    )
    .transform((at) =>
      "address" in at ? { ...at.address, allowInsecureLoopback: at.allow_insecure_loopback } : at,
    );
}

/** `listen:`, with a member for each protocol with a port of its own. */
export function listenSchema(
  protocols: readonly ProtocolSchema[],
): z.ZodType<{ readonly [member: string]: ListenAddress | undefined }> {
  const ports = protocols.flatMap(({ kind, port }) =>
    port === undefined ? [] : [[kind, portSchema(port).optional()] as const],
  );
  const metrics = address.optional().meta({
    description:
      "A port for Prometheus alone; off the loopback address it speaks TLS and takes telemetry.metrics.token",
  });
  return z.strictObject({ https: address.optional(), metrics, ...Object.fromEntries(ports) });
}
