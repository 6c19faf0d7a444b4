import { createHash } from "node:crypto";
import type { Clock } from "../../../kernel/clock.ts";
import { SignalRefused } from "../signal-refused.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import type { Sender } from "../sender.ts";
import type { Signal, SignalOutcome, SignalSink } from "../signal.ts";
import { readRevocationBody } from "./body.ts";
import { readRevocationToken } from "./token.ts";

/** Remembers messages past a restart, for all gateways of a store. */
export interface RememberedMessages {
  /** Remembers an id, of any length, until that time. */
  mark(kind: string, id: string, until: number): Promise<void>;
  /** Until when an id is remembered, milliseconds since the epoch. */
  marked(kind: string, id: string): Promise<number | undefined>;
}

export interface GlobalTokenRevocationOptions {
  /** The hosts of the org whose signature is accepted. */
  readonly senders: readonly Sender[];
  /** The endpoint's own URL. */
  readonly audiences: readonly string[];
  /** Accepted values of `sub`: client ids and app instance ids. */
  readonly clients: readonly string[];
  /** The issuers under which a body may name somebody. */
  readonly subjectIssuers: readonly string[];
  /** A revocation affects only principals of these issuers. */
  readonly issuers: readonly string[];
  readonly sink: SignalSink;
  readonly remembered: RememberedMessages;
  readonly clock: Clock;
}

/** Receives Okta's Universal Logout (draft-parecki-oauth-global-token-revocation). */
export interface GlobalTokenRevocation {
  /**
   * Receives one revocation, which ends all that its subject has.
   * @param token from the Authorization header; undefined when there is none
   * @throws SignalRefused, or the sink's error when its receipt could not be recorded
   */
  receive(token: string | undefined, body: Buffer | undefined): Promise<readonly SignalOutcome[]>;
}

/** The event's name in records: Okta's own name for the cause of the call. */
const EVENT = "global_token_revocation";

/** The kind under which the store remembers accepted messages. */
const KIND = "global-token-revocation";

/** Maximum number of JWTs whose bodies this process remembers, for times when the store is away. */
const MAX_USED = 10_000;

/** Makes the receiver. */
export function createGlobalTokenRevocation(options: GlobalTokenRevocationOptions): GlobalTokenRevocation {
  const { senders, audiences, clients, sink, remembered, clock } = options;
  const used = boundedMap<string>(MAX_USED);
  return {
    async receive(token, body) {
      if (token === undefined)
        throw new SignalRefused(
          "unauthenticated",
          "the request carries no JWT",
          "send Authorization: Bearer with a JWT of the type global-token-revocation+jwt",
        );
      const now = clock.wall();
      const proof = await readRevocationToken(token, { senders, audiences, clients, now });
      const bytes = body ?? Buffer.alloc(0);
      const subject = readRevocationBody(bytes, options.subjectIssuers);
      const signal: Signal = {
        channel: "global_token_revocation",
        id: JSON.stringify([proof.sender.issuer, proof.jti]),
        event: EVENT,
        // By the clock that is ahead: a session that began a moment ago must not look like a later one.
        at: Math.max(proof.issuedAt, now),
        subject,
        effect: "end",
        issuers: options.issuers,
      };
      // The signature covers the JWT alone. The sink gives an id effect once, whatever body comes with it. The remembered body
      // tells a sender's second try from a seen JWT that somebody uses for another subject.
      const same = JSON.stringify([signal.id, createHash("sha256").update(bytes).digest("hex")]);
      if ((used.get(signal.id) ?? same) !== same) throw replayed();
      used.set(signal.id, same);
      const outcomes = await sink.receive([signal]);
      if (!outcomes.some(({ isRepeat }) => isRepeat)) await remembered.mark(KIND, same, proof.until);
      else if ((await remembered.marked(KIND, same)) === undefined) throw replayed();
      return outcomes;
    },
  };
}

function replayed(): SignalRefused {
  return new SignalRefused(
    "replayed",
    "the JWT's id was used for another request",
    "make a new JWT for each request",
  );
}
