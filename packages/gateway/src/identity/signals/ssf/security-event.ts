import { CLOCK_SKEW_MS } from "../../tokens/check.ts";
import { SignalRefused } from "../signal-refused.ts";
import type { Sender } from "../sender.ts";
import type { Signal } from "../signal.ts";
import { readSignedMessage, timeOf } from "../signed-message.ts";
import type { SignedMessage } from "../signed-message.ts";
import { effectOf, isStreamEvent } from "./events.ts";
import { subjectOf } from "./subject.ts";

/** `typ` of a security event token (RFC 8417, section 2.3). */
const TYPE = "secevent+jwt";

/** Maximum age of a message, milliseconds: a sender that was offline for some days still gets through. */
export const MAX_AGE_MS = 7 * 24 * 3_600_000;

/** Maximum number of events in one message; RFC 8417, section 2: several describe one happening. */
const MAX_EVENTS = 16;

/** A second in the year 5138: a larger number counts milliseconds, as in drafts of CAEP. */
const LAST_SECOND = 100_000_000_000;

/** A transmitter of security events. */
export interface Transmitter extends Sender {
  /** The issuers under which a message may name somebody. */
  readonly subjectIssuers: readonly string[];
  /** A message affects only principals of these issuers. */
  readonly issuers: readonly string[];
}

/** A verified security event token. */
export interface SecurityEvent {
  readonly jti: string;
  readonly issuer: string;
  /** The events' types, unchanged. */
  readonly events: readonly string[];
  /** The effects, without events that have none here. */
  readonly signals: readonly Signal[];
}

export interface SsfExpectations {
  readonly transmitters: readonly Transmitter[];
  readonly audiences: readonly string[];
  readonly now: number;
}

/**
 * Verifies a security event token (RFC 8417; SSF 1.0, section 4) and reads it.
 * @throws SignalRefused
 */
export async function readSecurityEvent(text: string, desk: SsfExpectations): Promise<SecurityEvent> {
  const { audiences, now } = desk;
  const expected = { type: TYPE, senders: desk.transmitters, audiences, now };
  const message = await readSignedMessage(text, expected);
  const { claims, sender, jti, issuedAt } = message;
  if (now - issuedAt > MAX_AGE_MS + CLOCK_SKEW_MS)
    throw new SignalRefused("time", "the message is older than 7 days");
  // SSF 1.0, section 4.1.7, forbids `exp`; where it is present all the same, it is respected.
  const expires = timeOf(claims, "exp");
  if (expires !== undefined && now >= expires + CLOCK_SKEW_MS)
    throw new SignalRefused("time", "the message has expired");
  // Access tokens signed with the same keys have these: a message must not pass for a token, nor a token for a message.
  if (Object.hasOwn(claims, "sub"))
    throw new SignalRefused("malformed", "the message has a sub, which SSF forbids: the subject is sub_id");
  const events = eventsOf(claims["events"]);
  return {
    jti,
    issuer: sender.issuer,
    events: events.map(([type]) => type),
    signals: events.flatMap(([type, body]) => signalsOf(message, type, body)),
  };
}

type Members = Readonly<Record<string, unknown>>;

function eventsOf(value: unknown): readonly (readonly [string, Members])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SignalRefused("malformed", "the message has no events");
  const events = Object.entries(value);
  if (events.length === 0 || events.length > MAX_EVENTS)
    throw new SignalRefused("malformed", `the message has no event, or more than ${MAX_EVENTS}`);
  return events.map(([type, body]) => {
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new SignalRefused("malformed", "an event is no JSON object");
    return [type, body as Members] as const;
  });
}

function signalsOf(message: SignedMessage<Transmitter>, type: string, body: Members): readonly Signal[] {
  if (isStreamEvent(type)) return [];
  const effect = effectOf(type, body);
  if (effect === undefined) return [];
  const { claims, sender, jti } = message;
  return [
    {
      channel: "ssf",
      id: JSON.stringify([sender.issuer, jti, type]),
      event: type,
      at: happenedAt(message, body),
      subject: subjectOf(claims, body, sender.subjectIssuers),
      effect,
      issuers: sender.issuers,
    },
  ];
}

/** When it happened: CAEP's `event_timestamp`, RFC 8417's `toe`, else the time of issue; never later than that. */
function happenedAt({ claims, issuedAt }: SignedMessage<Transmitter>, body: Members): number {
  const said = timeOf(body, "event_timestamp") ?? timeOf(claims, "toe") ?? issuedAt;
  return Math.min(said > LAST_SECOND * 1000 ? said / 1000 : said, issuedAt);
}
