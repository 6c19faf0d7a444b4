import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import type { Granted } from "../guard/granted.ts";
import { kindOfType, type MaskedColumn } from "../masks/column.ts";
import { maskedParts } from "../masks/method.ts";
import type { Target } from "../target.ts";
import { createAsking } from "./asking.ts";
import { namedRelations } from "./named-relations.ts";

/** Masked columns by their full names. */
type MaskedColumns = ReadonlyMap<string, MaskedColumn>;

const none: MaskedColumns = new Map();

/**
 * Asks where the columns are that a grant's operations mask, and of what type. Where the database does not answer it has
 * none, and all of them are denied.
 * @param ended the session's end: then the server is let go
 * @returns undefined where nothing is masked
 */
export type ReadMaskedColumns = (
  socket: Socket,
  target: Target,
  granted: Granted,
  ended: AbortSignal,
) => Promise<MaskedColumns | undefined>;

export function createMaskedColumns(clock: Clock): ReadMaskedColumns {
  const asked = createAsking(clock, maskedColumnsOf);
  return async (socket, target, granted, ended) => {
    const question = maskedColumnsQuestion(granted);
    return question === undefined ? undefined : asked(socket, target, question, ended).catch(() => none);
  };
}

/** @returns undefined where nothing is masked */
export function maskedColumnsQuestion({ scopes }: Pick<Granted, "scopes">): string | undefined {
  const masked = [...new Set(scopes.flatMap(({ scope }) => Object.keys(scope.mask)))].toSorted();
  if (masked.length === 0) return undefined;
  const names = masked.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ");
  return `WITH RECURSIVE col AS (
      SELECT pg_catalog.concat(g.name, '.', a.attname) AS name, c.oid AS relation, a.attnum, a.atttypid AS type
      FROM ${namedRelations(masked.map((name) => maskedParts(name).table))}
      JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
      WHERE a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped
        AND pg_catalog.concat(g.name, '.', a.attname) OPERATOR(pg_catalog.=) ANY (ARRAY[${names}]::pg_catalog.text[])),
    base AS (
      SELECT name, relation, attnum, type FROM col
      UNION ALL SELECT b.name, b.relation, b.attnum, t.typbasetype FROM base b
        JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type
        WHERE t.typtype OPERATOR(pg_catalog.=) 'd'::pg_catalog."char")
    SELECT b.name, b.relation::pg_catalog.text, b.attnum::pg_catalog.text, b.type::pg_catalog.text,
      t.typname::pg_catalog.text, (t.typtype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")::pg_catalog.text,
      (SELECT pg_catalog.json_agg(e.enumlabel)::pg_catalog.text FROM pg_catalog.pg_enum e
        WHERE e.enumtypid OPERATOR(pg_catalog.=) b.type)
    FROM base b JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type
    WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'::pg_catalog."char"`;
}

export function maskedColumnsOf(rows: readonly (readonly (string | null)[])[]): MaskedColumns {
  return new Map(
    rows.flatMap(([name, relation, attnum, type, typeName, isEnum, labels]) => {
      if (typeof name !== "string" || typeof typeName !== "string") return [];
      const column: MaskedColumn = {
        relation: Number(relation),
        attnum: Number(attnum),
        type: Number(type),
        kind: kindOfType(Number(type), typeName, isEnum === "true"),
        typeName,
        labels: typeof labels === "string" ? (JSON.parse(labels) as readonly string[]) : [],
      };
      return [[name, column] as const];
    }),
  );
}
