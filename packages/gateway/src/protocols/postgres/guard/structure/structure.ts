import type { DatabaseFacts } from "../database.ts";
import { concreteScope } from "../found/concrete.ts";
import type { PostgresScope } from "../../scope.ts";
import { catalogColumns } from "./columns.ts";
import { commonRelations } from "./common.ts";
import { informationRelations } from "./information.ts";
import { everything, none, type Relation } from "./relation.ts";
import { catalogLookups } from "./lookups.ts";
import { catalogRelations } from "./relations.ts";
import { identifier } from "./sql.ts";
import { CHECK, checkFragment, type CheckName } from "./checks.ts";
import { type Named, namedBy } from "./named.ts";
import { withQueries } from "./queries.ts";
import { Visible } from "./visible.ts";

/** A relation of the catalogue as a grant shows it. */
export interface Shown {
  /** `schema.name`. */
  readonly full: string;
  /** Exactly these columns, in this order. */
  readonly columns: readonly string[];
  /** Those whose type looks names up. */
  readonly lookups: ReadonlySet<string>;
}

/**
 * The structure of what a grant covers, as `catalog: granted` shows it: what stands in a statement's text in the place of
 * a relation of the catalogue, or around a value that could name something else. Pure; made once for a grant's scopes,
 * and each part of it when it is first needed.
 */
export interface Structure {
  /** How a relation is shown; undefined: not at all. @param withTableoid whether the statement asks for that column */
  relation(full: string, withTableoid: boolean): Shown | undefined;
  /** The key of the sub-select that stands for it. */
  key(full: string, withTableoid: boolean): string;
  /** A sub-select of the gateway's own, in parentheses, by its key. */
  fragment(key: string): string;
}

/** What the key of a relation that has its tableoid among its columns ends with. */
const WITH_TABLEOID = " with tableoid";

/** What the name of a relation begins with where every row of it is shown, and no value that stands in it. */
const OPEN = "open ";

/**
 * Relations that hold values of tables' rows beside names and structure, as a grant with `catalog: true` shows them. Nothing
 * keeps the statement's conditions outside: every row is theirs to see.
 */
const opened: Readonly<Record<string, Relation>> = {
  "pg_catalog.pg_attribute": { ...everything, columns: { attmissingval: none("text") } },
  "pg_catalog.pg_sequences": { ...everything, columns: { last_value: none("int8") } },
};

/** The name under which a structure knows how `catalog: true` shows a relation; undefined: as it is. */
export function openName(full: string): string | undefined {
  return Object.hasOwn(opened, full) ? `${OPEN}${full}` : undefined;
}

/** Whether a relation of that name leaves no row out. */
export const showsEveryRow = (name: string): boolean => name.startsWith(OPEN);

/** Views have no tableoid. */
const views: ReadonlySet<string> = new Set(
  `pg_indexes pg_matviews pg_policies pg_publication_tables pg_roles pg_rules pg_sequences pg_tables pg_timezone_abbrevs
  pg_timezone_names pg_views pg_seclabels pg_settings pg_statio_all_tables pg_stat_user_indexes
  pg_stat_user_tables pg_user`.split(/\s+/u),
);

/** Relations that show the same to every grant, one with `catalog: true` among them. */
export function isCommon(full: string): boolean {
  return full.startsWith("pg_catalog.") && Object.hasOwn(commonRelations, full.slice("pg_catalog.".length));
}

/** Makes it of those scopes that say `catalog: granted`; undefined: none opens anything of the catalogue. */
export function structureOf(
  scopes: readonly PostgresScope[],
  searchPath: readonly string[],
  database: DatabaseFacts,
): Structure | undefined {
  const those = scopes.filter(({ catalog }) => catalog === "granted");
  if (scopes.every(({ catalog }) => catalog === false)) return undefined;
  const concrete = those.map((scope) => concreteScope(scope, database.found));
  return new GrantStructure(namedBy(concrete, searchPath), database);
}

class GrantStructure implements Structure {
  readonly #columns: ReadonlyMap<string, string>;
  readonly #visible: Visible;
  readonly #fragments = new Map<string, string>();

  constructor(named: Named, { catalogue }: DatabaseFacts) {
    this.#columns = catalogue.size === 0 ? catalogColumns : catalogue;
    this.#visible = new Visible(named, this.#columnsOf("pg_catalog.pg_range").includes("rngmultitypid"));
  }

  relation(full: string, withTableoid: boolean): Shown | undefined {
    const own = this.#columnsOf(full);
    if (relationOf(full) === undefined || own.length === 0) return undefined;
    const name = full.slice(full.indexOf(".") + 1);
    const columns = hasTableoid(full, withTableoid) ? [...own, "tableoid"] : own;
    const lookups = full.startsWith(OPEN) ? undefined : catalogLookups.get(name);
    return { full, columns, lookups: lookups ?? new Set() };
  }

  key(full: string, withTableoid: boolean): string {
    return hasTableoid(full, withTableoid) ? `${full}${WITH_TABLEOID}` : full;
  }

  fragment(key: string): string {
    const kept = this.#fragments.get(key);
    if (kept !== undefined) return kept;
    const full = key.replace(WITH_TABLEOID, "");
    const fragment = key.startsWith(CHECK)
      ? checkFragment(key.slice(CHECK.length) as CheckName, this.#visible)
      : itemOf(full, this.#columnsOf(full), this.#visible, key !== full);
    this.#fragments.set(key, fragment);
    return fragment;
  }

  #columnsOf(full: string): readonly string[] {
    return this.#columns.get(plainName(full))?.split(" ") ?? [];
  }
}

const plainName = (full: string): string => (full.startsWith(OPEN) ? full.slice(OPEN.length) : full);

function relationOf(full: string): Relation | undefined {
  if (full.startsWith(OPEN)) return opened[plainName(full)];
  const [schema, name = ""] = full.split(".");
  const relations =
    schema === "pg_catalog" ? { ...catalogRelations, ...commonRelations } : informationRelations;
  return Object.hasOwn(relations, name) ? relations[name] : undefined;
}

function hasTableoid(full: string, isWanted: boolean): boolean {
  const name = plainName(full);
  return isWanted && name.startsWith("pg_catalog.") && !views.has(name.slice("pg_catalog.".length));
}

/**
 * OFFSET 0 keeps conditions of the client's outside: PostgreSQL would otherwise look at them first, on rows that are not
 * granted, and an error in one would tell of them (optimizer/path/allpaths.c, subquery_is_pushdown_safe). ORDER BY keeps
 * the rows once they are made: where such a sub-select stands in one that runs for every row of another, it would be
 * made again each time (executor/nodeSort.c, ExecReScanSort).
 */
function itemOf(full: string, columns: readonly string[], visible: Visible, withTableoid: boolean): string {
  const relation = relationOf(full);
  if (relation === undefined) throw new TypeError(`${full} is not shown`);
  const shown = columns.map((column) => {
    const instead = relation.columns?.[column];
    const name = identifier(column);
    if (relation.only !== undefined && !relation.only.columns.includes(column))
      return `NULL::pg_catalog.${relation.only.type(column)} AS ${name}`;
    return instead === undefined ? `mm.${name}` : `${instead(visible, "mm")} AS ${name}`;
  });
  if (withTableoid) shown.push("mm.tableoid");
  if (full.startsWith(OPEN)) return `(SELECT ${shown.join(", ")} FROM ${plainName(full)} mm)`;
  const order = (relation.order ?? columns.slice(0, 1)).map((column) => `mm.${identifier(column)}`);
  const query = `SELECT ${shown.join(", ")} FROM ${full} mm WHERE ${relation.rows(visible, "mm")} ORDER BY ${order.join(", ")} OFFSET 0`;
  return `(${withQueries(query, visible.queries)})`;
}
