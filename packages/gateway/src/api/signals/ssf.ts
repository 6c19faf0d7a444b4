import * as z from "zod";
import { SignalRefused } from "../../identity/signals/signal-refused.ts";
import { ssfErrorCodes } from "../../identity/signals/ssf/error-codes.ts";
import { type EndpointResponse, openEndpoint } from "../contract/endpoint.ts";
import { headerOf, notConfigured, takeMessage } from "./refused.ts";

/** The body of a refusal (RFC 8935, section 2.3). */
const errorSchema = z.object({ err: z.string(), description: z.string() });

/** Takes security event tokens that are pushed (RFC 8935): see identity/signals/ssf/. */
export const securityEvent = openEndpoint({
  id: "POST /v1/signals/ssf",
  operationId: "securityEvent",
  summary: "Takes a security event token (SSF, CAEP, RISC) that is pushed",
  browser: true,
  bytes: true,
  body: z.instanceof(Buffer).optional(),
  answers: {
    202: { description: "Taken" },
    400: { description: "Why not (RFC 8935, section 2.4)", schema: errorSchema },
  },
  async handle(call) {
    const receiver = call.services.signals?.securityEvents;
    if (receiver === undefined) throw notConfigured("ssf");
    const pushed = {
      contentType: headerOf(call, "content-type"),
      authorization: headerOf(call, "authorization"),
      body: call.body,
    };
    try {
      const { event } = await takeMessage("ssf", call, () => receiver.receive(pushed));
      const { issuer, jti, events, signals } = event;
      call.services.logger.info({ issuer, jti, events, signals: signals.length }, "security event taken");
      return { status: 202 };
    } catch (thrown) {
      if (!(thrown instanceof SignalRefused) || thrown.why === "keys_unavailable") throw thrown;
      return refused(ssfErrorCodes[thrown.why], thrown);
    }
  },
});

function refused(err: string, { message, hint }: SignalRefused): EndpointResponse {
  const description = hint === undefined ? message : `${message}; hint: ${hint}`;
  return { status: 400, body: { err, description }, headers: { "content-language": "en" } };
}
