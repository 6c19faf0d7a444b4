import type { EventEmitter } from "node:events";
import type { Json } from "../kernel/canonical.ts";
import type { Denial, NamedScope } from "./protocol.ts";
import type { Permit } from "./permit.ts";
import type { Account } from "./web/sharing.ts";
import type { ScramExchange, GrantSecretProof } from "./scram.ts";

/** The only door: opens sessions, judges acts, mints permits, cuts at the deadline. */
export interface Gate<Act> {
  /**
   * Starts a SCRAM-SHA-256 exchange for a grant's secret. An unknown grant gets an exchange that fails at its
   * end, indistinguishable until then.
   */
  scram(grant: string): ScramExchange;
  /** Verifies the identity, finds the live grant on that connection and records the session. */
  open(proof: Proof, connection: string, client: ClientFacts): Promise<Session<Act> | Refusal>;
  /** Bounds that the protocol keeps by itself. */
  readonly limits: { readonly handshakeMs: number; readonly messageBytes: number };
  /** Records that somebody failed to authenticate. Never throws. */
  refused(client: ClientFacts, connection: string, why: string): void;
  /**
   * For protocols over HTTP: verifies the bearer of one request and finds the session of its client's connection, or
   * opens one. Called for every request.
   */
  enter(entry: Entry): Promise<WebSession<Act> | Refusal>;
}

/** One request at the door of a protocol over HTTP. */
export interface Entry {
  /** A grant's id and secret, `gr_….SECRET`, or an Okta access token. */
  readonly bearer: string;
  readonly connection: string;
  readonly client: ClientFacts;
  /** The client's connection (its socket): sessions live and end with it. */
  readonly socket: EventEmitter;
  /**
   * Which grant, where the client names one. Left out, with an access token: the newest live grant of the principal
   * on the connection whose scopes `covers` names good, else the newest.
   */
  readonly grant?: string;
  /** Told whose the request is, as soon as that is known; throws what `enter` then rejects with. */
  readonly account?: Pick<Account, "belongsTo">;
  /**
   * Called once the bearer has verified and before `covers`: for what costs memory to learn, such as a body. Nobody
   * unknown can have it done.
   */
  readonly prepare?: () => Promise<void>;
  /** Chooses among several grants of one principal, and permits nothing: `judge` alone does. */
  readonly covers?: (scopes: readonly NamedScope<never>[], target: unknown) => boolean;
}

/** A session of a protocol over HTTP: many requests of one client connection, in flight side by side. */
export interface WebSession<Act> extends Pick<
  Session<Act>,
  "id" | "grant" | "target" | "scopes" | "endsAt" | "complete" | "ended"
> {
  /** Who holds the grant, for protocols that tell the target. */
  readonly holder: { readonly name: string; readonly subject: string; readonly person?: string };
  /** As Session.judge, and answers once the turn's records are written: what has a permit may leave at once. */
  judge(act: Act, detail: string): Promise<Decision>;
  /**
   * Keeps bulky bytes beside the log, a recording say.
   * @returns a reference, for the `more` of the act's outcome
   * @throws MayflyError when the log takes nothing: then what is recorded must not go on
   */
  payload(bytes: Buffer): { readonly bytes: number; readonly payload: string };
}

/** How a client proves who it is: the outcome of a SCRAM exchange, or an access token with the grant it names. */
export type Proof =
  | GrantSecretProof
  | { readonly kind: "token"; readonly token: string; readonly grant: string };

/** What is known of the client's connection, for records. */
export interface ClientFacts {
  readonly protocol: string;
  readonly address: string;
  readonly tls: boolean;
  /** For example PostgreSQL's application_name. */
  readonly software?: string;
}

/** A session that was not opened, and why; for the client to read. */
export interface Refusal {
  readonly refused: Denial;
  readonly code: "unauthenticated" | "no_grant" | "locked_down" | "unavailable" | "too_many";
}

/** One authenticated use of a grant by one client connection. */
export interface Session<Act> {
  readonly id: string;
  readonly grant: string;
  /** Who holds the grant, as a key to count by. */
  readonly principal: string;
  /** The upstream target, as the protocol's schema parsed it. Its secrets stay in the gateway. */
  readonly target: unknown;
  /** Names and scopes granted, for the session's set-up upstream (read-only, time-out). */
  readonly scopes: readonly { readonly name: string; readonly scope: unknown }[];
  /** The wall-clock deadline, for messages. */
  readonly endsAt: number;
  /**
   * Registers what leaves or is refused at the end of a turn in which `judge` permitted something. Called once,
   * before the first `judge`.
   */
  attach(sender: TurnSender): void;
  /**
   * Checks the deadline, decides and records in one synchronous step.
   * @param detail how the act is written down: canonical JSON (RFC 8785) text of an object, built by the protocol;
   * it becomes the record's `detail.act`. What was really sent: the statement's text once a session, then its
   * digest, and its bind values every time.
   */
  judge(act: Act, detail: string): Decision;
  /** Records what became of a permitted act. */
  complete(permit: Permit, outcome: Outcome): void;
  /** Aborts once, with a SessionEnd as its reason: deadline, release, revocation, lockdown, withdrawn identity, shutdown. */
  readonly ended: AbortSignal;
  /** The protocol tells that the client went; records the end. Safe to call twice. */
  close(why: string): void;
}

/** What a session's `ended` gives as its reason. */
export interface SessionEnd {
  readonly reason: string;
}

/** A protocol session's side of the turn: all intents of a turn are written with one write before anything leaves. */
export interface TurnSender {
  /** The turn's records are written: send what was held back. */
  leave(): void;
  /** The log could not take the turn's records: refuse what was held back, with this denial. */
  refuse(denial: Denial): void;
}

export type Decision =
  | { readonly permit: Permit; readonly obligations: readonly Obligation[] }
  | { readonly denial: Denial };

/** Something the gateway must do while permitting. None is enforceable yet; the list is empty. */
export type Obligation = never;

/** What became of an act; goes into its outcome record. */
export interface Outcome {
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  /** The upstream's error code, for example an SQLSTATE; never its text, which may quote values. */
  readonly error?: string | undefined;
  readonly tag?: string | undefined;
  /** The status of an HTTP answer, or the exit code of a command. */
  readonly status?: number | undefined;
  readonly milliseconds?: number | undefined;
  /** Names of what was masked or left out of the answer; never values. */
  readonly masked?: readonly string[] | undefined;
  /** What else a protocol tells, for example the recording of a terminal; never secrets or masked values. */
  readonly more?: { readonly [name: string]: Json } | undefined;
  /** What the client sent as the act's body, for example the data of a COPY. */
  readonly copied?: { readonly bytes: number; readonly sha256: string } | undefined;
}
