import { readFile } from "node:fs/promises";
import path from "node:path";
import { OWN_QUERY_MARK } from "../../../packages/gateway/src/protocols/postgres/wire/messages.ts";
import { ranOf, type Ran } from "./ran.ts";

// The server's own log as the oracle. log_statement tells each text and its values before they run; auto_explain tells,
// once it is over, what the executor really ran, however it was asked to.

/** The settings under which the server says all of it. */
export const loggingSettings: Readonly<Record<string, string>> = {
  // In a file, each message is whole: in a pipe long ones of two processes may run into each other.
  logging_collector: "on",
  log_destination: "jsonlog",
  log_directory: "log",
  log_filename: "all.log",
  log_rotation_age: "0",
  log_rotation_size: "0",
  log_statement: "all",
  log_min_duration_statement: "0",
  log_parameter_max_length: "-1",
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_parameter_max_length": "-1",
  "auto_explain.log_format": "json",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_timing": "off",
};

/** Reads the log. @param data the server's data folder */
export function readLog(data: string): Promise<string> {
  return readFile(path.join(data, "log/all.json"), "utf8");
}

/** A statement that the executor ran. */
export interface Executed {
  /** The whole text that it stood in; of a prepared one the text that prepared it. */
  readonly text: string;
  /** Left out where it has none, and where the server does not say: of a portal that is closed in a failed transaction. */
  readonly values?: readonly (string | null)[];
}

/** What the server says of one session. */
export interface ServerSession {
  /** In order: what it began to run, and what of that was done. */
  readonly begun: Ran[];
  readonly done: Ran[];
  readonly executed: Executed[];
  /** Texts that an EXECUTE of SQL's ran. */
  readonly prepared: string[];
  /** How many of `begun` went on with a portal, and how many values were told. */
  continued: number;
  values: number;
}

/** A line of the log, as far as it is looked at. */
interface Entry {
  readonly session_id: string;
  readonly user?: string;
  readonly application_name?: string;
  readonly error_severity: string;
  readonly message: string;
  readonly detail?: string;
}

const refusedText = "/* refused by Mayfly */ !";
/** How the log shows that the gateway shortens a time-out. */
const OWN_LIMIT = /^execute mayfly [0-9a-f]+(?:\/mayfly [0-9a-f]+)?: set [a-z_]+ = \d+$/u;
const STARTED = /^(statement|execute)(?: (fetch from )?[^ ]*)?: (.*)$/su;
/**
 * What was logged as begun and is answered by this never ran. The text of such an Execute may be no text of anybody's: a
 * Query that fails in a transaction leaves the unnamed portal behind, without the memory that holds its text.
 */
const NEVER_RAN = /^current transaction is aborted|^portal ".*" cannot be run$/su;
const PLAN = /^duration: \S+ ms {2}plan:\n(.*)$/su;

/** Reads a whole log. @returns what each session of the gateway's did, by the application_name that its client gave */
export function readServerLog(log: string): ReadonlyMap<string, ServerSession> {
  const sessions = new Map<string, ServerSession>();
  const names = new Map<string, string>();
  /** What each session runs now; undefined for the gateway's own. */
  const running = new Map<string, Ran | undefined>();
  for (const entry of entriesOf(log)) {
    const { session_id: id, application_name: software = "", message } = entry;
    const name = names.get(id) ?? software.split(" ").at(-1) ?? "";
    names.set(id, name);
    const session = sessions.get(name) ?? newSession();
    sessions.set(name, session);
    const now = running.get(id);
    if (entry.error_severity === "ERROR") {
      if (now !== undefined && NEVER_RAN.test(message)) session.begun.pop();
      running.set(id, undefined);
    }
    if (entry.error_severity !== "LOG") continue;
    const plan = PLAN.exec(message)?.[1];
    if (plan !== undefined) addPlan(session, JSON.parse(plan) as Plan);
    // A text is logged before it runs; the duration, without the text, once it is done.
    if (/^duration: \S+ ms$/.test(message) && now !== undefined) session.done.push(now);
    if (OWN_LIMIT.test(message)) running.set(id, undefined);
    else if (STARTED.test(message)) running.set(id, startedBy(session, entry));
  }
  return sessions;
}

function newSession(): ServerSession {
  return { begun: [], done: [], executed: [], prepared: [], continued: 0, values: 0 };
}

/** The whole lines of the gateway's sessions, in order. */
function* entriesOf(log: string): Generator<Entry> {
  for (const line of log.split("\n").slice(0, -1)) {
    const entry = JSON.parse(line) as Entry;
    if (entry.user === "mayfly") yield entry;
  }
}

/** @returns what runs now, or undefined when the gateway said it for itself */
function startedBy(session: ServerSession, { message, detail = "" }: Entry): Ran | undefined {
  const [, how, fetch, text = ""] = STARTED.exec(message) ?? [];
  if (text === refusedText || text.startsWith(OWN_QUERY_MARK)) return undefined;
  const prepared = /^prepare: (.*)$/su.exec(detail)?.[1];
  if (prepared !== undefined) session.prepared.push(prepared);
  const values = valuesIn(/^parameters: (.*)$/isu.exec(detail)?.[1] ?? "");
  const ran = ranOf(how === "statement" ? "query" : "execute", text, JSON.stringify(values));
  session.begun.push(ran);
  session.values += values.length;
  if (fetch !== undefined) session.continued += 1;
  return ran;
}

/** Values as the log lists them: `$1 = 'it''s', $2 = NULL`. */
function valuesIn(listed: string): readonly (string | null)[] {
  const found = [...listed.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')(?:, |$)/gsu)];
  const length = found.reduce((sum, [all]) => sum + all.length, 0);
  if (length !== listed.length) throw new Error(`not a list of values: ${listed}`);
  return found.map(([, value]) => value?.replaceAll("''", "'") ?? null);
}

interface Plan {
  readonly "Query Text": string;
  readonly "Query Parameters"?: string;
  readonly Plan: { readonly "Actual Loops": number };
}

/** Tells of a plan that ran; a portal that is only opened and closed has one that never did. */
function addPlan(session: ServerSession, plan: Plan): void {
  const text = plan["Query Text"];
  if (plan.Plan["Actual Loops"] === 0 || text.startsWith(OWN_QUERY_MARK)) return;
  const listed = plan["Query Parameters"];
  session.executed.push(listed === undefined ? { text } : { text, values: valuesIn(listed) });
}
