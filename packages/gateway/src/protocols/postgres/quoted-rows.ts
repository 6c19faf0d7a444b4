import type { NamedScope } from "../../gate/protocol.ts";
import { type } from "./framing.ts";
import type { PostgresScope } from "./scope.ts";

/**
 * Whether some table is granted in part only. Then the database's errors must not quote its rows: a violated constraint
 * says `Failing row contains (…)` with every column, whatever the statement named.
 */
export function hidesColumns(scopes: readonly NamedScope<PostgresScope>[]): boolean {
  return scopes.some(({ scope }) =>
    Object.values(scope.tables).some(
      (table) => table !== "all" && (Array.isArray(table) || table.select !== "all"),
    ),
  );
}

/** The field of an error that may quote what is not granted, by its SQLSTATE; undefined: none. */
function quoting(code: string): "D" | "H" | undefined {
  // Class 23, integrity constraints, and 44, WITH CHECK OPTION: the row or its key. 42703: columns of like names.
  if (/^(?:23|44)/.test(code)) return "D";
  return code === "42703" ? "H" : undefined;
}

/**
 * An ErrorResponse without the field that may quote what is not granted.
 * @param at the message's first byte
 * @param end behind its last; the message must be whole when the code is one of those that quote
 * @returns the message that goes on in its place, undefined when its own may
 */
export function withoutQuotes(bytes: Buffer, at: number, end: number, code: string): Buffer | undefined {
  const field = quoting(code)?.charCodeAt(0);
  if (field === undefined) return undefined;
  const kept: Buffer[] = [];
  let position = at + 5;
  while (position < end && bytes[position] !== 0) {
    const nul = bytes.indexOf(0, position + 1);
    // A field that has no end in what is here is dropped with all behind it.
    if (nul < 0 || nul >= end) break;
    if (bytes[position] !== field) kept.push(bytes.subarray(position, nul + 1));
    position = nul + 1;
  }
  const body = Buffer.concat([...kept, Buffer.from([0])]);
  const head = Buffer.alloc(5);
  head[0] = type.errorResponse;
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
