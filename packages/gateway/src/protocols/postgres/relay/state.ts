import type { Socket } from "node:net";
import type { Outcome, Session, SessionEnd, StillRunning } from "../../../gate/gate.ts";
import type { Permit } from "../../../gate/permit.ts";
import type { Deadline } from "../../../kernel/clock.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import type { SessionOptions } from "../session-options.ts";
import type { Target } from "../target.ts";
import type { CancelKey } from "../upstream/connect.ts";
import type { TimeLimits } from "../upstream/time-limits.ts";
import { createCarry, type Carry } from "../wire/framing.ts";
import type { Backend } from "./backend/backend.ts";
import type { Frontend } from "./frontend/frontend.ts";
import type { Inbound } from "./memory.ts";
import type { Outbound } from "./outbound.ts";
import { Outgoing } from "./outgoing.ts";
import { createShared, type Shared } from "./shared.ts";
import type { Share } from "./turns.ts";

/** The server's socket without the way to write to it, which `outbound` alone is. */
export type ServerSocket = Pick<
  Socket,
  | "pause"
  | "resume"
  | "unshift"
  | "destroy"
  | "destroyed"
  | "writableLength"
  | "writableEnded"
  | "on"
  | "once"
>;

/** What one relayed session is made of. */
export interface RelayParts {
  readonly options: SessionOptions;
  readonly client: Socket;
  readonly server: ServerSocket;
  readonly outbound: Outbound;
  readonly target: Target;
  readonly cancelKey: CancelKey;
  readonly session: Session<PostgresAct, PostgresCover>;
  readonly limits: TimeLimits;
  readonly deadline: Deadline;
  /** Room for the client's large messages. */
  readonly inbound: Inbound;
  /** What the principal's sessions may do in a turn. */
  readonly share: Share;
  /** How the server says that the session is called. */
  readonly name: string;
}

/** One relayed session: its parts, and what changes while it lives. */
export class RelayState {
  readonly parts: RelayParts;
  readonly shared: Shared = createShared();
  readonly outgoing = new Outgoing();
  readonly carry: Carry = createCarry();
  readonly startedAt: number;
  /** Made last: both halves need what stands here. */
  frontend!: Frontend;
  backend!: Backend;
  /** The client's cancel key and its share of the memory are given back once. */
  giveBack: () => void = () => undefined;

  /** Looks again at what waits: `goOn` of this session, the same each time. */
  goOn: () => void = () => undefined;

  /** Its turn has come to be told what the server said: `hear` of this session, the same each time. */
  hear: () => void = () => undefined;

  /** Ends the wait of whoever comes too soon. */
  stopPause: () => void = () => undefined;

  /** Why the client is not read: its next message waits for answers or a verdict, or the server takes no more. */
  isWaiting = false;
  isFull = false;
  /** The client said Terminate. */
  isLeaving = false;
  /** A cancel request is under way. */
  cancelling: Promise<void> | undefined;
  /** Cancels the judging of the text that the client's next message holds. */
  stopJudging: (() => void) | undefined;
  /** How the server says that the session is called. */
  name: string;
  /** What the server says cannot be read. */
  isBroken = false;
  /** What the server says waits for a later turn. */
  isHeld = false;
  /** Past the deadline the server said something. */
  wasLate = false;

  /** The session is to end with this as soon as nothing of it is under way. */
  atRest: SessionEnd | undefined;

  /** The session is over: since when, and what is said of acts that it ended. */
  ending: { readonly since: number; readonly code: string; readonly why: SessionEnd } | undefined;
  /** Whether the database has said so: by an answer, or by closing the connection. */
  isConfirmed = true;
  /** The backend that goes on though it was told to end, and the act that it runs. */
  stillRunning: StillRunning | undefined;
  /** The server's connection was cut: its end tells nothing of what runs. */
  isCut = false;
  /** Nothing of the session runs upstream any more, or nobody can tell. */
  isSettled = false;
  /**
   * Acts that waited for the turn's records when the session ended: they do not leave, and whether the log has them is
   * told at the turn's end.
   */
  unsent: ReadonlySet<Permit<PostgresCover>> = new Set();
  /** Ends the ending of what runs upstream. */
  stopEnding: (() => void) | undefined;
  /** Bytes that complete the message that was half way to the client when the session ended. */
  owed = 0;
  /** Said to the client when the message under way is complete. */
  lastWords: Buffer | undefined;
  /** Bytes of the message that the client was in the middle of when the session ended. */
  rest = 0;

  constructor(parts: RelayParts) {
    this.parts = parts;
    this.name = parts.name;
    this.startedAt = parts.options.clock.monotonic();
  }

  /** Records an outcome; of an act that the session's end has ended, also whether the database has said so, and when. */
  complete(permit: Permit<PostgresCover>, outcome: Outcome): void {
    const { ending, stillRunning } = this;
    const { session, options } = this.parts;
    if (ending === undefined) return session.complete(permit, outcome);
    // The first that has no outcome is what runs: what waits behind it never begins.
    const runs = stillRunning?.acts.length === 0;
    if (runs) this.stillRunning = { ...stillRunning, acts: [permit.intent] };
    return session.complete(permit, {
      ...outcome,
      error: outcome.error === undefined ? undefined : ending.code,
      more: {
        ended: {
          confirmed: this.isConfirmed,
          milliseconds: Math.round(options.clock.monotonic() - ending.since),
        },
        ...(runs ? { still_running: { process: stillRunning.process } } : {}),
      },
    });
  }
}
