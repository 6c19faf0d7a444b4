import { namePattern } from "../../configuration/fields.ts";

/** What a first configuration is made of. */
export interface Answers {
  /** Where agents and people reach the gateway. */
  readonly url: string;
  /** The Okta custom authorization server that issues the agents' access tokens. */
  readonly issuer: string;
  readonly audience: string;
  /** The folder of the audit log, the store and the gateway's own CA. */
  readonly data: string;
  /** Where PostgreSQL clients connect. */
  readonly postgresPort: number;
  /** The group that may use the first connection, and whose agents are listed. */
  readonly group: string;
  /** A service app, by its client id and the name it gets here. */
  readonly agent?: { readonly id: string; readonly name: string };
  readonly connection?: FirstConnection;
}

/** A first PostgreSQL connection. */
export interface FirstConnection {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly tls: "verify-full" | "require" | "disable";
  /** Tables that may be read, each with its schema. */
  readonly tables: readonly string[];
}

/** An answer that cannot be used, in words for whoever gave it. */
export class AnswerRefused extends Error {}

/** Reads `0oa1b2c3d4=support-bot`. @throws AnswerRefused */
export function readAgent(written: string): { readonly id: string; readonly name: string } {
  const [, id, name] = /^([\w.-]+)=([\w.-]+)$/.exec(written) ?? [];
  if (id === undefined || name === undefined)
    throw new AnswerRefused("an agent is written CLIENT_ID=NAME, such as 0oa1b2c3d4=support-bot");
  return { id, name };
}

/**
 * Reads a database's address, such as `postgres://mayfly@db.internal/shop`.
 * @param name the connection's; left out: the database's
 * @throws AnswerRefused; it repeats no password
 */
export function readDatabase(
  written: string,
  name: string | undefined,
  tables: readonly string[],
): FirstConnection {
  const form = "a database is written postgres://USER@HOST[:PORT]/DATABASE";
  if (!URL.canParse(written)) throw new AnswerRefused(form);
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(written);
  if (password !== "")
    throw new AnswerRefused(`${form}, without its password: that goes into a file of its own`);
  const database = decodeURIComponent(pathname.slice(1));
  if (!/^postgres(ql)?:$/.test(protocol) || username === "" || hostname === "" || database === "")
    throw new AnswerRefused(form);
  const tls = searchParams.get("sslmode") ?? "verify-full";
  if (tls !== "verify-full" && tls !== "require" && tls !== "disable")
    throw new AnswerRefused("sslmode is verify-full, require or disable");
  const called = name ?? `${database.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-")}-db`;
  if (!namePattern.test(called))
    throw new AnswerRefused(
      `${called} is no connection's name: lower-case letters, digits and hyphens, first a letter`,
    );
  if (tables.length === 0) throw new AnswerRefused("name at least one table that may be read");
  for (const table of tables)
    if (!/^\w+\.\w+$/.test(table)) throw new AnswerRefused(`${table}: a table is written SCHEMA.TABLE`);
  return {
    name: called,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? 5432 : Number(port),
    database,
    user: decodeURIComponent(username),
    tls,
    tables,
  };
}
