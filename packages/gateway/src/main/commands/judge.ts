import { createInterface } from "node:readline";
import { MayflyError } from "../../kernel/errors.ts";
import { nearest } from "../../kernel/nearest.ts";
import type { Verdict } from "../../gate/protocol.ts";
import { ConfigurationRefused } from "../reload.ts";
import { formatProblems } from "../../configuration/problems.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";

/** What judge says of one act, or of a sequence of acts in one session. */
interface Answer {
  readonly decision: "permit" | "deny";
  readonly reason: string;
  readonly rule?: string;
  readonly hint?: string;
}

/** Judges acts in order in one session; the first denial decides. */
type Trial = (acts: readonly string[]) => Promise<Answer>;

function answerOf(verdict: Verdict): Answer {
  if (verdict.verdict === "permit") return { decision: "permit", reason: `covered by ${verdict.operation}` };
  const { message, rule, hint } = verdict.denial;
  return { decision: "deny", reason: message, rule, hint };
}

/** The operation's trials; each call is a session of its own. */
async function trialsOf(file: string, name: string): Promise<Trial> {
  const loaded = await load(file, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { connections } = loaded.configuration;
  const [connectionName = "", operationName = "", ...more] = name.split("/");
  const known = [...connections.values()].flatMap((each) =>
    [...each.operations.keys()].map((operation) => `${each.name}/${operation}`),
  );
  const connection = connections.get(connectionName);
  const operation = connection?.operations.get(operationName);
  if (connection === undefined || operation === undefined || more.length > 0) {
    const meant = nearest(name, known);
    throw new MayflyError("unknown_operation", `${file} has no operation ${name}`, {
      hint: meant === undefined ? `it has ${known.join(", ")}` : `did you mean ${meant}?`,
    });
  }
  const protocol = protocols.find(({ kind }) => kind === connection.kind);
  if (protocol === undefined) throw new TypeError(`no protocol serves ${connection.kind}`);
  return async (acts) => {
    const trial = protocol.trial([{ name, scope: operation.scope as never }], connection.target);
    let last: Answer = { decision: "permit", reason: "there is nothing to judge" };
    for (const act of acts) {
      last = answerOf(await trial(act));
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
 * `mayflyd judge CONNECTION/OPERATION [STATEMENT…]`: what a scope makes of statements, without touching any database.
 * Without statements it reads JSON Lines from standard input and answers each with a line.
 * @returns the exit code: 0 everything permitted (or every line answered), 3 something denied
 */
export async function judge(
  name: string,
  statements: readonly string[],
  options: { readonly config: string; readonly json: boolean },
): Promise<number> {
  const trial = await trialsOf(options.config, name);
  if (statements.length === 0) {
    let number = 0;
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== "")
        process.stdout.write(`${JSON.stringify(await judgeLine(line, number, trial))}\n`);
    }
    return 0;
  }
  let denied = 0;
  for (const statement of statements) {
    const answer = await trial([statement]);
    if (answer.decision !== "permit") denied += 1;
    if (options.json) {
      console.log(JSON.stringify({ act: statement, ...answer }));
      continue;
    }
    console.log(`${answer.decision.padEnd(6)}  ${statement.replaceAll(/\s+/g, " ")}`);
    console.log(`        ${answer.reason}`);
    if (answer.hint !== undefined) console.log(`        hint: ${answer.hint}`);
  }
  return denied === 0 ? 0 : 3;
}
