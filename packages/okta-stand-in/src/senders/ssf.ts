import { randomUUID } from "node:crypto";
import type { JWK } from "jose";
import type { SystemLog } from "../events/system-log.ts";
import type { SigningKeys } from "../keys.ts";
import type { Person } from "../options.ts";
import { NoAnswer, send } from "./post.ts";
import type { Answer } from "./post.ts";

/** The events' URIs (OpenID CAEP 1.0; OpenID SSF 1.0, section 8.1.4). */
export const ssfEvents = {
  sessionRevoked: "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
  credentialChange: "https://schemas.openid.net/secevent/caep/event-type/credential-change",
  tokenClaimsChange: "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
  accountDisabled: "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
  verification: "https://schemas.openid.net/secevent/ssf/event-type/verification",
} as const;

/** A stream with push delivery (RFC 8935). */
export interface StandInStream {
  readonly url: string;
  /** The `authorization_header` that the receiver chose when it made the stream, whole. */
  readonly authorization?: string;
  /** `aud` of the security event tokens. */
  readonly audience: string;
  /** The CA (PEM) of the receiver's certificate. */
  readonly ca?: string | undefined;
}

/** What one security event token says. */
export interface SecurityEvent {
  /** The event's URI, or one of the short names of `ssfEvents`. */
  readonly event: string;
  /** The login or id of a person, or a subject as it shall be sent. */
  readonly subject?: string | Record<string, unknown>;
  /** Members of the event beside its time. */
  readonly details?: Record<string, unknown>;
  /** Milliseconds since the epoch; now when left out. */
  readonly at?: number;
  /** Over the token's claims; undefined removes one. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: JWK;
}

export interface SsfTransmitter {
  /** Makes a stream and sends its verification event, as Okta does. Logouts go to it from now on. */
  add(stream: StandInStream): Promise<Answer>;
  /** A signed security event token (RFC 8417). */
  token(stream: StandInStream, event: SecurityEvent): Promise<string>;
  /** Signs a security event token and pushes it. */
  push(stream: StandInStream, event: SecurityEvent): Promise<Answer>;
  /** Pushes a body as it is. */
  pushBody(stream: StandInStream, body: string): Promise<Answer>;
  /** Waits until the events of logouts have been answered or given up. */
  settled(): Promise<void>;
}

/**
 * The transmitter of the shared signals framework. As Okta's it makes `session-revoked` from a logout and names people by
 * issuer and user id; `push` sends whatever else another transmitter would.
 */
export function ssfTransmitter(
  issuer: string,
  keys: SigningKeys,
  person: (login: string) => Person | undefined,
  log: SystemLog,
): SsfTransmitter {
  const streams: StandInStream[] = [];
  const running = new Set<Promise<unknown>>();
  const subjectOf = (subject: SecurityEvent["subject"]): Record<string, unknown> | undefined =>
    typeof subject === "string"
      ? { format: "iss_sub", iss: issuer, sub: person(subject)?.uid ?? subject }
      : subject;
  const token: SsfTransmitter["token"] = async (stream, event) => {
    const at = event.at ?? Date.now();
    const uri = event.event in ssfEvents ? ssfEvents[event.event as keyof typeof ssfEvents] : event.event;
    const when = uri === ssfEvents.verification ? {} : { event_timestamp: Math.floor(at / 1000) };
    const subject = subjectOf(event.subject);
    const claims = {
      iss: issuer,
      jti: randomUUID(),
      iat: Math.floor(at / 1000),
      aud: stream.audience,
      ...(subject === undefined ? {} : { sub_id: subject }),
      events: { [uri]: { ...when, ...event.details } },
      ...event.claims,
    };
    return keys.sign(claims, { typ: "secevent+jwt", ...event.header }, event.key);
  };
  const pushBody: SsfTransmitter["pushBody"] = (stream, body) =>
    send(stream.url, {
      headers: {
        "content-type": "application/secevent+jwt",
        accept: "application/json",
        ...(stream.authorization === undefined ? {} : { authorization: stream.authorization }),
      },
      body,
      ca: stream.ca,
    });
  const push: SsfTransmitter["push"] = async (stream, event) => pushBody(stream, await token(stream, event));
  log.onEvent((event) => {
    const user = (event["target"] as readonly { id: string; type: string }[]).find(
      (one) => one.type === "User",
    );
    if (event.eventType !== "user.session.end" || user === undefined) return;
    for (const stream of streams) {
      const call = push(stream, { event: "sessionRevoked", subject: user.id })
        .catch((error: unknown) => {
          if (!(error instanceof NoAnswer)) throw error;
        })
        .finally(() => running.delete(call));
      running.add(call);
    }
  });
  return {
    token,
    push,
    pushBody,
    async add(stream) {
      const answer = await push(stream, {
        event: "verification",
        subject: { format: "opaque", id: randomUUID() },
        details: { state: randomUUID() },
      });
      streams.push(stream);
      return answer;
    },
    async settled() {
      await Promise.all(running);
    },
  };
}
