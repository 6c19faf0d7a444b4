import type { Clock } from "../../kernel/clock.ts";
import type { BackendEndings } from "./upstream/backend-endings.ts";
import type { Cancels } from "./login/cancels.ts";
import type { ReadDatabaseFacts } from "./upstream/database-facts.ts";
import type { LastWords } from "./relay/denials.ts";
import type { Pacing } from "./relay/pacing.ts";
import type { Judges } from "./guard/verdicts.ts";
import type { Judging } from "./relay/judging.ts";
import type { Memory } from "./relay/memory.ts";
import type { Servers } from "./upstream/server-limits.ts";
import type { GatewayMark } from "./login/session-name.ts";
import type { PausedClients } from "./relay/paused-clients.ts";
import type { Texts } from "./relay/texts.ts";
import type { Turns } from "./relay/turns.ts";
import type { ReadMaskedColumns } from "./upstream/masked-columns.ts";
import type { ReadPlainTables } from "./upstream/plain-tables.ts";
import type { ReadFound } from "./upstream/found/read.ts";
import type { ReadTableColumns } from "./upstream/table-columns.ts";
import type { RefusesTemporary } from "./upstream/temporary-tables.ts";

/** What all sessions share. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly cancels: Cancels;
  readonly texts: Texts;
  readonly messageBytes: number;
  /** The longest text of a Query or Parse message, bytes. */
  readonly statementBytes: number;
  readonly servers: Servers;
  readonly readDatabaseFacts: ReadDatabaseFacts;
  readonly readFound: ReadFound;
  readonly readMaskedColumns: ReadMaskedColumns;
  readonly readTableColumns: ReadTableColumns;
  readonly readPlainTables: ReadPlainTables;
  readonly refusesTemporary: RefusesTemporary;
  readonly endings: BackendEndings;
  readonly pacing: Pacing;
  readonly mark: GatewayMark;
  readonly judging: Judging;
  readonly judges: Judges;
  readonly lastWords: LastWords;
  readonly memory: Memory;
  readonly turns: Turns;
  readonly pausedClients: PausedClients;
}
