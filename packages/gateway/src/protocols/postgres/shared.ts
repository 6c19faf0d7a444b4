import type { Hash } from "node:crypto";
import { createExpectedQueue, type Expected, type ExpectedQueue } from "./expected.ts";
import { createNames, type Names } from "./names.ts";
import type { Text } from "./texts.ts";

/** A prepared statement. */
export interface Statement {
  readonly text: Text;
  /** Made by PREPARE: the text is the one that prepared it, and running it does not prepare it again. */
  readonly prepared?: boolean;
}

/** A portal: a statement with its values. */
export interface Portal {
  readonly statement: Statement;
  readonly statementName: string;
  /** The values as canonical JSON text. */
  readonly parameters: string;
  /** Whether a record has told the values in full: then their SHA-256, or "" while it has not been needed. */
  recorded?: string;
}

/** What both halves of a session know. */
export interface Shared {
  readonly statements: Names<Statement>;
  readonly portals: Names<Portal>;
  readonly expected: ExpectedQueue;
  /** Whether the server takes CopyData now. */
  copyIn: boolean;
  /** An act that may start a COPY from the client: until it is answered, what the client sends next could mean two things. */
  copyAwaited: Expected | undefined;
  /**
   * Whether the client's Sync was left out during a COPY by the extended protocol. The server would have ignored it
   * while reading data, but answered it had the COPY failed before; then it is owed one.
   */
  syncLeftOut: boolean;
  syncOwed: boolean;
  /** What the client has sent for the COPY under way. */
  copied: { readonly digest: Hash; bytes: number } | undefined;
}

/** What a new session knows. */
export function createShared(): Shared {
  return {
    statements: createNames<Statement>((statement) => statement.text.sql.length),
    portals: createNames<Portal>((portal) => portal.parameters.length),
    expected: createExpectedQueue(),
    copyIn: false,
    copyAwaited: undefined,
    syncLeftOut: false,
    syncOwed: false,
    copied: undefined,
  };
}
