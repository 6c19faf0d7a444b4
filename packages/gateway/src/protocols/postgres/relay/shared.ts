import type { Hash } from "node:crypto";
import type { Bounds, StatementMasks } from "../act.ts";
import type { Effect } from "../guard/effects.ts";
import type { Fields } from "../masks/rows.ts";
import type { Control } from "../wire/control.ts";
import { createExpectedQueue, type Expected, type ExpectedQueue } from "./expected.ts";
import { createNames, type Names } from "./names.ts";
import type { Text } from "./texts.ts";

/** A prepared statement. */
export interface Statement {
  readonly text: Text;
  /** Made by PREPARE: the text is the one that prepared it, and running it does not prepare it again. */
  readonly prepared?: boolean;
  /**
   * What running it does beside answering, by the session's own verdict when it was made: the text, which sessions share,
   * holds the newest verdict of whichever session.
   */
  readonly effects?: readonly Effect[];
  /** What values may be passed to it; left out: any. */
  readonly bounds?: Bounds;
  /** Where the grant masks columns, what is masked of it. */
  readonly masks?: StatementMasks;
  /** Whether the client has asked what it gives. */
  isDescribed?: boolean;
  /** What is masked of its rows, as the database has described them. */
  fields?: Fields | undefined;
  /** The member of a record that tells its name; written when it is first needed. */
  member?: string;
  /** How much had run when it was made, by `FrontendState.ran`. */
  readonly madeAt?: number;
}

/** Whether some of what it gives is masked. */
export function hasMasked({ masks }: Pick<Statement, "masks">): boolean {
  return masks !== undefined && masks.outputs.length > 0;
}

/** A portal: a statement with its values. */
export interface Portal {
  readonly statement: Statement;
  readonly statementName: string;
  /** How much had run when it was made, by `FrontendState.ran`. */
  readonly madeAt?: number;
  /** Made by DECLARE: the record of that act tells what it runs. */
  readonly isCursor?: boolean;
  /** The values as canonical JSON text. */
  readonly parameters: string;
  /** In which formats its columns are to come, as Bind says it, where some are masked. */
  readonly formats?: readonly number[];
  /** The values' SHA-256; worked out when it is first needed. */
  digest?: string;
}

/** What both halves of a session know. */
export interface Shared {
  readonly statements: Names<Statement>;
  readonly portals: Names<Portal>;
  readonly expected: ExpectedQueue;
  /** The server's newest ReadyForQuery: its status, and the number of the first message that it does not answer. */
  readyStatus: number;
  readyNext: number;
  /** Whether the server takes CopyData now. */
  copyIn: boolean;
  /**
   * An act that may start a COPY from the client, or the probe behind one: until it is answered, what the client sends
   * next could mean two things.
   */
  copyAwaited: Expected | undefined;
  /** Whether the client said Sync while the server took the data of the COPY under way. */
  syncInCopy: boolean;
  /** What the gateway itself is to say to the server, before anything else: see `expectProbe`. */
  ownOwed: Control | undefined;
  /** What the client has sent for the COPY under way. */
  copied: { readonly digest: Hash; bytes: number } | undefined;
}

/** What a new session knows. */
export function createShared(): Shared {
  return {
    statements: createNames<Statement>((statement) => statement.text.sql.length),
    portals: createNames<Portal>((portal) => portal.parameters.length),
    expected: createExpectedQueue(),
    readyStatus: 0x49,
    readyNext: 0,
    copyIn: false,
    copyAwaited: undefined,
    syncInCopy: false,
    ownOwed: undefined,
    copied: undefined,
  };
}

/** Whether the server owes nothing and waits for a message: no pipeline is half way. */
export function isAtRest({ expected, readyNext }: Shared): boolean {
  return expected.length === 0 && expected.next === readyNext;
}
