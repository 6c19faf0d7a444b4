import { type } from "../../wire/framing.ts";

/**
 * What a client may read of the database's errors and notices while something is hidden from it. A message can quote
 * a value of any column, through a generated column, a cast, a check, a trigger, a view or a function, and name what
 * is not granted. So what is known to quote nothing goes on, and all else becomes its SQLSTATE and a text of the
 * gateway's own.
 */

/** Fields that are read here (manual, "Error and Notice Message Fields"). */
type Fields = Readonly<Partial<Record<string, string>>>;

/** Errors that the server's own code words without a value or a name, or with a name that the client gave. */
const plainErrors: ReadonlySet<string> = new Set(
  `08000 08003 08006 08P01 21000 22012 24000 25000 25001 25006 25P01 25P02 25P03 25P04 26000 2D000 34000 3B001
  40001 40P01 42P03 42P05 53000 53200 53300 54001 54011 54023 57014 57P01 57P02 57P03 57P04
  57P05`.split(/\s+/u),
);

/** Messages of classes 22, data exceptions, 42, 0A, 54 and 55 that are the same whatever the data. */
const plainMessages: ReadonlySet<string> = new Set([
  "smallint out of range",
  "integer out of range",
  "bigint out of range",
  "oid out of range",
  "money out of range",
  "date out of range",
  "time out of range",
  "timestamp out of range",
  "interval out of range",
  "numeric field overflow",
  "value overflows numeric format",
  "value out of range: overflow",
  "value out of range: underflow",
  "division by zero",
  // Drivers prepare the statement again when they read this.
  "cached plan must not change result type",
  "cannot take square root of a negative number",
  "cannot take logarithm of zero",
  "cannot take logarithm of a negative number",
  "LIMIT must not be negative",
  "OFFSET must not be negative",
  "negative substring length not allowed",
  "step size cannot equal zero",
  "array subscript out of range",
  "LIKE pattern must not end with escape character",
  "invalid escape string",
  "cannot insert multiple commands into a prepared statement",
  "canceling statement due to lock timeout",
]);
const valueTooLong = /^value too long for type character(?: varying)?\(\d+\)$/u;
/** The input of a parameter's type refused its text, which stands there quoted (postgres.c, bind_param_error_callback). */
const ofParameter = /^(?:unnamed portal|portal "[^"\n]*") parameter \$\d+(?: = '(?:[^']|'')*')?$/u;

/** What stands in the place of a message, by SQLSTATE (manual, appendix A), then by class. */
const words: Readonly<Record<string, string>> = {
  "22001": "a value is too long for its column",
  "22003": "a number is out of range",
  "22004": "a null value is not allowed",
  "22007": "the text of a date or time is invalid",
  "22008": "a date or time is out of range",
  "22023": "a parameter's value is invalid",
  "22P02": "a text is invalid for its type",
  "22P03": "a binary value is invalid for its type",
  "22": "a value is invalid",
  "23001": "other rows refer to this one",
  "23502": "a null value violates a not-null constraint",
  "23503": "a foreign key constraint is violated",
  "23505": "a unique constraint is violated: such a row exists already",
  "23514": "a check constraint is violated",
  "23P01": "an exclusion constraint is violated",
  "23": "a constraint is violated",
  "40": "the transaction was rolled back by the database: try again",
  "42501": "the database denies the gateway's role what the statement needs",
  "42": "the database cannot run the statement",
  "44": "the row would not be in the view that it is written through",
  "53100": "the database's disk is full",
  "53400": "a limit of the database's configuration is reached",
  "54": "a limit of the database is exceeded",
  "55P03": "a lock is held by another transaction",
  "57014": "the statement was cancelled",
  P0: "a function or trigger of the database refused",
};

const HINT = "the database's own words are withheld, since they may quote what this grant does not cover";

function fieldsOf(bytes: Buffer, at: number, end: number): Fields {
  const fields: Record<string, string> = {};
  let position = at + 5;
  while (position < end && bytes[position] !== 0) {
    const nul = bytes.indexOf(0, position + 1);
    // A field that has no end in what is here is dropped with all behind it.
    if (nul < 0 || nul >= end) break;
    fields[String.fromCharCode(bytes[position] ?? 0)] ??= bytes.toString("utf8", position + 1, nul);
    position = nul + 1;
  }
  return fields;
}

/** Whether a message can have been made by the server's own code alone: whatever runs inside names itself here. */
function isOfServer({ W, q, p }: Fields): boolean {
  return W === undefined && q === undefined && p === undefined;
}

/** Whether an error's message quotes nothing but what the client sent. */
function isPlain(fields: Fields, isBind: boolean): boolean {
  const { C: code = "", M: text = "", W: context } = fields;
  // The value is the client's own, and the type's input alone has seen it.
  if (isBind && code.startsWith("22") && fields["q"] === undefined)
    return context === undefined || ofParameter.test(context);
  if (!isOfServer(fields)) return false;
  // A position is a place in the client's own text: the parser or the analysis refused, before any row was read.
  if (fields["P"] !== undefined) return /^(?:22|42|0A)/u.test(code);
  return (
    plainErrors.has(code) ||
    (/^(?:22|42|0A|54|55)/u.test(code) && (plainMessages.has(text) || valueTooLong.test(text)))
  );
}

/**
 * What goes on in the place of an ErrorResponse.
 * @param at the message's first byte
 * @param end behind its last
 * @param isBind whether it answers a Bind
 * @param isGranted whether a table, as `schema.name`, may be named
 */
export function withheldError(
  bytes: Buffer,
  at: number,
  end: number,
  isBind: boolean,
  isGranted: (table: string) => boolean,
): Buffer {
  const fields = fieldsOf(bytes, at, end);
  const { S, V, C: code = "XX000", M: text = "" } = fields;
  const plain = isPlain(fields, isBind);
  const own = words[code] ?? words[code.slice(0, 2)] ?? "the database reported an error";
  const { s: schema, t: table } = fields;
  const isNamed = schema !== undefined && table !== undefined && isGranted(`${schema}.${table}`);
  return message(type.errorResponse, [
    ["S", S],
    ["V", V],
    ["C", code],
    ["M", plain ? text : own],
    ["H", plain ? undefined : HINT],
    ["P", plain ? fields["P"] : undefined],
    ["R", code === "0A000" && plain ? fields["R"] : undefined],
    ["s", isNamed ? schema : undefined],
    ["t", isNamed ? table : undefined],
  ]);
}

/** Notices that the server's own code words without a value. */
const plainNotices: ReadonlySet<string> = new Set(["25001", "25P01", "42622"]);

/** What goes on in the place of a NoticeResponse: its text alone, or nothing. */
export function withheldNotice(bytes: Buffer, at: number, end: number): Buffer {
  const fields = fieldsOf(bytes, at, end);
  const { S, V, C: code = "", M: text } = fields;
  if (!isOfServer(fields) || !plainNotices.has(code)) return Buffer.alloc(0);
  return message(type.noticeResponse, [
    ["S", S],
    ["V", V],
    ["C", code],
    ["M", text],
  ]);
}

function message(kind: number, fields: readonly (readonly [string, string | undefined])[]): Buffer {
  const told = fields.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}${value}\0`);
  const body = Buffer.from(`${told.join("")}\0`, "utf8");
  const head = Buffer.alloc(5);
  head[0] = kind;
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
