/**
 * Whether a text may be parsed on the thread that serves everybody. PostgreSQL's scanner reads a run of operator
 * characters from every one of its places to its end (scan.l: `operator`, `xcstart`), so that a run costs its square;
 * everything else in the grammar costs its length. Texts that are not cheap are judged by a worker, under a time limit.
 */

/** The longest text that is parsed inline, in UTF-16 code units: about two milliseconds at worst. */
const MAX_INLINE_CHARACTERS = 4096;
/** The most that the squares of all operator runs may come to. */
const MAX_INLINE_RUN_STEPS = 20_000;

const isOperator = new Uint8Array(128);
for (const character of "~!@#^&|`?+-*/%<>=") isOperator[character.charCodeAt(0)] = 1;

/** One pass over the text, whatever it is. */
export function isCheapToParse(sql: string): boolean {
  if (sql.length > MAX_INLINE_CHARACTERS) return false;
  let steps = 0;
  let run = 0;
  for (let at = 0; at < sql.length; at += 1) {
    if (isOperator[sql.charCodeAt(at)] === 1) {
      run += 1;
      steps += run;
    } else run = 0;
  }
  return steps <= MAX_INLINE_RUN_STEPS;
}
