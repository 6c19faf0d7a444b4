import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { type CsvPiece, csvReader } from "./csv-reader.ts";
import { ownText } from "./own-text.ts";
import type { LogRecord } from "./session-last.ts";
import { sessionLog } from "./session-log.ts";

const time = String.raw`\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^\s,"]{1,40},`;
/** A record's time, and its user: in quotes, or left out. */
const begins = { pattern: new RegExp(String.raw`${time}(?:,|"[^"])`, "y"), within: 80 };
/**
 * The beginning of a record of a client. No text within quotes has it: there each quote is doubled, and behind the quote that ends
 * it stands a comma or the line's end.
 */
const resumes = {
  pattern: new RegExp(String.raw`${time}"[^",\n]{1,128}","[^",\n]{0,128}",\d{1,10},`, "y"),
  within: 400,
};
/** Time, user, database and process at the beginning of a record. */
const beginning = new RegExp(String.raw`^${time}(?:"(?:[^"]|"")*")?,(?:"(?:[^"]|"")*")?,\d+,`, "m");

/** The columns of PostgreSQL 12 (without `backend_type`) and of 14 to 18 (with `leader_pid` and `query_id`). */
const MIN_COLUMNS = 23;
const MAX_COLUMNS = 26;

/** What of a record is held for longer than its piece of the file is written anew. */
function recordOf(fields: readonly string[], line: number): LogRecord {
  const [timestamp = "", user = "", database = "", , , session = "", , tag = "", , transaction = ""] = fields;
  const [, severity = "", code = "", message = "", detail = ""] = fields.slice(10);
  const [context = "", statement = "", , , application = "", backend = ""] = fields.slice(18);
  return {
    line,
    message: ownText(message),
    detail: ownText(detail),
    severity,
    code,
    user: ownText(user),
    database: ownText(database),
    application: ownText(application),
    session: ownText(session),
    time: timestamp,
    // Each client has a user. A text that begins within quotes could have one without.
    backend: user === "" ? "none" : backend,
    tag,
    transaction: ownText(transaction),
    context,
    statement,
  };
}

async function* read(chunks: AsyncIterable<string>): AsyncGenerator<Found> {
  await loadGrammar();
  const found: Found[] = [];
  const log = sessionLog((each) => found.push(each));
  const reader = csvReader({ begins, resumes });
  const take = (pieces: readonly CsvPiece[]): void => {
    for (const piece of pieces) {
      if (piece.kind === "broken") found.push({ kind: "unread", line: piece.line, why: piece.why });
      else if (piece.fields.length < MIN_COLUMNS || piece.fields.length > MAX_COLUMNS)
        found.push({ kind: "unread", line: piece.line, why: `a record has ${piece.fields.length} columns` });
      else log.take(recordOf(piece.fields, piece.line));
    }
  };
  for await (const chunk of chunks) {
    take(reader.push(chunk));
    for (const each of found.splice(0)) yield each;
  }
  take(reader.end());
  log.end();
  yield* found;
}

/**
 * PostgreSQL's log with `log_destination = csvlog`, of versions 13 to 18
 * (https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG).
 */
export const postgresCsv: ActSource = {
  format: "postgres-csv",
  recognizes: (start) => beginning.test(start),
  read,
};
