import type { PolicyProblem } from "./types.ts";

/** What is wrong with a `when:` text, before its place in the configuration is known. */
export type WhenProblem = Pick<PolicyProblem, "message" | "hint"> & { readonly offset: number };

/** A word, number, string or sign of a condition, and where it starts. */
export interface Token {
  readonly text: string;
  readonly offset: number;
}

/**
 * Bounds of one condition. Cedar's parser, validator and evaluator recurse on a stack of 1 MiB inside WebAssembly; past it
 * the module traps and is unusable from then on, for the policies in force as well (measured: from about 120 nested
 * brackets or 400 chained operators). So a text is bounded before Cedar sees it.
 */
const MAX_CHARACTERS = 4_000;
const MAX_TOKENS = 600;
const MAX_DEPTH = 20;

/** One token; strings with Cedar's escapes are one token, whatever is in them. */
const grammar = /\s+|\/\/|"(?:[^"\\]|\\[\s\S])*"|[A-Za-z_][A-Za-z0-9_]*|\d+|::|&&|\|\||[=!<>]=|[\s\S]/guy;

/** Characters that make a text read differently from what it says: controls, bidirectional marks, invisible ones. */
const unreadable = /(?![\n\r\t])[\p{Cc}\p{Cf}\u2028\u2029]/u;

const closers: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/** Signs that belong to policies around a condition, never to the condition itself. */
const foreign: ReadonlyMap<string, readonly [message: string, hint: string]> = new Map([
  ["//", ["a condition holds no comment", "put the comment into the YAML, behind #"]],
  [
    ";",
    [
      "a condition is one expression, without `;`",
      "write further conditions as further policies, or join them with &&",
    ],
  ],
  ["@", ["a condition holds no annotation", "remove the @…"]],
  ["?", ["a condition holds no template slot", "compare with a value instead"]],
]);

/**
 * Takes a condition apart, as far as is needed to be sure that it is one closed expression of bounded size.
 * @returns the tokens, without white space, or the first problem
 */
export function tokenize(
  when: string,
): { readonly tokens: readonly Token[] } | { readonly problem: WhenProblem } {
  if (when.trim() === "")
    return problemAt(0, "the condition is empty", "leave `when` out, or write a Cedar expression");
  if (when.length > MAX_CHARACTERS) {
    return problemAt(
      MAX_CHARACTERS,
      `the condition is longer than ${MAX_CHARACTERS} characters`,
      "split it into several policies",
    );
  }
  if (!when.isWellFormed())
    return problemAt(0, "the condition is not valid Unicode", "save the file as UTF-8");
  const hidden = unreadable.exec(when);
  if (hidden !== null) {
    const code = (hidden[0].codePointAt(0) ?? 0).toString(16);
    return problemAt(
      hidden.index,
      "the condition holds an invisible character",
      `write it as \\u{${code}} inside a string`,
    );
  }
  const tokens: Token[] = [];
  const open: Token[] = [];
  for (const match of when.matchAll(grammar)) {
    const token = { text: match[0], offset: match.index };
    if (token.text.trim() === "") continue;
    const problem = misplaced(token, open);
    if (problem !== undefined) return { problem };
    tokens.push(token);
    if (tokens.length > MAX_TOKENS) {
      return problemAt(
        token.offset,
        `the condition has more than ${MAX_TOKENS} words and signs`,
        "split it into several policies",
      );
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) return problemAt(unclosed.offset, `\`${unclosed.text}\` is never closed`);
  return { tokens };
}

/** Whether this token may stand here; keeps `open`, the brackets that are open. */
function misplaced(token: Token, open: Token[]): WhenProblem | undefined {
  const { text, offset } = token;
  const alien = foreign.get(text);
  if (alien !== undefined) return { offset, message: alien[0], hint: alien[1] };
  if (text === '"') return { offset, message: "the string is never closed", hint: 'end it with `"`' };
  if (text === "'")
    return { offset, message: "strings stand in double quotes", hint: "write \"…\" instead of '…'" };
  // Cedar counts in 64 bits, but its syntax tree reaches us as JSON, which would round such a number silently.
  if (/^\d/u.test(text) && !Number.isSafeInteger(Number(text))) {
    return {
      offset,
      message: `the number ${text.slice(0, 30)} is too large`,
      hint: `use at most ${Number.MAX_SAFE_INTEGER}`,
    };
  }
  if (closers.has(text)) {
    open.push(token);
    if (open.length > MAX_DEPTH) {
      return {
        offset,
        message: `brackets are nested more than ${MAX_DEPTH} deep`,
        hint: "split the condition into several policies",
      };
    }
  } else if (text === ")" || text === "]" || text === "}") {
    const opener = open.pop();
    if (opener === undefined) return { offset, message: `\`${text}\` closes nothing` };
    if (closers.get(opener.text) !== text) {
      return {
        offset,
        message: `\`${text}\` closes \`${opener.text}\`, which wants \`${closers.get(opener.text)}\``,
      };
    }
  }
  return undefined;
}

function problemAt(offset: number, message: string, hint?: string): { readonly problem: WhenProblem } {
  return { problem: hint === undefined ? { offset, message } : { offset, message, hint } };
}
