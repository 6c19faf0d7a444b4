import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { sql, SqliteAdapter, SqliteDialect, type Dialect, type Kysely, type SqliteDatabase } from "kysely";
import { boundedMap } from "../kernel/bounded-map.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";

/** "Mayf", in the file's header (PRAGMA application_id): tells Mayfly's file from any other SQLite file. */
const APPLICATION_ID = 0x4d617966;

/** SQLite can undo DDL; Kysely's adapter is only careful for people who rebuild tables with foreign keys on. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

const nothing: ReturnType<SqliteDatabase["prepare"]> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** Statements that are kept prepared, the latest used. */
const MAX_PREPARED = 100;

/** `node:sqlite` in the shape that Kysely's SQLite dialect expects, which is better-sqlite3's. */
function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const prepared = boundedMap<{ readonly statement: StatementSync; readonly reader: boolean }>(MAX_PREPARED);

  function preparedOf(text: string): { readonly statement: StatementSync; readonly reader: boolean } {
    let found = prepared.get(text);
    if (found === undefined) {
      const statement = database.prepare(text);
      found = { statement, reader: statement.columns().length > 0 };
      prepared.set(text, found);
    }
    return found;
  }

  return {
    close: () => database.close(),
    prepare(sql) {
      // A full disk makes SQLite roll back by itself (sqlite.org/lang_transaction.html, section 3.1): a second time
      // would fail, and hide why.
      if (sql === "rollback" && !database.isTransaction) return nothing;
      const { statement, reader } = preparedOf(sql);
      return {
        reader,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        // Of its own: another run of the same text would reset it.
        iterate: (parameters) => database.prepare(sql).iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}

/** Primary result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** The primary result code of an error of `node:sqlite`: the low byte of the extended one. */
function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;
}

function storeRefused(file: string, why: string, hint: string, cause?: unknown): MayflyError {
  return new MayflyError("store_refused", `store ${file}: ${why}`, { status: 503, hint, cause });
}

/**
 * Opens Mayfly's SQLite file, making it (mode 0600) and its folder (0700) where they do not exist.
 *
 * WAL with `synchronous = FULL`: a transaction that was answered survives a power cut. The file is locked for this
 * process alone: a second gateway on it would not learn of grants that this one ends.
 * @throws MayflyError `store_refused` when the file is another application's, damaged, in use or not writable
 */
export function openSqlite(file: string): Dialect {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 2000 });
    const id = Number(database.prepare("PRAGMA application_id").get()?.application_id);
    const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n);
    if (id !== APPLICATION_ID && (id !== 0 || tables > 0)) {
      throw storeRefused(
        file,
        "is the database of another application",
        "name a file of Mayfly's own, or a new one",
      );
    }
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA trusted_schema = OFF");
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    // Takes the exclusive lock now, so that a second process is refused at its start and not in its work.
    database.exec("BEGIN IMMEDIATE");
    database.exec("COMMIT");
    const opened = database;
    const dialect = new SqliteDialect({ database: kyselyDatabase(opened) });
    return {
      createAdapter: () => new TransactionalSqliteAdapter(),
      createDriver: () => dialect.createDriver(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    };
  } catch (error) {
    database?.close();
    if (error instanceof MayflyError) throw error;
    const code = resultCodeOf(error);
    if (code === SQLITE_BUSY) {
      throw storeRefused(
        file,
        "is in use by another process",
        "stop the other mayflyd, or use a PostgreSQL store",
        error,
      );
    }
    if (code === SQLITE_NOTADB) {
      throw storeRefused(
        file,
        "is not an SQLite database",
        "name a file of Mayfly's own, or a new one",
        error,
      );
    }
    throw storeRefused(
      file,
      messageOf(error),
      "check that the file and its folder can be written by mayflyd",
      error,
    );
  }
}

/**
 * Runs work that need not survive a power cut, without a flush of the disk a transaction: `synchronous = NORMAL`, under
 * which the file is never damaged, and the next transaction that must survive takes these with it
 * (sqlite.org/pragma.html#pragma_synchronous). Nothing else has the connection meanwhile.
 */
export async function relaxedOnSqlite<Db>(
  db: Kysely<Db>,
  work: (on: Kysely<Db>) => Promise<void>,
): Promise<void> {
  await db.connection().execute(async (on) => {
    await sql`PRAGMA synchronous = NORMAL`.execute(on);
    try {
      await work(on);
    } finally {
      await sql`PRAGMA synchronous = FULL`.execute(on);
    }
  });
}
