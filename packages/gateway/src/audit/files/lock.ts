import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MayflyError, messageOf } from "../../kernel/errors.ts";

/** The file whose lock is held, relative to the log's folder. */
export const lockFile = "lock";

/**
 * Takes the folder for this process alone, so that a log never has two writers. Node has no file locks of its
 * own, but SQLite has: an exclusive transaction on an empty database holds the operating system's lock on that
 * file. It ends with the process, however that dies, so there is no stale lock to judge; and it holds between
 * containers that share the folder, where process ids mean nothing.
 * @returns gives the folder back
 * @throws MayflyError `log_locked` when another process, or another log in this one, has it
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, lockFile);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy)
      throw new MayflyError("log_locked", `the audit log in ${folder} is in use by another process`, {
        status: 500,
        hint: "a log has one writer: stop the other mayflyd, or give this one an audit folder of its own",
      });
    // A full or read-only disk says neither what nor where.
    throw new MayflyError("log_folder", `the audit log's lock ${path} cannot be taken: ${messageOf(error)}`, {
      status: 500,
      hint: "the folder's disk must have room, and the user that mayflyd runs as must be able to write there",
      cause: error,
    });
  }
  const held = database;
  return () => held.close();
}

const sqliteBusy = 5;
