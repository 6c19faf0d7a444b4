import { chance, type Chance } from "./random.ts";
import type { ScopeName } from "./stage.ts";
import { quoted, shown, traps } from "./stage.ts";

/** One statement, the scope that it is meant for, and the constructs that stand in it. */
export interface Candidate {
  readonly sql: string;
  readonly scope: ScopeName;
  readonly constructs: ReadonlySet<string>;
}

/** An item of FROM: its text, its name, and the columns that it has as far as its maker knows. */
interface Item {
  readonly sql: string;
  readonly name: string;
  readonly columns: readonly string[];
}
interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}
/** What can be seen where an expression stands: items of this level, and those of the levels around it. */
type View = readonly Item[];

const MAX_DEPTH = 4;
const orders = ["id", "customer_id", "amount", "note", "status", "tags", "data"];

/** Every construct that the maker can use: a suite that leaves one out has not looked at it. */
export const constructs = [
  ..."table star table-star row-star values values-star lateral derived alias-list function ordinality definitions".split(
    " ",
  ),
  ..."rows-from json-table xmltable join join-using join-natural join-alias using-alias sample with with-recursive".split(
    " ",
  ),
  ..."search cycle set-operation whole-row field functional composite-function order group having window".split(
    " ",
  ),
  ..."distinct-on grouping-sets sublink exists array-sublink figure-name lookup insert update delete merge".split(
    " ",
  ),
  ..."on-conflict returning old-new update-from write-in-with locking operator overload limit bounds json-constructor".split(
    " ",
  ),
] as const;
export type Construct = (typeof constructs)[number];

/** Makes statements in which tables, aliases, columns and functions share a few names; the seed decides them all. */
export function statements(seed: number): () => Candidate {
  const maker = new Maker(chance(seed));
  return () => maker.candidate();
}

class Maker {
  readonly #chance: Chance;
  #used = new Set<Construct>();
  #depth = 0;
  #withs: readonly Item[] = [];

  constructor(choices: Chance) {
    this.#chance = choices;
  }

  candidate(): Candidate {
    this.#used = new Set();
    this.#depth = 0;
    this.#withs = [];
    const kind = this.#chance.below(100);
    let scope: ScopeName = "read";
    let sql: string;
    if (kind < 30) [sql, scope] = this.#focused();
    else if (kind < 66) {
      sql = this.#query([]).sql;
      if (this.#chance.often(4)) {
        this.#use("locking");
        sql = `SELECT ${quoted("id")} FROM shop.orders WHERE EXISTS (${sql}) FOR UPDATE`;
        scope = "write";
      }
    } else if (kind < 74) {
      scope = "update";
      sql = this.#update("shop.customers", true);
    } else {
      scope = "write";
      sql = this.#write();
      if (this.#chance.often(15)) {
        this.#use("write-in-with");
        const name = this.#name();
        this.#withs = [{ sql: "", name, columns: shown.map(quoted) }];
        sql = `WITH ${name} AS (${sql}) ${this.#select([]).sql}`;
      }
    }
    return { sql, scope, constructs: this.#used };
  }

  /**
   * One derived table, and one bare name that is meant for it while a table with hidden columns is in sight: what the
   * derived table turns out not to have, PostgreSQL takes from there.
   */
  #focused(): readonly [sql: string, scope: ScopeName] {
    const { often, pick } = this.#chance;
    this.#depth = 1;
    let before = "";
    let item: Item;
    if (often(40)) {
      const made = this.#with([]);
      before = made.sql;
      this.#withs = [made];
      const body = pick([
        { sql: `SELECT * FROM ${made.name}`, columns: made.columns },
        { sql: `TABLE ${made.name}`, columns: made.columns },
        this.#select([]),
      ]);
      item = often(25) ? this.#withItem() : this.#aliased(`(${body.sql})`, body.columns);
    } else if (often(75)) {
      this.#use("derived");
      const inner = this.#query([]);
      item = this.#aliased(`(${inner.sql})`, inner.columns);
    } else item = this.#item([], []);
    const target = this.#table("shop.customers", shown.map(quoted));
    const name = item.columns.length > 0 && often(90) ? pick(item.columns) : this.#trap();
    const use = pick([name, name, name, `${name}::text`, `coalesce(${name}::text, '')`]);
    const forms: readonly (readonly [string, ScopeName])[] = [
      [`SELECT ${use} FROM ${target.sql}, ${item.sql}`, "read"],
      [`SELECT * FROM (SELECT ${use} FROM ${item.sql}, ${target.sql}) q`, "read"],
      [`SELECT (SELECT ${use} FROM ${item.sql} LIMIT 1) FROM ${target.sql}`, "read"],
      [
        `SELECT 1 FROM ${target.sql} WHERE EXISTS (SELECT 1 FROM ${item.sql} WHERE ${use} IS NOT NULL)`,
        "read",
      ],
      [`SELECT 1 FROM ${target.sql}, ${item.sql} ORDER BY ${use}`, "read"],
      [`SELECT count(*) FROM ${target.sql}, ${item.sql} GROUP BY ${use}`, "read"],
      [`SELECT ${use} FROM ${target.sql} JOIN ${item.sql} ON true`, "read"],
      [`SELECT l.* FROM ${target.sql}, LATERAL (SELECT ${use} FROM ${item.sql}) l`, "read"],
      [
        `UPDATE ${target.sql} SET name = ${name}::text FROM ${item.sql} RETURNING ${use}`,
        pick(["write", "update"]),
      ],
      [
        `UPDATE ${target.sql} SET name = (SELECT ${name}::text FROM ${item.sql} LIMIT 1)`,
        pick(["write", "update"]),
      ],
      [`DELETE FROM ${target.sql} USING ${item.sql} WHERE ${use} IS NULL RETURNING ${use}`, "write"],
      [
        `MERGE INTO ${target.sql} USING ${item.sql} ON true WHEN MATCHED THEN UPDATE SET name = ${name}::text`,
        "write",
      ],
    ];
    const [sql, scope] = pick(forms);
    return [before === "" ? sql : `${before} ${sql}`, scope];
  }

  #use(construct: Construct): void {
    this.#used.add(construct);
  }

  #trap(): string {
    return quoted(this.#chance.pick(traps));
  }

  /** A name for an alias or a column: now and then one that the database hides a column under. */
  #name(): string {
    return this.#chance.often(70)
      ? quoted(this.#chance.pick(["a", "b", "c", "d", "w", "x", "q", "ssn", "pin", "value", "key"]))
      : this.#trap();
  }

  #names(most: number): readonly string[] {
    return Array.from({ length: 1 + this.#chance.below(most) }, () => this.#name());
  }

  #deeper<Made>(make: () => Made, otherwise: () => Made): Made {
    if (this.#depth >= MAX_DEPTH) return otherwise();
    this.#depth += 1;
    try {
      return make();
    } finally {
      this.#depth -= 1;
    }
  }

  /** A column as an expression names it: one that is there, most times. */
  #column(view: View): string {
    const { below, often, pick } = this.#chance;
    const named = view.filter((item) => item.columns.length > 0);
    if (named.length === 0 || often(12)) return often(50) ? this.#trap() : quoted(pick(shown));
    // The items of the innermost level come last.
    const item = often(75) ? named[named.length - 1 - below(Math.min(2, named.length))] : pick(named);
    if (item === undefined) return this.#trap();
    const column = pick(item.columns);
    if (often(45)) return column;
    return `${item.name}.${often(92) ? column : this.#trap()}`;
  }

  /** An expression without a name of its own. */
  #expression(view: View): string {
    return this.#deeper(
      () => this.#chance.pick(this.#expressions)(view),
      () => this.#column(view),
    );
  }

  readonly #expressions: readonly ((view: View) => string)[] = [
    (view) => this.#column(view),
    (view) => this.#column(view),
    (view) => this.#column(view),
    (view) => this.#column(view),
    (view) => `${this.#column(view)}::text`,
    () => this.#chance.pick(["1", "'t'", "NULL", "true", "DATE '2020-01-01'"]),
    (view) => {
      this.#use("figure-name");
      return this.#figured(view);
    },
    (view) => {
      this.#use("figure-name");
      return this.#figured(view);
    },
    (view) => {
      this.#use("sublink");
      return `(${this.#single(view)})`;
    },
    (view) => {
      this.#use("sublink");
      return `(${this.#single(view)})`;
    },
    (view) => {
      this.#use("exists");
      return `EXISTS (${this.#query(view).sql})`;
    },
    (view) => {
      this.#use("array-sublink");
      return `ARRAY(${this.#single(view)})`;
    },
    (view) => {
      this.#use("whole-row");
      const item = view.at(-1)?.name ?? this.#name();
      return this.#chance.pick([`to_jsonb(${item})`, item, `to_jsonb(${item}.*)`, `ROW(${item}.*)`]);
    },
    (view) => {
      this.#use("field");
      const item = view.at(-1);
      const base = this.#chance.pick([
        item?.name ?? "x",
        item?.name ?? "x",
        item?.name ?? "x",
        this.#name(),
        this.#column(view),
        `ROW(${this.#column(view)}, 1)`,
        "1",
      ]);
      const field = this.#chance.often(60) && item !== undefined && item.columns.length > 0;
      return `(${base}).${field ? this.#chance.pick(item.columns) : this.#trap()}`;
    },
    (view) => {
      this.#use("functional");
      const item = view.at(-1)?.name ?? this.#name();
      return this.#chance.pick([
        `${item}.danger2`,
        `${item}.note`,
        `${item}.id`,
        `${this.#trap()}(${item})`,
        `count(${item})`,
        `${item}.status`,
      ]);
    },
    () => {
      this.#use("composite-function");
      return `(jsonb_each('{"a":1}')).${this.#chance.pick(["key", "value", "key", "ssn"])}`;
    },
    (view) => {
      this.#use("operator");
      const operator = this.#chance.pick(["||", "OPERATOR(pg_catalog.||)", "="]);
      const typed = this.#chance.pick(["::text", ""]);
      return `(${this.#column(view)}${typed} ${operator} ${this.#chance.pick(["'x'", "'x'::text", "'x'::text"])})`;
    },
    (view) => {
      this.#use("overload");
      const typed = this.#chance.pick(["::text", "::text", ""]);
      return `${this.#chance.pick(["upper", "lower", "pg_catalog.upper"])}(${this.#column(view)}${typed})`;
    },
    (view) => {
      this.#use("lookup");
      return this.#chance.pick([
        `(pg_typeof(${this.#column(view)}) = 'int4')`,
        `pg_typeof(${this.#column(view)})::text`,
        "'pg_catalog.int4in'::regproc",
        "(kind = 'public.secrets')",
        "(kind = 'public.secrets'::text)",
        "coalesce(kind, 'public.secrets')",
        "(kind IN ('public.secrets'))",
        "CASE WHEN true THEN kind ELSE 'public.secrets' END",
        "ARRAY[kind, 'public.secrets']",
        "kind",
        "kind::oid",
      ]);
    },
    (view) => {
      this.#use("json-constructor");
      return this.#chance.pick([
        `JSON_ARRAY(${this.#column(view)}::text)`,
        `JSON_OBJECT('a': ${this.#column(view)}::text)`,
        "JSON_VALUE('{}', '$.a')",
      ]);
    },
  ];

  /** An expression that PostgreSQL gives a name. */
  #figured(view: View): string {
    const inner = this.#column(view);
    return this.#chance.pick([
      () => `coalesce(${inner}::text, 'x')`,
      () => `CASE WHEN ${inner} IS NULL THEN 1 ELSE 2 END`,
      () => `CASE WHEN true THEN NULL ELSE ${inner} END`,
      () => `ARRAY[1, 2]`,
      () => `ROW(${inner})`,
      () => `NULLIF(${inner}::text, 'x')`,
      () => `GREATEST(1, 2)`,
      () => `lower(${inner}::text)`,
      () => `'1'::int4`,
      () => `extract(year FROM now())`,
      () => `current_date`,
      () => `CURRENT_DATE::text`,
      () => `CAST(1 AS int)::text`,
      () => `${inner} IS NULL`,
      () => `to_jsonb(${inner})`,
      () => `(ARRAY[1])[1]`,
      () => `(tags)[1]`,
      () => `'x' COLLATE "C"`,
    ])();
  }

  /** A query of one column and one row at most. */
  #single(view: View): string {
    return this.#deeper(
      () => {
        const from = this.#from(view);
        const inner = [...view, ...from.items];
        const target = this.#chance.often(85) ? this.#expression(inner) : "*";
        return `SELECT ${target}${target !== "*" && this.#chance.often(25) ? ` AS ${this.#name()}` : ""}${from.sql} LIMIT 1`;
      },
      () => `SELECT ${this.#column(view)}`,
    );
  }

  /** A column name with which PostgreSQL leaves an output column. */
  #targets(view: View): Query {
    const columns: string[] = [];
    const parts = Array.from({ length: 1 + this.#chance.below(3) }, () => {
      const kind = this.#chance.below(100);
      const local = view.at(-1);
      if (kind < 12 && local !== undefined) {
        this.#use("star");
        columns.push(...local.columns);
        return "*";
      }
      if (kind < 20 && local !== undefined) {
        this.#use("table-star");
        columns.push(...local.columns);
        return `${local.name}.*`;
      }
      if (kind < 27) {
        this.#use("row-star");
        const base = this.#chance.pick(["ROW(1)", "ROW(1, 2)", "ROW()", local?.name ?? "ROW(1)"]);
        return `(${base}).*${this.#chance.often(60) ? ` AS ${this.#rowAlias(columns)}` : ""}`;
      }
      const made = this.#expression(view);
      if (this.#chance.often(45)) {
        const name = this.#name();
        columns.push(name);
        return `${made} AS ${name}`;
      }
      columns.push(this.#figuredName(made));
      return made;
    });
    return { sql: parts.join(", "), columns };
  }

  #rowAlias(columns: string[]): string {
    const name = this.#name();
    columns.push(name);
    return name;
  }

  /** A guess, right or wrong, at the name of a column: both lead somewhere. */
  #figuredName(made: string): string {
    const last = /"([^"]+)"$/u.exec(made)?.[1];
    if (last !== undefined) return quoted(last);
    const call = /^([a-z_]+)\(/iu.exec(made)?.[1];
    if (call !== undefined) return quoted(call.toLowerCase());
    return this.#trap();
  }

  #query(view: View): Query {
    return this.#deeper(
      () => {
        const kind = this.#chance.below(100);
        if (kind < 12) return this.#values(view);
        if (kind < 22) return this.#setOperation(view);
        if (kind < 40) return this.#withQuery(view);
        return this.#select(view);
      },
      () => ({ sql: "SELECT 1 AS x", columns: [quoted("x")] }),
    );
  }

  #values(view: View): Query {
    this.#use("values");
    const width = 1 + this.#chance.below(3);
    const star = this.#chance.often(25);
    if (star) this.#use("values-star");
    const row = (): string => {
      const items = Array.from({ length: width }, () =>
        this.#chance.often(70) ? this.#chance.pick(["1", "2"]) : this.#expression(view) + "::text",
      );
      if (star)
        items.splice(
          this.#chance.below(items.length + 1),
          0,
          this.#chance.pick(["(ROW()).*", "(ROW(1)).*", "(ROW(1,2)).*"]),
        );
      return `(${items.join(", ")})`;
    };
    const columns = Array.from({ length: width + (star ? 1 : 0) }, (_, index) =>
      quoted(`column${index + 1}`),
    );
    const order = this.#chance.often(15)
      ? ` ORDER BY ${this.#chance.often(70) ? columns[0] : this.#trap()}`
      : "";
    const rows = `${row()}${this.#chance.often(20) ? `, ${row()}` : ""}`;
    return { sql: `VALUES ${rows}${order}${this.#bounds(columns)}`, columns };
  }

  /** LIMIT and OFFSET by a name of the output, which in some queries means a column of a level around. */
  #bounds(columns: readonly string[]): string {
    if (!this.#chance.often(25)) return "";
    this.#use("bounds");
    const count = this.#chance.pick([...columns, ...columns, this.#trap(), quoted("id"), "1"]);
    return ` ${this.#chance.pick(["LIMIT", "OFFSET"])} ${count}::text::bigint`;
  }

  #setOperation(view: View): Query {
    this.#use("set-operation");
    const name = this.#name();
    const arm = (as: string): string => {
      const from = this.#from(view);
      const made = this.#expression([...view, ...from.items]);
      return `SELECT ${made}${this.#chance.often(85) ? "::text" : ""} AS ${as}${from.sql}`;
    };
    if (this.#chance.often(10)) {
      this.#use("lookup");
      return { sql: `SELECT kind AS ${name} FROM shop.jobs UNION SELECT 'public.secrets'`, columns: [name] };
    }
    const operator = this.#chance.pick(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
    const order = this.#chance.often(25) ? ` ORDER BY ${this.#chance.often(70) ? name : this.#trap()}` : "";
    const all = `${arm(name)} ${operator} ${arm(this.#name())}${order}`;
    return { sql: `${all}${this.#bounds([name])}`, columns: [name] };
  }

  #withQuery(view: View): Query {
    const before = this.#withs;
    const made = this.#with(view);
    this.#withs = [...before, made];
    const body = this.#chance.often(15)
      ? { sql: `TABLE ${made.name}`, columns: made.columns }
      : this.#select(view);
    this.#withs = before;
    return { sql: `${made.sql} ${body.sql}`, columns: body.columns };
  }

  /** A WITH clause of one query, and what that query is taken to have. */
  #with(view: View): Item {
    return this.#chance.often(45) ? this.#recursive(view) : this.#plainWith(view);
  }

  #plainWith(view: View): Item {
    this.#use("with");
    const name = this.#name();
    const inner = this.#query(view);
    if (!this.#chance.often(35))
      return { sql: `WITH ${name} AS (${inner.sql})`, name, columns: inner.columns };
    const list = this.#names(2);
    return { sql: `WITH ${name}(${list.join(", ")}) AS (${inner.sql})`, name, columns: list };
  }

  #recursive(view: View): Item {
    this.#use("with-recursive");
    const { often, pick } = this.#chance;
    const name = this.#name();
    const first = this.#name();
    const extras: string[] = [];
    let clause = "";
    if (often(45)) {
      this.#use("search");
      const order = this.#name();
      extras.push(order);
      clause += ` SEARCH ${pick(["DEPTH", "BREADTH"])} FIRST BY ${first} SET ${order}`;
    }
    if (often(45)) {
      this.#use("cycle");
      const [mark, path] = [this.#name(), this.#name()];
      extras.push(mark, path);
      clause += ` CYCLE ${first} SET ${mark} USING ${path}`;
    }
    const declared = often(70);
    const start = declared ? "SELECT 1" : `SELECT 1 AS ${first}`;
    const more = often(30) ? this.#column([...view, { sql: name, name, columns: [first] }]) : first;
    return {
      sql: `WITH RECURSIVE ${name}${declared ? `(${first})` : ""} AS (${start} UNION ALL SELECT ${first} + 1 FROM ${name} WHERE ${more} IS NOT NULL)${clause}`,
      name,
      columns: [first, ...extras],
    };
  }

  #select(view: View): Query {
    const from = this.#from(view);
    const inner = [...view, ...from.items];
    if (from.items.length > 0 && this.#chance.often(8)) return this.#grouped(inner, from.sql);
    const targets = this.#targets(inner);
    let rest = "";
    if (this.#chance.often(25)) rest += ` WHERE ${this.#expression(inner)} IS NOT NULL`;
    let distinct = "";
    if (this.#chance.often(4)) {
      this.#use("distinct-on");
      distinct = `DISTINCT ON (${this.#ordered(targets.columns, inner)}) `;
    }
    if (distinct === "" && this.#chance.often(10)) {
      this.#use("window");
      rest += ` WINDOW ${this.#name()} AS (PARTITION BY ${this.#column(inner)} ORDER BY ${this.#column(inner)})`;
    }
    if (distinct === "" && this.#chance.often(20)) {
      this.#use("order");
      rest += ` ORDER BY ${this.#ordered(targets.columns, inner)}`;
    }
    if (this.#chance.often(8)) {
      this.#use("limit");
      rest += ` LIMIT (${this.#single(view)})`;
    }
    return { sql: `SELECT ${distinct}${targets.sql}${from.sql}${rest}`, columns: targets.columns };
  }

  #ordered(columns: readonly string[], view: View): string {
    if (columns.length > 0 && this.#chance.often(50)) return this.#chance.pick(columns);
    return this.#chance.often(50) ? this.#column(view) : this.#expression(view);
  }

  #grouped(view: View, from: string): Query {
    this.#use("group");
    const name = this.#name();
    const key = this.#column(view);
    let by = this.#chance.pick([key, key, name, "1"]);
    if (this.#chance.often(20)) {
      this.#use("grouping-sets");
      by = this.#chance.pick([`GROUPING SETS ((${by}), ())`, `ROLLUP ((${by}, ${key}))`]);
    }
    let rest = "";
    if (this.#chance.often(30)) {
      this.#use("having");
      rest = ` HAVING count(${this.#column(view)}) > 0`;
    }
    return {
      sql: `SELECT ${key} AS ${name}, count(*)${from} GROUP BY ${by}${rest}`,
      columns: [name, quoted("count")],
    };
  }

  #from(view: View): { readonly sql: string; readonly items: readonly Item[] } {
    if (this.#chance.often(10)) return { sql: "", items: [] };
    const items: Item[] = [];
    // The table that hides columns stands in half of all queries, beside what may hide its names.
    if (this.#chance.often(50)) items.push(this.#table("shop.customers", shown.map(quoted)));
    const more = items.length === 0 ? 1 + this.#chance.below(2) : this.#chance.below(3);
    for (let index = 0; index < more; index += 1) items.push(this.#item(view, items));
    if (items.length === 0) return { sql: "", items };
    return { sql: ` FROM ${items.map((item) => item.sql).join(", ")}`, items: items.toReversed() };
  }

  #table(table: string, columns: readonly string[]): Item {
    this.#use("table");
    const own = table.split(".").at(-1) ?? table;
    if (this.#chance.often(35)) return { sql: table, name: own, columns };
    const name = this.#name();
    return { sql: `${table} ${name}`, name, columns };
  }

  #item(view: View, left: readonly Item[]): Item {
    return this.#deeper(
      () => this.#chance.pick(this.#items)(view, left),
      () => this.#table("shop.orders", orders.map(quoted)),
    );
  }

  /** An alias, with a list of columns now and then. */
  #aliased(sql: string, columns: readonly string[], own?: string): Item {
    const { often } = this.#chance;
    if (own !== undefined && often(20)) return { sql, name: own, columns };
    const name = this.#name();
    if (!often(30)) return { sql: `${sql} AS ${name}`, name, columns };
    this.#use("alias-list");
    const list = this.#names(Math.max(1, columns.length));
    return {
      sql: `${sql} AS ${name}(${list.join(", ")})`,
      name,
      columns: [...list, ...columns.slice(list.length)],
    };
  }

  #withItem(): Item {
    const found = this.#withs.length === 0 ? undefined : this.#chance.pick(this.#withs);
    if (found === undefined) return this.#table("shop.orders", orders.map(quoted));
    return this.#aliased(found.name, found.columns, found.name);
  }

  readonly #items: readonly ((view: View, left: readonly Item[]) => Item)[] = [
    () => this.#table("shop.orders", orders.map(quoted)),
    () => this.#aliased("shop.orders", orders.map(quoted)),
    () => this.#table("shop.customers", shown.map(quoted)),
    () => this.#table("shop.accounts", [quoted("id"), quoted("owner")]),
    () => this.#table("shop.jobs", ["id", "kind", "note"].map(quoted)),
    () => this.#withItem(),
    () => this.#withItem(),
    () => this.#withItem(),
    (view) => {
      this.#use("derived");
      const inner = this.#query(view);
      return this.#aliased(`(${inner.sql})`, inner.columns);
    },
    (view) => {
      this.#use("derived");
      const inner = this.#query(view);
      return this.#aliased(`(${inner.sql})`, inner.columns);
    },
    (view) => {
      const inner = this.#values(view);
      return this.#aliased(`(${inner.sql})`, inner.columns);
    },
    (view, left) => {
      this.#use("lateral");
      const inner = this.#query([...view, ...left]);
      return this.#aliased(`LATERAL (${inner.sql})`, inner.columns);
    },
    () => {
      this.#use("function");
      const [sql, columns, own] = this.#chance.pick<readonly [string, readonly string[], string]>([
        [`jsonb_each('{"a":1}')`, ["key", "value"], "jsonb_each"],
        [`jsonb_array_elements('[1]')`, ["value"], "jsonb_array_elements"],
        ["generate_series(1, 2)", ["generate_series"], "generate_series"],
        ["unnest(ARRAY[1, 2])", ["unnest"], "unnest"],
        ["unnest(ARRAY[1], ARRAY['a'])", ["unnest"], "unnest"],
        ["current_date", ["current_date"], quoted("current_date")],
        ["unnest(string_to_array('a b', ' '))", ["unnest"], "unnest"],
        ["coalesce(1, 2)", ["coalesce"], "coalesce"],
        ["string_to_table('a b', ' ')", ["string_to_table"], "string_to_table"],
      ]);
      if (!this.#chance.often(25)) return this.#aliased(sql, columns.map(quoted), own);
      this.#use("ordinality");
      return this.#aliased(`${sql} WITH ORDINALITY`, [...columns, "ordinality"].map(quoted), own);
    },
    (_, left) => {
      this.#use("function");
      const item = left.length === 0 ? undefined : this.#chance.pick(left).name;
      const tags = item === undefined || this.#chance.often(50) ? "tags" : `${item}.tags`;
      const array = this.#chance.pick([tags, `coalesce(${tags}, '{}')`]);
      return this.#aliased(`unnest(${array})`, [quoted("unnest")], "unnest");
    },
    () => {
      this.#use("definitions");
      const name = this.#name();
      const columns = this.#names(2);
      return {
        sql: `jsonb_to_record('{}') AS ${name}(${columns.map((column) => `${column} text`).join(", ")})`,
        name,
        columns,
      };
    },
    () => {
      this.#use("rows-from");
      return this.#aliased("ROWS FROM (generate_series(1, 2), unnest(ARRAY[1]))", [
        quoted("generate_series"),
        quoted("unnest"),
      ]);
    },
    () => {
      this.#use("json-table");
      const columns = this.#names(2);
      return this.#aliased(
        `JSON_TABLE('[1]'::jsonb, '$' COLUMNS (${columns.map((column) => `${column} text PATH '$'`).join(", ")}))`,
        columns,
        "json_table",
      );
    },
    (view) => {
      this.#use("xmltable");
      const columns = this.#names(2);
      return this.#aliased(
        `XMLTABLE('/a' PASSING ('<a/>'::xml) COLUMNS ${columns.map((column) => `${column} text PATH '.'`).join(", ")} DEFAULT ${this.#column(view)}::text)`,
        columns,
        "xmltable",
      );
    },
    (view) => {
      this.#use("sample");
      const { sql, ...table } = this.#table("shop.orders", orders.map(quoted));
      return {
        ...table,
        sql: `${sql} TABLESAMPLE bernoulli(CASE WHEN ${this.#expression(view)} IS NULL THEN 1 ELSE 2 END)`,
      };
    },
    (view, left) => this.#join(view, left),
    (view, left) => this.#join(view, left),
    (view, left) => this.#join(view, left),
    (view, left) => this.#join(view, left),
  ];

  #join(view: View, left: readonly Item[]): Item {
    const { often, pick } = this.#chance;
    const one = this.#item(view, left);
    const two = this.#item(view, [...left, one]);
    const columns = [...one.columns, ...two.columns];
    let sql: string;
    const kind = this.#chance.below(100);
    if (kind < 40) {
      this.#use("join");
      const on = often(50) ? "true" : `${this.#expression([...view, one, two])} IS NOT NULL`;
      sql = `${one.sql} ${pick(["JOIN", "LEFT JOIN"])} ${two.sql} ON ${on}`;
    } else if (kind < 80) {
      this.#use("join-using");
      const shared = one.columns.filter((column) => two.columns.includes(column));
      const column = shared.length > 0 && often(85) ? pick(shared) : this.#name();
      sql = `${one.sql} ${pick(["JOIN", "LEFT JOIN", "FULL JOIN"])} ${two.sql} USING (${column})`;
      if (often(25)) {
        this.#use("using-alias");
        const name = this.#name();
        return { sql: `${sql} AS ${name}`, name, columns: [column] };
      }
    } else {
      this.#use("join-natural");
      sql = `${one.sql} NATURAL JOIN ${two.sql}`;
    }
    if (often(30)) {
      this.#use("join-alias");
      return this.#aliased(`(${sql})`, columns);
    }
    return { sql: `(${sql})`, name: often(50) ? one.name : two.name, columns };
  }

  #write(): string {
    switch (this.#chance.below(5)) {
      case 0:
        return this.#insert();
      case 1:
        return this.#update("shop.customers", false);
      case 2:
        return this.#update("shop.orders", false);
      case 3:
        return this.#remove();
      default:
        return this.#merge();
    }
  }

  #target(table: string): Item {
    const columns = table === "shop.orders" ? orders : shown;
    return this.#table(table, columns.map(quoted)).sql === table
      ? { sql: table, name: table.split(".").at(-1) ?? table, columns: columns.map(quoted) }
      : this.#renamedTarget(table, columns.map(quoted));
  }

  #renamedTarget(table: string, columns: readonly string[]): Item {
    const name = this.#name();
    return { sql: `${table} AS ${name}`, name, columns };
  }

  #returning(view: View): string {
    if (!this.#chance.often(60)) return "";
    this.#use("returning");
    if (!this.#chance.often(20)) return ` RETURNING ${this.#targets(view).sql}`;
    this.#use("old-new");
    const last = view.at(-1)?.columns ?? [];
    const column = last.length > 0 && this.#chance.often(60) ? this.#chance.pick(last) : this.#trap();
    return ` RETURNING ${this.#chance.pick(["old", "new"])}.${column}`;
  }

  #assigned(table: string): string {
    return table === "shop.customers" ? "name" : this.#chance.pick(["note", "status"]);
  }

  /** @param alone whether nothing but the target can be read */
  #update(table: string, alone: boolean): string {
    this.#use("update");
    const target = this.#target(table);
    const from = this.#chance.often(65) ? this.#itemsFor(target, alone) : [];
    if (from.length > 0) this.#use("update-from");
    const view = [...from, target];
    const set = `${this.#assigned(table)} = ${this.#expression(view)}::text`;
    const where = this.#chance.often(40) ? ` WHERE ${this.#expression(view)} IS NOT NULL` : "";
    const more = from.length === 0 ? "" : ` FROM ${from.map((item) => item.sql).join(", ")}`;
    return `UPDATE ${target.sql} SET ${set}${more}${where}${this.#returning(view)}`;
  }

  #itemsFor(target: Item, alone: boolean): readonly Item[] {
    if (!alone) return [this.#item([], [target])];
    const inner = this.#chance.often(50) ? this.#select([]) : this.#values([]);
    this.#use("derived");
    return [this.#aliased(`(${inner.sql})`, inner.columns)];
  }

  #remove(): string {
    this.#use("delete");
    const target = this.#target(this.#chance.pick(["shop.customers", "shop.orders"]));
    const using = this.#chance.often(60) ? [this.#item([], [target])] : [];
    const view = [...using, target];
    const more = using.length === 0 ? "" : ` USING ${using.map((item) => item.sql).join(", ")}`;
    return `DELETE FROM ${target.sql}${more} WHERE ${this.#expression(view)} IS NOT NULL${this.#returning(view)}`;
  }

  #insert(): string {
    this.#use("insert");
    if (this.#chance.often(10)) {
      this.#use("lookup");
      return this.#chance.pick([
        "INSERT INTO shop.jobs (id, kind) VALUES (1, 'public.secrets')",
        "INSERT INTO shop.jobs VALUES (1, 'public.secrets')",
        "INSERT INTO shop.jobs (id, note) VALUES (1, 'public.secrets')",
        "UPDATE shop.jobs SET kind = 'public.secrets'",
        "UPDATE shop.jobs SET note = 'public.secrets' WHERE kind IS NULL",
      ]);
    }
    const target = this.#target(this.#chance.pick(["shop.customers", "shop.orders"]));
    const table = target.sql.startsWith("shop.orders") ? "shop.orders" : "shop.customers";
    const column = this.#assigned(table);
    const source = this.#chance.pick([
      () => {
        const from = this.#from([]);
        return `SELECT 1, ${this.#expression(from.items)}::text${from.sql}`;
      },
      () => `VALUES (1, ${this.#expression([])}::text)`,
      () => `VALUES ((ROW(1)).*, 'x')`,
    ])();
    let conflict = "";
    if (this.#chance.often(45)) {
      this.#use("on-conflict");
      const view = [target, { sql: "", name: "excluded", columns: [quoted("id"), quoted(column)] }];
      conflict = this.#chance.often(20)
        ? " ON CONFLICT DO NOTHING"
        : ` ON CONFLICT (id) DO UPDATE SET ${column} = ${this.#expression(view)}::text`;
    }
    return `INSERT INTO ${target.sql} (id, ${column}) ${source}${conflict}${this.#returning([target])}`;
  }

  #merge(): string {
    this.#use("merge");
    const table = this.#chance.pick(["shop.customers", "shop.orders"]);
    const target = this.#target(table);
    const source = this.#item([], []);
    const view = [source, target];
    const column = this.#assigned(table);
    const action = this.#chance.pick([
      () => `MATCHED THEN UPDATE SET ${column} = ${this.#expression(view)}::text`,
      () => `NOT MATCHED THEN INSERT (id, ${column}) VALUES (1, ${this.#expression([source])}::text)`,
      () => `NOT MATCHED BY SOURCE THEN UPDATE SET ${column} = ${this.#expression([target])}::text`,
      () => `MATCHED AND ${this.#expression(view)} IS NULL THEN DELETE`,
    ])();
    return `MERGE INTO ${target.sql} USING ${source.sql} ON ${this.#expression(view)} IS NULL WHEN ${action}${this.#returning(view)}`;
  }
}
