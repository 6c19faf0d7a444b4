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
        WHERE t.typtype OPERATOR(pg_catalog.=) 'd'::pg_catalog."char"),
    up AS (
      SELECT relation, relation AS other FROM col
      UNION SELECT u.relation, i.inhparent FROM up u
        JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) u.other),
    down AS (
      SELECT relation, relation AS other FROM col
      UNION SELECT d.relation, i.inhrelid FROM down d
        JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) d.other),
    kin AS (SELECT relation, other FROM up UNION SELECT relation, other FROM down),
    reader AS (
      SELECT relation, other FROM kin
      UNION SELECT r.relation, w.ev_class FROM reader r
        JOIN pg_catalog.pg_depend d ON d.refclassid OPERATOR(pg_catalog.=) 1259::pg_catalog.oid
          AND d.refobjid OPERATOR(pg_catalog.=) r.other AND d.classid OPERATOR(pg_catalog.=) 2618::pg_catalog.oid
        JOIN pg_catalog.pg_rewrite w ON w.oid OPERATOR(pg_catalog.=) d.objid
          AND w.ev_type OPERATOR(pg_catalog.=) '1'::pg_catalog."char")
    SELECT b.name, b.relation::pg_catalog.text, b.attnum::pg_catalog.text, b.type::pg_catalog.text,
      t.typname::pg_catalog.text, (t.typtype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")::pg_catalog.text,
      (SELECT pg_catalog.json_agg(e.enumlabel)::pg_catalog.text FROM pg_catalog.pg_enum e
        WHERE e.enumtypid OPERATOR(pg_catalog.=) b.type),
      ${namesIn("kin")}, ${namesIn("reader")}
    FROM base b JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type
    WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'::pg_catalog."char"`;
}

/** The full names of what the question finds beside a column's table, as JSON. */
function namesIn(found: string): string {
  return `(SELECT pg_catalog.json_agg(pg_catalog.concat(n.nspname, '.', c.relname))::pg_catalog.text FROM ${found} f
        JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) f.other
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE f.relation OPERATOR(pg_catalog.=) b.relation AND f.other OPERATOR(pg_catalog.<>) b.relation)`;
}

export function maskedColumnsOf(rows: readonly (readonly (string | null)[])[]): MaskedColumns {
  return new Map(
    rows.flatMap(([name, relation, attnum, type, typeName, isEnum, labels, kin, readers]) => {
      if (typeof name !== "string" || typeof typeName !== "string") return [];
      const column: MaskedColumn = {
        relation: Number(relation),
        attnum: Number(attnum),
        type: Number(type),
        kind: kindOfType(Number(type), typeName, isEnum === "true"),
        typeName,
        labels: listOf(labels),
        kin: listOf(kin),
        views: listOf(readers).filter((reader) => !listOf(kin).includes(reader)),
      };
      return [[name, column] as const];
    }),
  );
}

function listOf(json: string | null | undefined): readonly string[] {
  return typeof json === "string" ? (JSON.parse(json) as readonly string[]) : [];
}
