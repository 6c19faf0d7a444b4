import { existsSync } from "node:fs";

/** A client that is run through the gateway, and each step of its script that comes out differently than directly. */
export interface Client {
  /** As docs/clients.md names it. */
  readonly name: string;
  /** Its package: of npm, which pins it, or of Debian. */
  readonly package: { readonly npm: string } | { readonly debian: string };
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Files without which it is not run: whoever is not root, and has not installed them, goes without this client. */
  readonly needs?: readonly string[];
  /** The names of those steps under each scope, with the reason of each. */
  readonly differs: Readonly<Record<ScopeName, Differences>>;
}

/** `narrow` grants two tables, and their structure as every scope does; `catalog` the same with `catalog: true`. */
export type ScopeName = "narrow" | "catalog";

export type Differences = Readonly<Record<string, Reason>>;

/** Why something comes out differently: a heading of docs/clients.md. */
export type Reason =
  | "Tables by name"
  | "What is not granted does not show"
  | "What is never granted"
  | "application_name"
  | "Types of asyncpg";

const node = (script: string): readonly string[] => ["node", `${script}.ts`];
// Debian's own interpreter finds Debian's modules; another that stands first in PATH does not.
export const python3 = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const python = (script: string): readonly string[] => [python3, `${script}.py`];

const jar = "/usr/share/java/postgresql.jar";
const gopath = "/usr/share/gocode";
const go: Pick<Client, "environment"> = { environment: { GO111MODULE: "off", GOPATH: gopath, GOFLAGS: "" } };

const all = (reason: Reason, ...steps: readonly string[]): Differences =>
  Object.fromEntries(steps.map((step) => [step, reason]));

const same: Client["differs"] = { narrow: {}, catalog: {} };
/** Only lists of tables differ, and only where the scope does not open the whole catalogue. */
const lists = (...steps: readonly string[]): Client["differs"] => ({
  narrow: all("What is not granted does not show", ...steps),
  catalog: {},
});

const tables = all("Tables by name", "a table that is not granted", "a table that does not exist");
const sqlalchemy = lists("table names");
const startUp = all("application_name", "start-up settings");

const never = all("What is never granted", "\\db, \\dconfig, \\drds, \\dRs");
const psql: Client["differs"] = {
  narrow: {
    ...all(
      "What is not granted does not show",
      "\\dt",
      "\\d",
      "\\di, \\ds, \\dv",
      "\\dp",
      "every other \\d command",
    ),
    ...never,
  },
  catalog: never,
};

export const clients: readonly Client[] = [
  {
    name: "node-postgres",
    package: { npm: "pg" },
    command: node("node-postgres"),
    differs: { narrow: tables, catalog: tables },
  },
  { name: "postgres.js", package: { npm: "postgres" }, command: node("postgres-js"), differs: same },
  {
    name: "psycopg2",
    package: { debian: "python3-psycopg2" },
    command: python("psycopg2_client"),
    differs: same,
  },
  {
    name: "psycopg 3",
    package: { debian: "python3-psycopg" },
    command: python("psycopg3_client"),
    differs: same,
  },
  {
    name: "asyncpg",
    package: { debian: "python3-asyncpg" },
    command: python("asyncpg_client"),
    differs: {
      narrow: startUp,
      catalog: startUp,
    },
  },
  {
    name: "SQLAlchemy, psycopg 3",
    package: { debian: "python3-sqlalchemy" },
    command: python("sqlalchemy_client"),
    environment: { SQLALCHEMY_DRIVER: "psycopg" },
    differs: sqlalchemy,
  },
  {
    name: "SQLAlchemy, psycopg2",
    package: { debian: "python3-sqlalchemy" },
    command: python("sqlalchemy_client"),
    environment: { SQLALCHEMY_DRIVER: "psycopg2" },
    differs: sqlalchemy,
  },
  {
    name: "Django",
    package: { debian: "python3-django" },
    command: python("django_client"),
    differs: lists("table names"),
  },
  {
    name: "Knex",
    package: { npm: "knex" },
    command: node("knex-client"),
    differs: same,
  },
  {
    name: "Kysely",
    package: { npm: "kysely" },
    command: node("kysely-client"),
    differs: lists("introspection"),
  },
  { name: "Drizzle", package: { npm: "drizzle-orm" }, command: node("drizzle-client"), differs: same },
  {
    name: "Sequelize",
    package: { npm: "sequelize" },
    command: node("sequelize-client"),
    differs: same,
  },
  {
    name: "TypeORM",
    package: { npm: "typeorm" },
    command: node("typeorm-client"),
    differs: same,
  },
  {
    name: "ActiveRecord's statements",
    package: { npm: "pg" },
    command: node("activerecord-statements"),
    differs: lists("tables"),
  },
  {
    name: "ActiveRecord",
    package: { debian: "ruby-activerecord" },
    command: ["ruby", "activerecord_client.rb"],
    needs: ["/usr/bin/ruby", "/usr/share/doc/ruby-activerecord", "/usr/share/doc/ruby-pg"],
    differs: lists("tables"),
  },
  {
    name: "JDBC",
    package: { debian: "libpostgresql-jdbc-java" },
    command: ["java", "-cp", jar, "JdbcClient.java"],
    needs: ["/usr/bin/javac", jar],
    differs: lists("getTables"),
  },
  {
    name: "lib/pq",
    package: { debian: "golang-github-lib-pq-dev" },
    command: ["go", "run", "lib_pq_client.go"],
    needs: ["/usr/bin/go", `${gopath}/src/github.com/lib/pq`],
    ...go,
    differs: same,
  },
  {
    name: "pgx",
    package: { debian: "golang-github-jackc-pgx-v4-dev" },
    command: ["go", "run", "pgx_client.go"],
    needs: ["/usr/bin/go", `${gopath}/src/github.com/jackc/pgx`],
    ...go,
    differs: same,
  },
  {
    name: "psql and pgbench",
    package: { debian: "postgresql" },
    command: python("psql_client"),
    differs: psql,
  },
];
