import { scopeSchema } from "../../scope.ts";

/** Names that PostgreSQL gives columns by itself, and the ones that the statements give: all are hidden columns too. */
export const traps: readonly string[] = [
  ..."ssn pin value key column1 column2 f1 f2 ordinality count array row exists case coalesce int4 text bool".split(
    " ",
  ),
  ..."lower unnest jsonb_each json_array greatest nullif date_part extract generate_series current_date to_jsonb".split(
    " ",
  ),
  ..."json_table xmltable rank is_cycle path a b c d w x q total".split(" "),
  "?column?",
];

export const quoted = (name: string): string => `"${name}"`;

/** Columns of `shop.customers` that every scope lists. */
export const shown: readonly string[] = ["id", "name", "email"];

const hidden = traps.map((name) => `${quoted(name)} text`).join(", ");

/**
 * The database that statements are tried on. Beside what is granted it has a hidden column for every name that can
 * appear by itself, and functions and operators of the search path that no scope lists.
 */
export const stage = `
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int PRIMARY KEY, name text, email text, ${hidden});
CREATE TABLE shop.accounts (id int PRIMARY KEY, owner text, ${hidden});
CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int, amount numeric, note text, status text, tags text[],
  data jsonb);
CREATE TABLE shop.jobs (id int PRIMARY KEY, kind regclass, note text);
CREATE TABLE public.secrets (id int, ssn text);
${["value", "f1", "ssn", "key", "danger", "lexeme"]
  .map((name) =>
    ["shop.orders", "shop.customers", "int", "text", "record"]
      .map(
        (type) =>
          `CREATE FUNCTION public.${name}(${type}) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'called'; END$$;`,
      )
      .join("\n"),
  )
  .join("\n")}
CREATE FUNCTION public.danger2(anyelement) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'called'; END$$;
CREATE FUNCTION public.upper(int) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'called'; END$$;
CREATE FUNCTION public.joined(int, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'called'; END$$;
CREATE OPERATOR public.|| (LEFTARG = int, RIGHTARG = text, FUNCTION = public.joined);
`;

const customers = { select: shown, insert: ["id", "name"], update: ["name"], delete: true };

/** What statements are judged by, and what of each table that lets them reach: columns read, inserted and changed. */
export const scopes = {
  read: scopeSchema.parse({
    statements: ["select"],
    tables: {
      "shop.orders": "all",
      "shop.jobs": "all",
      "shop.customers": shown,
      "shop.accounts": ["id", "owner"],
    },
  }),
  write: scopeSchema.parse({
    statements: ["select", "insert", "update", "delete"],
    tables: {
      "shop.orders": "all",
      "shop.jobs": "all",
      "shop.customers": customers,
      "shop.accounts": ["id", "owner"],
    },
  }),
  update: scopeSchema.parse({
    statements: ["update"],
    tables: { "shop.customers": { update: ["name"] } },
  }),
} as const;

export type ScopeName = keyof typeof scopes;

interface Uses {
  readonly read: "all" | readonly string[];
  readonly insert?: "all" | readonly string[];
  readonly update?: "all" | readonly string[];
}

export const allowed: Readonly<Record<ScopeName, Readonly<Record<string, Uses>>>> = {
  read: {
    "shop.orders": { read: "all" },
    "shop.jobs": { read: "all" },
    "shop.customers": { read: shown },
    "shop.accounts": { read: ["id", "owner"] },
  },
  write: {
    "shop.orders": { read: "all", insert: "all", update: "all" },
    "shop.jobs": { read: "all", insert: "all", update: "all" },
    "shop.customers": { read: shown, insert: ["id", "name"], update: ["name"] },
    "shop.accounts": { read: ["id", "owner"], insert: ["id", "owner"], update: ["id", "owner"] },
  },
  update: { "shop.customers": { read: ["id"], update: ["name"] } },
};
