import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import { createAsking } from "./asking.ts";
import { namedRelations } from "./named-relations.ts";
import type { Target } from "../target.ts";

/**
 * Of a grant's tables those behind which nothing stands that an error could quote or a plan show: no view, no row security, no
 * trigger, no generated column, no function or operator of the database's own in a constraint, a default, an index, a
 * partition key or a domain, no such code in a cast or an operator class of a column's type, and no foreign key that
 * carries a change on to a table that is not granted. Partitions and children are looked at too, and a child that is not
 * granted may have no columns of its own. Asked of the database when a session starts. Where a table is missing in the answer,
 * or none comes, errors are withheld, and plans that could show something of it refused.
 *
 * Types are written so that every operator is an exact match, which pg_catalog's wins.
 */
export function plainTablesQuestion(tables: ReadonlySet<string>): string {
  // pg_depend names no function of pg_catalog: those are pinned (manual, "pg_depend").
  return `WITH RECURSIVE wanted AS (
      SELECT g.name, c.oid FROM ${namedRelations(tables)}),
    family AS (SELECT w.oid AS root, w.oid FROM wanted w
      UNION SELECT f.root, i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON f.oid = i.inhparent),
    coded AS (SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
      WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass::oid, 'pg_catalog.pg_operator'::pg_catalog.regclass::oid)),
    coded_constraints AS (SELECT x.conrelid, x.contypid FROM pg_catalog.pg_constraint x
      JOIN coded d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid AND d.objid = x.oid),
    own_code AS (SELECT p.oid FROM pg_catalog.pg_proc p
      WHERE p.oid >= 16384::pg_catalog.oid AND NOT p.prolang IN (12::pg_catalog.oid, 13::pg_catalog.oid)),
    own_families AS (SELECT a.amprocfamily AS family FROM pg_catalog.pg_amproc a JOIN own_code p ON p.oid = a.amproc::pg_catalog.oid
      UNION SELECT a.amopfamily FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr
        JOIN own_code p ON p.oid = o.oprcode::pg_catalog.oid),
    own_types AS (SELECT t.type FROM pg_catalog.pg_cast c JOIN own_code p ON p.oid = c.castfunc
        CROSS JOIN LATERAL (VALUES (c.castsource), (CASE WHEN c.casttarget >= 16384::pg_catalog.oid THEN c.casttarget END)) t(type)
      UNION SELECT o.opcintype FROM pg_catalog.pg_opclass o JOIN own_families f ON f.family = o.opcfamily)
    SELECT w.name FROM wanted w WHERE w.oid NOT IN (
      SELECT f.root FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid
      WHERE NOT c.relkind IN ('r', 'p') OR c.relrowsecurity OR c.relhasrules
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '')
      OR (NOT c.oid IN (SELECT w.oid FROM wanted w) AND (
        EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0::pg_catalog.int2
          AND NOT a.attisdropped AND a.attinhcount = 0)
        OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid
          AND NOT i.inhparent IN (SELECT g.oid FROM family g))))
      OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
      OR EXISTS (SELECT FROM coded_constraints x WHERE x.conrelid = c.oid)
      OR EXISTS (SELECT FROM coded d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND d.objid = c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN own_types o ON o.type = a.atttypid WHERE a.attrelid = c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_attrdef x JOIN coded d
        ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid AND d.objid = x.oid WHERE x.adrelid = c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_index x JOIN coded d
        ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND d.objid = x.indexrelid WHERE x.indrelid = c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND t.oid >= 16384::pg_catalog.oid
        AND (t.typtype IN ('c', 'd', 'm', 'r') OR t.typelem <> 0::pg_catalog.oid)
        AND EXISTS (SELECT FROM coded_constraints x WHERE x.contypid <> 0::pg_catalog.oid))
      OR EXISTS (SELECT FROM pg_catalog.pg_constraint x WHERE x.confrelid = c.oid
        AND x.conrelid NOT IN (SELECT g.oid FROM family g)
        AND (NOT x.confupdtype IN ('a', 'r') OR NOT x.confdeltype IN ('a', 'r'))))`;
}

/**
 * Asks it of a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @returns by their full names; none when the server errs, goes away or takes too long
 */
export type ReadPlainTables = (
  socket: Socket,
  target: Target,
  tables: ReadonlySet<string>,
  ended: AbortSignal,
) => Promise<ReadonlySet<string>>;

const none: ReadonlySet<string> = new Set();

/** Makes the question. */
export function createPlainTables(clock: Clock): ReadPlainTables {
  const asked = createAsking(clock, plainTablesOf);
  return async (socket, target, tables, ended) =>
    tables.size === 0 ? none : asked(socket, target, plainTablesQuestion(tables), ended).catch(() => none);
}

export function plainTablesOf(rows: readonly (readonly (string | null)[])[]): ReadonlySet<string> {
  return new Set(rows.flatMap(([name]) => (typeof name === "string" ? [name] : [])));
}
