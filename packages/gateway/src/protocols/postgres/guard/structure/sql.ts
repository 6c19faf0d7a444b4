/**
 * How the gateway's own SQL is written: every name with its schema, every operator with its own, so that neither a
 * search path nor a WITH query of the client's can make it mean anything else.
 */

/** A text as a constant; standard_conforming_strings is fixed upstream. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An identifier, quoted. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `a = b`. */
export const eq = (one: string, other: string): string => `${one} OPERATOR(pg_catalog.=) ${other}`;

/** `a < b`. */
export const below = (one: string, other: string): string => `${one} OPERATOR(pg_catalog.<) ${other}`;

/** Whether a value is among a query's or an array's. */
export const among = (value: string, set: string): string => `${value} OPERATOR(pg_catalog.=) ANY (${set})`;

export const nameArray = (names: Iterable<string>): string =>
  `ARRAY[${[...names].map(quoted).join(", ")}]::pg_catalog.name[]`;

export const textArray = (texts: Iterable<string>): string =>
  `ARRAY[${[...texts].map(quoted).join(", ")}]::pg_catalog.text[]`;

export const charArray = (letters: string): string =>
  `ARRAY[${letters.split("").map(quoted).join(", ")}]::pg_catalog."char"[]`;

export const oid = (number: number): string => `${number}::pg_catalog.oid`;

/** Some condition of a list; none: false. */
export const either = (...conditions: readonly (string | undefined)[]): string => {
  const some = conditions.filter((each) => each !== undefined && each !== "false");
  return some.length === 0 ? "false" : `(${some.join(" OR ")})`;
};

/** Objects with a lower number came with the server (access/transam.h, FirstNormalObjectId). */
export const FIRST_OWN_OID = 16_384;

/** Whether an object came with the server: the same everywhere. */
export const isBuiltin = (value: string): string => below(value, oid(FIRST_OWN_OID));
