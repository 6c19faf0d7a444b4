/**
 * Statements that a program sends again and again with other numbers in them (`WHERE id = 17`, `WHERE id = 18`) are
 * one statement to the guard, as long as no rule looked at a number. Their shape is the key under which one verdict
 * serves all of them, so that each need not be parsed.
 *
 * Only texts in which a number cannot be part of anything else have a shape: ASCII without quotes, dollar signs,
 * backslashes or comments. Of these, whole numbers of at most nine digits, which PostgreSQL's grammar always reads as
 * one integer constant, are replaced: so two texts of one shape have parse trees that differ in those integers alone.
 * `float(24)` and `float(25)` are two types, and the grammar looks at no other number (gram.y, opt_float).
 * And only queries and changes of rows: elsewhere (EXPLAIN's options, SET) a number can be a switch.
 */

/** Longer texts are judged on their own. */
const MAX_SHAPED_CHARACTERS = 4096;
const kinds = /^\s*(?:select|insert|update|delete|with|values)\b/i;
const opaque = /['"$\\]|--|\/\*|[^\t\n\r -~]|\bfloat\s*\(/i;
const whole = /(?<![\w.])\d{1,9}(?![\w.])/g;

/** The shape of a text, or undefined when it has none. */
export function shapeOf(sql: string): string | undefined {
  if (sql.length > MAX_SHAPED_CHARACTERS || !kinds.test(sql) || opaque.test(sql)) return undefined;
  return sql.replace(whole, "0");
}
