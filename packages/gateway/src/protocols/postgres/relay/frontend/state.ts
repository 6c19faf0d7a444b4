import type { Decision } from "../../../../gate/gate.ts";
import type { Permit } from "../../../../gate/permit.ts";
import type { PostgresAct, PostgresCover } from "../../act.ts";
import type { Expected } from "../expected.ts";
import type { Names } from "../names.ts";
import type { Outgoing } from "../outgoing.ts";
import { createRepeats, type Repeats } from "../repeats.ts";
import type { Portal, Shared, Statement } from "../shared.ts";
import { ACT_UNITS, type Share, UNIT_BYTES } from "../turns.ts";
import { createSeenStatements, type SeenStatements, type Text, type Texts } from "../texts.ts";

/** What the client's half of a session stands on. */
export interface FrontendOptions {
  readonly shared: Shared;
  readonly outgoing: Outgoing;
  readonly texts: Texts;
  readonly messageBytes: number;
  readonly statementBytes: number;
  /** @param earlier the act that this one repeats, where it does: see Session.judge */
  readonly judge: (
    act: PostgresAct,
    detail: string,
    earlier?: Permit<PostgresCover>,
  ) => Decision<PostgresCover>;
  /** Sees to it that a text's verdict is known. False: it will be, and `consume` is to be called again then. */
  readonly ahead: (text: Text) => boolean;
  /** The time that large messages of the principal may take, and may not. */
  readonly largeWait: () => number;
  readonly largeTook: (milliseconds: number) => void;
  /** How long the next act has to wait for what the holder did before, milliseconds. */
  readonly pause: () => number;
  /** What the principal's sessions may do in this turn. */
  readonly share: Pick<Share, "isUsedUp" | "spend">;
  /** What all sessions of the principal hold in names, in characters. */
  readonly heldByPrincipal: () => number;
}

/** A Parse that is not judged yet: an Execute of it in the same chunk is judged with it, as one act. */
export interface PendingParse {
  readonly start: number;
  readonly end: number;
  readonly entry: Expected;
  readonly statement: Statement;
  readonly name: string;
}

const MAX_NAMES = 5000;
/** Of texts, or of values, that a session's names hold; one message may go above it. */
const MAX_NAMED_BYTES = 33_554_432;
/** The same for all sessions of a principal together, texts and values. */
const MAX_HELD_BY_PRINCIPAL = 67_108_864;
/** A session that holds less is not asked what its principal holds. */
const SMALL_SESSION = 65_536;

const empty: Buffer = Buffer.alloc(0);

/**
 * What the client's half of one session knows while it goes through a chunk of messages. The functions beside it, one
 * kind of message a file, read and change it.
 */
export class FrontendState {
  readonly options: FrontendOptions;
  readonly shared: Shared;
  readonly outgoing: Outgoing;
  readonly seen: SeenStatements = createSeenStatements();
  readonly repeats: Repeats<PostgresCover> = createRepeats();
  /** Portals whose values the record of a permitted act has told in full. */
  toldValues = new WeakSet<Portal>();
  /** The messages under way. */
  chunk: Buffer = empty;
  pendingParse: PendingParse | undefined;
  /** The text that is being judged: it must be found again when its verdict has come. */
  awaited: Text | undefined;
  /** Messages so far that may have run or dropped something. */
  ran = 0;

  constructor(options: FrontendOptions) {
    this.options = options;
    this.shared = options.shared;
    this.outgoing = options.outgoing;
  }

  begin(chunk: Buffer): void {
    this.chunk = chunk;
    this.outgoing.begin(chunk, this.shared.expected.next);
  }

  /** @param earlier the act that this one repeats, where it does: `detail` then says how the two differ */
  judge(act: PostgresAct, detail: string, earlier?: Permit<PostgresCover>): Decision<PostgresCover> {
    this.options.share.spend(ACT_UNITS + detail.length / UNIT_BYTES);
    this.repeats.counted();
    return this.options.judge(act, detail, earlier);
  }

  /** Records were lost: whatever comes next is said in full again. */
  forgetTold(): void {
    this.seen.forget();
    this.repeats.forget();
    this.toldValues = new WeakSet();
  }

  textOf(sql: string): Text {
    return this.awaited?.sql === sql ? this.awaited : this.options.texts(sql);
  }

  /** Whether a text's verdict is known now; else its message has to wait. */
  isJudged(text: Text): boolean {
    const isKnown = this.options.ahead(text);
    this.awaited = isKnown ? undefined : text;
    return isKnown;
  }

  /** Whether the session, or its principal, holds so many names or so much in them that no more may be given. */
  isFull(names: Names<Statement> | Names<Portal>): boolean {
    const { statements, portals } = this.shared;
    return (
      names.size >= MAX_NAMES ||
      names.weight > MAX_NAMED_BYTES ||
      (statements.weight + portals.weight > SMALL_SESSION &&
        this.options.heldByPrincipal() > MAX_HELD_BY_PRINCIPAL)
    );
  }
}
