import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../kernel/clock.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { SignalRefused } from "../signal-refused.ts";
import type { SignalOutcome, SignalSink } from "../signal.ts";
import { readSecurityEvent } from "./security-event.ts";
import type { SecurityEvent, Transmitter } from "./security-event.ts";

/** The media type of a pushed security event token (RFC 8935, section 2.1). */
export const SECURITY_EVENT_TYPE = "application/secevent+jwt";

export interface SsfReceiverOptions {
  readonly transmitters: readonly Transmitter[];
  readonly audiences: readonly string[];
  /** The whole value of the Authorization header; left out: the signature alone proves the sender. */
  readonly authorization?: Secret;
  readonly sink: SignalSink;
  readonly clock: Clock;
}

/** A pushed message. */
export interface Pushed {
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Buffer | undefined;
}

/** Receives pushed security events (RFC 8935). */
export interface SsfReceiver {
  /**
   * Receives one. A repeated message is accepted, without effect.
   * @throws SignalRefused, or the sink's error when its receipt could not be recorded
   */
  receive(
    pushed: Pushed,
  ): Promise<{ readonly event: SecurityEvent; readonly outcomes: readonly SignalOutcome[] }>;
}

/** Makes the receiver. */
export function createSsfReceiver(options: SsfReceiverOptions): SsfReceiver {
  const { transmitters, audiences, authorization, sink, clock } = options;
  return {
    async receive(pushed) {
      if (authorization !== undefined && !isSame(pushed.authorization, authorization))
        throw new SignalRefused(
          "unauthenticated",
          "the Authorization header is not the agreed one",
          "set the stream's authorization_header to the value of identity.signals.ssf.authorization",
        );
      const type = pushed.contentType?.split(";")[0]?.trim().toLowerCase();
      if (type !== SECURITY_EVENT_TYPE || pushed.body === undefined)
        throw new SignalRefused("malformed", `the content type is not ${SECURITY_EVENT_TYPE}`);
      // A JWT is ASCII: anything else is refused as malformed.
      const text = pushed.body.toString("latin1");
      const event = await readSecurityEvent(text, { transmitters, audiences, now: clock.wall() });
      return { event, outcomes: event.signals.length === 0 ? [] : await sink.receive(event.signals) };
    },
  };
}

function isSame(shown: string | undefined, secret: Secret): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return shown !== undefined && timingSafeEqual(digest(shown), digest(secret.reveal()));
}
