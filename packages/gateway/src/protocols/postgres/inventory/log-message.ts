import { csvFields } from "./csv-record.ts";
import { executedIn } from "./log-extended.ts";
import { preparedIn, type Run, runAlone, runBy } from "./log-texts.ts";
import { english, languages, type LogWords } from "./log-words.ts";

/** What a message of the server's log says of a statement. */
export type Said =
  /** It was run, or is about to be. */
  | {
      readonly kind: "statement";
      /** The text that the client sent. */
      readonly sent: string;
      /** What this runs: `sent`, what was prepared for it, or both. */
      readonly run: Run;
      /** By the simple query protocol, the extended one, or as a further part of what a portal gives. */
      readonly how: "simple" | "extended" | "fetch";
      /** Whether the message says how long it took, so that it is done. */
      readonly isDone: boolean;
    }
  /** The audit extension tells of it, once for each relation or rule. */
  | { readonly kind: "audit"; readonly sql: string; readonly statement: string }
  /** A statement took so long; which one was said before. */
  | { readonly kind: "duration" }
  /** It tells of a statement, and cannot be read. */
  | {
      readonly kind: "unreadable";
      readonly why: string;
    };

/** What the detail says was prepared for an `EXECUTE`; undefined: it says nothing of that. */
function preparedFor(detail: string): string | undefined {
  if (detail === "") return undefined;
  const words = languages.find(({ prepare }) => detail.startsWith(prepare));
  return words === undefined ? undefined : detail.slice(words.prepare.length);
}

const milliseconds = /\d+\.\d+/y;

/** The place behind `before`, a number and `after` at the beginning of a message; undefined: it begins otherwise. */
function behind(message: string, [before, after]: readonly [string, string]): number | undefined {
  if (!message.startsWith(before)) return undefined;
  milliseconds.lastIndex = before.length;
  if (!milliseconds.test(message)) return undefined;
  const at = milliseconds.lastIndex;
  return message.startsWith(after, at) ? at + after.length : undefined;
}

type Statement = Extract<Said, { kind: "statement" | "unreadable" }>;

/** Reads `execute NAME/PORTAL: SQL` from a place on. */
function readExecution(
  message: string,
  at: number,
  words: LogWords,
  isDone: boolean,
  tag: string,
): Statement | undefined {
  const fetch = words.fetch ?? english.fetch ?? "";
  const isFetch = message.startsWith(fetch, at);
  if (!isFetch && !message.startsWith(words.execute, at)) return undefined;
  const executed = executedIn(message, at + (isFetch ? fetch : words.execute).length, tag);
  if (executed === undefined) return undefined;
  if ("why" in executed) return { kind: "unreadable", why: executed.why };
  const { sent } = executed;
  return { kind: "statement", sent, run: runAlone(sent), how: isFetch ? "fetch" : "extended", isDone };
}

function readIn(
  words: LogWords,
  message: string,
  detail: string,
  tag: string,
): Statement | "duration" | undefined {
  const simple = (at: number, isDone: boolean): Statement => {
    const sent = message.slice(at);
    const prepared = preparedFor(detail);
    const run = prepared === undefined ? runAlone(sent) : runBy(sent, prepared);
    return { kind: "statement", sent, run, how: "simple", isDone };
  };
  if (message.startsWith(words.statement)) return simple(words.statement.length, false);
  const execution = readExecution(message, 0, words, false, tag);
  if (execution !== undefined) return execution;
  const statementAt = behind(message, words.timedStatement);
  if (statementAt !== undefined) return simple(statementAt, true);
  const executionAt = behind(message, words.timedExecute ?? words.timedStatement);
  if (executionAt !== undefined) {
    const timed =
      readExecution(message, executionAt, words, true, tag) ??
      readExecution(message, executionAt, english, true, tag);
    if (timed !== undefined) return timed;
  }
  return behind(message, words.timed) === message.length ? "duration" : undefined;
}

const AUDIT = "AUDIT: ";

/**
 * Reads a line of the extension pgaudit: type, statement, substatement, class, command, object type, object name,
 * statement text, parameters (https://github.com/pgaudit/pgaudit/blob/main/README.md#format).
 */
function readAudit(message: string): Said | undefined {
  const fields = csvFields(message.slice(AUDIT.length));
  const [type, statement = "", substatement = "", , command, , , text] = fields ?? [];
  if (
    text === undefined ||
    (type !== "SESSION" && type !== "OBJECT") ||
    !/^\d+$/.test(statement) ||
    !/^\d+$/.test(substatement)
  )
    return { kind: "unreadable", why: "it is no line of pgaudit" };
  // A further part of a statement is what a function did inside it; the text may have been said before, or be held back.
  if (Number(substatement) > 1 || text === "<previously logged>" || text === "<not logged>") return undefined;
  if (text.trim() === "") return undefined;
  const isPrepared = command !== "PREPARE" && /\bprepare\b/i.test(text);
  return { kind: "audit", sql: isPrepared ? (preparedIn(text, new Set()) ?? text) : text, statement };
}

/**
 * What a message of PostgreSQL's log says of a statement, in any language that the server speaks. What logs them is
 * `log_statement`, `log_min_duration_statement`, `log_duration`
 * (https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-WHAT) and the extension pgaudit.
 * Parsing and binding are no executions. The grammar must be loaded.
 * @param detail the record's detail, empty where it has none
 * @param tag what the process was doing, as the record says: a command's tag
 * @returns undefined: nothing
 */
export function readLogMessage(message: string, detail: string, tag: string): Said | undefined {
  if (message.startsWith(AUDIT)) return readAudit(message);
  for (const words of languages) {
    const said = readIn(words, message, detail, tag);
    if (said === undefined) continue;
    if (said === "duration") return { kind: "duration" };
    return said.kind === "statement" && said.sent.trim() === "" ? undefined : said;
  }
  return undefined;
}
