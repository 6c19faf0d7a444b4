/** The part of a token that libpg_query's scanner gives which is looked at here. */
interface Token {
  readonly text: string;
  readonly tokenType: number;
}

const openParenthesis = 40;
const closeParenthesis = 41;
const comma = 44;
const equals = 61;
const comments: ReadonlySet<number> = new Set([275, 276]);

/**
 * Whether a text can hold `SET (a, b) = …` at all. Only then is it worth scanning.
 */
export function mayAssignRows(sql: string): boolean {
  const set = sql.search(/set/iu);
  if (set < 0) return false;
  const close = sql.indexOf(")", set);
  return close >= 0 && sql.indexOf("=", close) >= 0;
}

/**
 * How many times over the parse tree repeats a part of the statement at most. PostgreSQL's grammar puts the right
 * side of `SET (a, b, c) = (SELECT …)` into its tree once for each column, by one pointer; written out as JSON it is
 * three copies, and nested in each other they multiply: a kilobyte becomes gigabytes.
 * @param json the scanner's answer
 */
export function repetitions(json: string): number {
  const answer: unknown = JSON.parse(json);
  if (typeof answer !== "object" || answer === null || !("tokens" in answer)) return 1;
  const tokens = (answer.tokens as readonly Token[]).filter(({ tokenType }) => !comments.has(tokenType));
  const opened: { readonly assigns: boolean; columns: number }[] = [];
  let product = 1;
  for (const [index, { tokenType }] of tokens.entries()) {
    if (tokenType === openParenthesis) {
      const before = tokens[index - 1];
      opened.push({
        assigns: before !== undefined && (before.tokenType === comma || before.text.toLowerCase() === "set"),
        columns: 1,
      });
    } else if (tokenType === comma) {
      const innermost = opened.at(-1);
      if (innermost !== undefined) innermost.columns += 1;
    } else if (tokenType === closeParenthesis) {
      const closed = opened.pop();
      if (closed?.assigns === true && tokens[index + 1]?.tokenType === equals) product *= closed.columns;
    }
  }
  return product;
}
