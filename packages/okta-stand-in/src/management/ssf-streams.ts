import { randomUUID } from "node:crypto";
import type { SsfTransmitter, StandInStream } from "../senders/ssf.ts";
import { ssfEvents } from "../senders/ssf.ts";
import { OktaApiError } from "./okta-error.ts";
import { change, get } from "./route.ts";
import type { Route } from "./route.ts";

/** RFC 8935. */
const push = "urn:ietf:rfc:8935";

/**
 * `/api/v1/ssf/stream`: makes a stream with push delivery, and verifies it.
 * @param ca the CA (PEM) of receivers, besides the public ones
 */
export function ssfStreamRoutes(
  origin: string,
  ssf: SsfTransmitter,
  ca: () => string | undefined,
): readonly Route[] {
  const streams: Record<string, unknown>[] = [];
  return [
    get(/^\/api\/v1\/ssf\/stream$/, "ssf.read", () => streams),
    change("POST", /^\/api\/v1\/ssf\/stream$/, "ssf.manage", async (_, { body }) => {
      const { delivery } = body as { delivery?: Record<string, unknown> };
      const url = delivery?.["endpoint_url"];
      const authorization = delivery?.["authorization_header"];
      if (delivery?.["method"] !== push || typeof url !== "string")
        throw new OktaApiError(400, "E0000001", "Api validation failed: delivery");
      const stream: StandInStream = {
        url,
        audience: url,
        ca: ca(),
        ...(typeof authorization === "string" ? { authorization } : {}),
      };
      await ssf.add(stream);
      const made = {
        stream_id: randomUUID().replaceAll("-", ""),
        iss: origin,
        aud: stream.audience,
        format: "iss_sub",
        events_delivered: [ssfEvents.sessionRevoked, ssfEvents.credentialChange],
        delivery: { method: push, endpoint_url: url },
      };
      streams.push(made);
      return { status: 201, body: made };
    }),
  ];
}
