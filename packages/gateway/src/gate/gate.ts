import type { Bag } from "../kernel/bag.ts";
import type { SessionTrace } from "../kernel/traceparent.ts";
import type { EventEmitter } from "node:events";
import type { GrantEnd } from "../grants/types.ts";
import type { Json } from "../kernel/canonical.ts";
import type { DpopChallenge } from "../identity/dpop/error.ts";
import type { PresentedToken } from "../identity/dpop/presented-token.ts";
import type { Denial, NamedScope } from "./protocol.ts";
import type { Permit } from "./permit.ts";
import type { SharedUse } from "./web/sessions/sharing.ts";
import type { ScramExchange, GrantSecretProof } from "./scram/scram.ts";

/** An act may repeat one that is at most this many acts of its session ago. */
export { MAX_REPEATED_BACK } from "../audit/records.ts";

/** The only way to a session: opens sessions, judges acts, mints permits, cuts at the deadline. */
export interface Gate<Act, Cover> {
  /**
   * Starts a SCRAM-SHA-256 exchange for a grant's secret. An unknown grant gets an exchange that fails at its
   * end, indistinguishable until then.
   * @param binding what binds the exchange to the client's TLS channel (RFC 5929, `tls-server-end-point`); left out where
   * there is none
   */
  scram(grant: string, binding?: Buffer): ScramExchange;
  /** Verifies the identity, finds the live grant on that connection and records the session. */
  open(proof: Proof, connection: string, client: ClientFacts): Promise<Session<Act, Cover> | SessionRefused>;
  /** Bounds that the protocol keeps by itself. */
  readonly limits: {
    readonly handshakeMs: number;
    readonly messageBytes: number;
    readonly statementBytes: number;
  };
  /** Records that somebody failed to authenticate. Never throws. */
  refused(client: ClientFacts, connection: string, why: string): void;
  /**
   * For protocols over HTTP: verifies the bearer of one request and finds the session of its client's connection, or
   * opens one. Called for every request.
   */
  enter(entry: Entry): Promise<WebSession<Act, Cover> | SessionRefused>;
}

/** One request at the door of a protocol over HTTP. */
export interface Entry {
  /** A grant's id and secret, `gr_….SECRET`, or an Okta access token. */
  readonly bearer: string;
  /** How the request showed it; left out: as a bearer, without any proof. */
  readonly shown?: PresentedToken;
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
  readonly account?: Pick<SharedUse, "belongsTo">;
  /**
   * Called once the bearer has verified and before `covers`: for what costs memory to learn, such as a body. Nobody
   * unknown can have it done.
   */
  readonly prepare?: () => Promise<void>;
  /** Chooses among several grants of one principal, and permits nothing: `judge` alone does. */
  readonly covers?: (scopes: readonly NamedScope<never>[], target: unknown) => boolean;
}

/** A session of a protocol over HTTP: many requests of one client connection, in flight side by side. */
export interface WebSession<Act, Cover> extends Pick<
  Session<Act, Cover>,
  "kind" | "id" | "grant" | "trace" | "target" | "scopes" | "endsAt" | "complete" | "ended"
> {
  /** Who holds the grant, for protocols that tell the target. */
  readonly holder: { readonly name: string; readonly subject: string; readonly person?: string };
  /**
   * How each exchange that is under way is cut: called once when the session ends. Of one that is added after that, nobody
   * is told: look at `ended` before.
   */
  readonly cuts: Pick<Bag<() => void>, "add">;
  /** As Session.judge, and answers once the turn's records are written: what has a permit may leave at once. */
  judge(act: Act, detail: string): Promise<Decision<Cover>>;
  /**
   * Keeps bulky bytes beside the log, a recording say.
   * @returns a reference, for the `more` of the act's outcome
   * @throws MayflyError when the log takes nothing: then what is recorded must not go on
   */
  payload(bytes: Buffer): { readonly bytes: number; readonly payload: string };
  /** Whether what runs may go on, where it is recorded: the log has room for it, and its holder does not write too much. */
  goesOn(): boolean;
}

/**
 * How a client proves who it is: the outcome of a SCRAM exchange, or an access token with the grant it names. Nothing proves
 * here that a token's key is held (DPoP): one that is bound to a key is refused.
 */
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
export interface SessionRefused {
  readonly kind: "refused";
  readonly denial: Denial;
  readonly code: "unauthenticated" | "no_grant" | "locked_down" | "unavailable" | "too_many";
  /** How an access token has to be shown, where it was not shown so (DPoP). */
  readonly challenge?: DpopChallenge;
}

/** One authenticated use of a grant by one client connection. */
export interface Session<Act, Cover> {
  readonly kind: "session";
  readonly id: string;
  readonly grant: string;
  /** Who holds the grant, as a key to count by. */
  readonly principal: string;
  /** The trace that its acts belong to; left out unless traces were exported when it opened. */
  readonly trace?: SessionTrace;
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
   * @param repeats the permit of an earlier act of this session, at most MAX_REPEATED_BACK acts ago: `detail` then
   * says only the members that differ from that act's, and readers of the log take the others from there
   */
  judge(act: Act, detail: string, repeats?: Permit<Cover>): Decision<Cover>;
  /**
   * As `judge`, for whoever can wait: of an act whose budget the store has to be asked about first, or that comes too soon
   * after others, nothing is decided or recorded, and it is to be judged again once `until` resolves. `judge` denies the
   * first, and takes the second: who calls it waits as `pause` says.
   * @param waited the wait that is over, where there was one: nobody waits twice for what came before
   */
  judgeOrWait(act: Act, detail: string, waited?: Wait): Decision<Cover> | Wait;
  /** How long the next act has to wait for what its holder did before, milliseconds; 0: it may be judged now. */
  pause(): number;
  /** Keeps bulky bytes beside the log, as `WebSession` says. */
  payload(bytes: Buffer): { readonly bytes: number; readonly payload: string };
  /** As `WebSession` says. */
  goesOn(): boolean;
  /** Records the outcome of a permitted act. */
  complete(permit: Permit<Cover>, outcome: Outcome): void;
  /** Aborts once, with a SessionEnd as its reason: deadline, release, revocation, lockdown, withdrawn identity, shutdown. */
  readonly ended: AbortSignal;
  /** The protocol ended its use of the grant; records the end and what goes on, and gives the place back. Safe to call twice. */
  close(end: SessionEnd, stillRunning?: StillRunning): void;
}

/**
 * What ended a session. Of the grant itself: `expired`, `released`, `revoked`. Of its holder's identity:
 * `identity_withdrawn`, `identity_unverified` (nobody can say any more), `reverify` (the last proof of its agent was too
 * old). Of the gateway: `stopping`, `fault`. Of the connection: `client_gone`, `upstream_gone`, `protocol_error`.
 */
export type EndCause =
  | GrantEnd["state"]
  | "identity_withdrawn"
  | "identity_unverified"
  | "reverify"
  | "stopping"
  | "fault"
  | "client_gone"
  | "upstream_gone"
  | "protocol_error";

/** The reason of a session's `ended` signal. Behaviour follows the cause, never the words. */
export interface SessionEnd {
  readonly cause: EndCause;
  /** For people to read. */
  readonly words: string;
}

/** Why a session ended; undefined while it has not. @param ended the session's own signal */
export function endOf(ended: AbortSignal): SessionEnd | undefined {
  return ended.aborted ? (ended.reason as SessionEnd) : undefined;
}

/** What a target still runs of a session that is over, though it was told to end it. */
export interface StillRunning {
  /** What runs it, as the target calls it: of PostgreSQL the number of a process. */
  readonly process: number;
  /** The acts, by the numbers of their intents. */
  readonly acts: readonly number[];
}

/** The client went away. */
export const clientGone: SessionEnd = { cause: "client_gone", words: "the client went away" };

/** A protocol session's side of the turn: all intents of a turn are written with one write before anything leaves. */
export interface TurnSender {
  /** The turn's records are written: send what was held back. */
  leave(): void;
  /** The log could not take the turn's records: refuse what was held back, with this denial. */
  refuse(denial: Denial): void;
  /**
   * The gateway drains, and whoever is connected may go to another: end the session as soon as nothing of it is under way.
   * Left out: what is open ends otherwise, as requests over HTTP do.
   */
  endAtRest?(why: SessionEnd): void;
}

/** The decision on an act. Compare `kind` with ===. */
export type Decision<Cover> =
  | { readonly kind: "permit"; readonly permit: Permit<Cover> }
  | { readonly kind: "deny"; readonly denial: Denial };

/** An act that is not decided yet. */
export interface Wait {
  readonly kind: "wait";
  /** Never rejects. */
  readonly until: Promise<void>;
  /** Then it is the act's turn, whatever comes meanwhile. */
  readonly hasPlace: boolean;
}

/** The outcome of an act; goes into its outcome record. */
export interface Outcome {
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  /** The upstream's error code, for example an SQLSTATE; never its text, which may quote values. */
  readonly error?: string | undefined;
  readonly tag?: string | undefined;
  /** The status of an HTTP answer, or the exit code of a command. */
  readonly status?: number | undefined;
  readonly milliseconds?: number | undefined;
  /** Names of masked or omitted fields of the answer; never values. */
  readonly masked?: readonly string[] | undefined;
  /** More that a protocol records, for example the recording of a terminal; never secrets or masked values. */
  readonly more?: { readonly [name: string]: Json } | undefined;
  /** The act's body as the client sent it, for example the data of a COPY. */
  readonly copied?: { readonly bytes: number; readonly sha256: string } | undefined;
}
