import { hash } from "node:crypto";
import { createInterface } from "node:readline";
import { MayflyError } from "../../kernel/errors.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import type { Verdict } from "../../gate/protocol.ts";
import { ConfigurationRefused } from "../reload.ts";
import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { jsonText, say } from "../terminal.ts";

/** What judge says of one act, or of a sequence of acts in one session. */
interface Answer {
  readonly decision: "permit" | "deny";
  readonly reason: string;
  readonly rule?: string;
  readonly hint?: string;
  /** What leaves in the place of the act's text, where that is another: as the log's records name it, and the text. */
  readonly sent?: { readonly bytes: number; readonly sha256: string; readonly text?: string };
}

/** What is asked of judge beside the acts. */
export interface JudgeOptions {
  readonly config: string;
  readonly json: boolean;
  /** Whether the text that leaves is printed too. */
  readonly sent: boolean;
  /** Whether the target is asked what a session would ask it. */
  readonly online: boolean;
}

/** How long a target may take to say what a session would ask it, milliseconds. */
const MAX_ASKING_MS = 30_000;

/** Judges acts in order in one session; the first denial decides. */
type Trial = (acts: readonly string[]) => Promise<Answer>;

function answerOf(verdict: Verdict<unknown>, sent: Buffer | undefined, withText: boolean): Answer {
  if (verdict.kind === "permit") {
    const reason = `covered by ${verdict.operation}`;
    if (sent === undefined) return { decision: "permit", reason };
    const named = { bytes: sent.length, sha256: hash("sha256", sent, "hex") };
    return {
      decision: "permit",
      reason,
      sent: withText ? { ...named, text: sent.toString("utf8") } : named,
    };
  }
  const { message, rule, hint } = verdict.denial;
  return { decision: "deny", reason: message, rule, hint };
}

/** The trials of one connection's operations, named `connection/operation,operation`; each call is a session of its own. */
async function trialsOf(name: string, options: JudgeOptions): Promise<Trial> {
  const { config: file } = options;
  const loaded = await load(
    file,
    protocols,
    process.env,
    options.online ? [["connections", name.split("/")[0] ?? ""]] : "named",
  );
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { connections } = loaded.configuration;
  const [connectionName = "", operationNames = "", ...more] = name.split("/");
  const connection = connections.get(connectionName);
  const scopes = operationNames.split(",").map((operationName) => {
    const operation = connection?.operations.get(operationName);
    const full = `${connectionName}/${operationName}`;
    if (operation !== undefined && more.length === 0) return { name: full, scope: operation.scope };
    const known = [...connections.values()].flatMap((each) =>
      [...each.operations.keys()].map((operation) => `${each.name}/${operation}`),
    );
    throw new MayflyError(
      "unknown_operation",
      `${file} has no operation ${more.length === 0 ? full : name}`,
      { hint: nameHint(full, known, "it has") ?? "it has none" },
    );
  });
  const protocol = protocols.find(({ kind }) => kind === connection?.kind);
  if (protocol === undefined || connection === undefined)
    throw new TypeError(`no protocol serves ${connection?.kind}`);
  return async (acts) => {
    const online = options.online ? AbortSignal.timeout(MAX_ASKING_MS) : undefined;
    const trial = protocol.trial(scopes, connection.target, online);
    let last: Answer = { decision: "permit", reason: "there is nothing to judge" };
    for (const act of acts) {
      const verdict = await trial(act);
      const sent = verdict.kind === "permit" ? protocol.sent?.(act, verdict.cover) : undefined;
      last = answerOf(verdict, sent, options.sent);
      if (last.decision !== "permit") return last;
    }
    return last;
  };
}

/** One line of JSON Lines, judged; what cannot be read is denied. */
async function judgeLine(
  line: string,
  number: number,
  trial: Trial,
): Promise<Answer & { readonly id: unknown }> {
  let asked: unknown;
  try {
    asked = JSON.parse(line);
  } catch {
    return { id: null, decision: "deny", reason: `line ${number} is not JSON` };
  }
  const { id = null, act } =
    typeof asked === "object" && asked !== null ? (asked as { id?: unknown; act?: unknown }) : {};
  const acts: unknown[] = Array.isArray(act) ? act : [act];
  if (!acts.every((each) => typeof each === "string")) {
    return {
      id,
      decision: "deny",
      reason: `line ${number}: "act" is a text, or an array of texts for a sequence in one session`,
    };
  }
  return { id, ...(await trial(acts)) };
}

/**
 * `mayflyd judge CONNECTION/OPERATION[,OPERATION…] [STATEMENT…]`: what scopes make of statements, without touching any
 * database but with `online`.
 * Without statements it reads JSON Lines from standard input and answers each with a line.
 * @returns the exit code: 0 everything permitted (or every line answered), 3 something denied
 */
export async function judge(
  name: string,
  statements: readonly string[],
  options: JudgeOptions,
): Promise<number> {
  const trial = await trialsOf(name, options);
  if (statements.length === 0) {
    let number = 0;
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== "") say(jsonText(await judgeLine(line, number, trial)));
    }
    return 0;
  }
  let denied = 0;
  for (const statement of statements) {
    const answer = await trial([statement]);
    if (answer.decision !== "permit") denied += 1;
    if (options.json) {
      say(jsonText({ act: statement, ...answer }));
      continue;
    }
    say(`${answer.decision.padEnd(6)}  ${statement.replaceAll(/\s+/g, " ")}`);
    say(`        ${answer.reason}`);
    if (answer.sent !== undefined) {
      say(`        sent: ${answer.sent.bytes} bytes, SHA-256 ${answer.sent.sha256}`);
      if (answer.sent.text !== undefined) say(answer.sent.text);
    }
    if (answer.hint !== undefined) say(`        hint: ${answer.hint}`);
  }
  return denied === 0 ? 0 : 3;
}
