import { GuardDenied } from "../guard/denied.ts";
import { parse, scan } from "../guard/syntax/grammar.ts";
import { kindOf } from "../guard/syntax/nodes.ts";
import type { Token } from "../guard/structure/tokens.ts";

/** A text's statements; `no`: it is no SQL; `unknown`: that cannot be told, since it is too long or nested too deeply. */
export type ReadText = readonly unknown[] | "no" | "unknown";

/** Reads a text by the grammar, which must be loaded. */
export function readText(sql: string): ReadText {
  try {
    return parse(sql).statements;
  } catch (error) {
    if (!(error instanceof GuardDenied)) throw error;
    const isNoSql = error.rule === "grammar" && (error.fault !== undefined || error.remedy === "correct");
    return isNoSql ? "no" : "unknown";
  }
}

/** A member of a statement, as text; empty: it has none. */
function member(statement: unknown, name: string): string {
  const kind = kindOf(statement);
  if (kind === undefined) return "";
  const fields = (statement as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[kind];
  const value = fields?.[name];
  return typeof value === "string" ? value : "";
}

const COMMENTS: ReadonlySet<number> = new Set([275, 276]);

/** The tokens of a text without its comments; undefined: it cannot be read. */
function tokensOf(text: string): readonly Token[] | undefined {
  try {
    return scan(text).filter(({ tokenType }) => !COMMENTS.has(tokenType));
  } catch (error) {
    if (!(error instanceof GuardDenied)) throw error;
    return undefined;
  }
}

/** What stands between the semicolons of a text. */
function partsOf(text: string): readonly string[] {
  const ends = (tokensOf(text) ?? []).filter((token) => token.text === ";");
  const bytes = Buffer.from(text);
  return [...ends, undefined].map((end, at) =>
    bytes.subarray(ends[at - 1]?.end ?? 0, end?.start ?? bytes.length).toString(),
  );
}

/** Whether a text is another, or one of its statements. */
export function holds(whole: string, part: string): boolean {
  if (whole === part) return true;
  if (!whole.includes(part) || !whole.includes(";")) return false;
  const wanted = part.trim().replace(/;$/, "").trimEnd();
  return partsOf(whole).some((each) => each.trim() === wanted);
}

/** The statement of `PREPARE name (types) AS statement`. */
function withoutHead(text: string): string {
  const tokens = tokensOf(text) ?? [];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
    else if (depth === 0 && /^as$/i.test(token.text)) {
      const last = tokens.findLast((each) => each.text !== ";");
      return Buffer.from(text)
        .subarray(token.end, last?.end ?? 0)
        .toString()
        .trim();
    }
  }
  return text;
}

/**
 * What a text prepares: by a `PREPARE` of one of some names, or by the protocol, where it is the statement itself.
 * @returns undefined: it cannot be told which of several it is
 */
export function preparedIn(text: string, names: ReadonlySet<string>): string | undefined {
  const statements = readText(text);
  if (typeof statements === "string") return text;
  if (statements.length <= 1) return kindOf(statements[0]) === "PrepareStmt" ? withoutHead(text) : text;
  const prepared = partsOf(text).filter((part) => {
    const read = readText(part);
    if (typeof read === "string" || kindOf(read[0]) !== "PrepareStmt") return false;
    return names.size === 0 || names.has(member(read[0], "name"));
  });
  return prepared.length === 1 && prepared[0] !== undefined ? withoutHead(prepared[0]) : undefined;
}

/** What a sent text runs. */
export interface Run {
  readonly texts: readonly string[];
  /** Why there may be more that is not known. */
  readonly why?: string;
}

/** What a text with `EXECUTE` in it runs, of which the log says what was prepared for the first. */
export function runBy(sent: string, prepared: string): Run {
  const statements = readText(sent);
  const own = typeof statements === "string" ? [] : statements;
  const executed = own.filter((each) => kindOf(each) === "ExecuteStmt");
  const names = new Set(executed.map((each) => member(each, "name")));
  const inner = preparedIn(prepared, names);
  const isAlone = own.length > 0 && executed.length === own.length;
  const texts = [...(inner === undefined ? [] : [inner]), ...(isAlone ? [] : [sent])];
  if (inner === undefined) return { texts, why: "what EXECUTE runs was prepared among other statements" };
  return names.size > 1 ? { texts, why: "of several EXECUTE the log says for one what it runs" } : { texts };
}

/** What a text runs of which the log says nothing more. */
export function runAlone(sent: string): Run {
  if (!/execute/i.test(sent)) return { texts: [sent] };
  const statements = readText(sent);
  if (typeof statements === "string" || !JSON.stringify(statements).includes('"ExecuteStmt":'))
    return { texts: [sent] };
  const isAlone = statements.every((each) => kindOf(each) === "ExecuteStmt");
  return { texts: isAlone ? [] : [sent], why: "the log does not say what EXECUTE runs" };
}

/** Statements that end a transaction, so that what stands before them is done for good. */
const ending = /^TRANS_STMT_(?:COMMIT|ROLLBACK|PREPARE)/;

/** Whether a statement may end a transaction inside itself. */
function mayCommitInside(statement: unknown): boolean {
  const kind = kindOf(statement);
  if (kind === "CallStmt") return true;
  return kind === "DoStmt" && /commit|rollback|call|exec/i.test(JSON.stringify(statement));
}

/** What is left of a text of which the log says that it failed within one transaction. */
export function outcomeOfFailed(sent: string): "failed" | "done" | "unknown" {
  if (!/;|\b(?:call|do)\b/i.test(sent)) return "failed";
  const statements = readText(sent);
  if (statements === "unknown") return "unknown";
  if (statements === "no") return sent.trim().slice(0, -1).includes(";") ? "unknown" : "failed";
  if (statements.some(mayCommitInside)) return "done";
  if (statements.length <= 1) return "failed";
  const ends = statements.some(
    (each) => kindOf(each) === "TransactionStmt" && ending.test(member(each, "kind")),
  );
  return ends ? "done" : "unknown";
}
