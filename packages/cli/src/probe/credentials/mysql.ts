import { join } from "node:path";
import { createDecipheriv } from "node:crypto";
import { linesOf, sectionsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { isReference, target, targetText } from "./words.ts";

/** Files that include each other. */
const MAX_INCLUDED = 20;

/** Finds what MySQL's and MariaDB's clients take passwords from (MySQL manual, "Using Option Files"). */
export async function findMysql(search: Search): Promise<void> {
  const waiting = [
    ...["/etc/my.cnf", "/etc/mysql/my.cnf", "/etc/mysql/debian.cnf"].map((path) => search.system(path)),
    search.home(".my.cnf"),
  ];
  for (let at = 0; at < waiting.length && at < MAX_INCLUDED; at++) {
    const path = waiting[at];
    const file = path === undefined ? undefined : await search.text(path);
    if (file === undefined) continue;
    addOptions(search, file.path, file.text);
    for (const { text } of linesOf(file.text)) {
      const [, isFolder, named] = /^\s*!include(dir)?\s+(\S.*)$/.exec(text) ?? [];
      if (named === undefined) continue;
      const included = search.path(named.trim());
      if (isFolder === undefined) waiting.push(included);
      else
        for (const name of await search.names(included))
          if (name.endsWith(".cnf")) waiting.push(join(included, name));
    }
  }
  await findLoginPaths(search);
}

function addOptions(search: Search, path: string, text: string): void {
  for (const [section, settings] of sectionsOf(text)) {
    // The server's own options hold no client's login.
    if (/^(?:mysqld|mariadbd|server)/.test(section)) continue;
    const get = (key: string): string | undefined => settings.get(key)?.value;
    const password = settings.get("password");
    if (password === undefined || password.value === "" || isReference(password.value)) continue;
    const leadsTo = target(
      { host: get("host") ?? "", port: get("port"), database: get("database"), user: get("user") },
      3306,
    );
    search.add(
      "mysql",
      `${path}:${password.line}`,
      targetText(leadsTo, "MySQL, on the host that the client names"),
      leadsTo,
    );
  }
}

async function findLoginPaths(search: Search): Promise<void> {
  const named = search.env("MYSQL_TEST_LOGIN_FILE");
  const path = named === undefined ? search.home(".mylogin.cnf") : search.path(named);
  const bytes = await search.bytes(path);
  if (bytes === undefined || bytes.length === 0) return;
  const text = loginPaths(bytes);
  if (text === undefined) search.unread(path, "no file of mysql_config_editor");
  else addOptions(search, path, text);
}

/**
 * The options in a file of mysql_config_editor (MySQL manual, "mysql_config_editor"): four unused bytes, a key of 20 that
 * is folded to 16, then lines, each with its length and encrypted with that key, which hides them from the eye alone.
 */
export function loginPaths(bytes: Buffer): string | undefined {
  if (bytes.length < 24) return undefined;
  const key = Buffer.alloc(16);
  for (let at = 0; at < 20; at++) key[at % 16] = (key[at % 16] ?? 0) ^ (bytes[4 + at] ?? 0);
  const lines: string[] = [];
  try {
    for (let at = 24; at < bytes.length;) {
      const length = bytes.readInt32LE(at);
      if (length <= 0 || at + 4 + length > bytes.length) return undefined;
      const decipher = createDecipheriv("aes-128-ecb", key, null);
      lines.push(
        Buffer.concat([
          decipher.update(bytes.subarray(at + 4, at + 4 + length)),
          decipher.final(),
        ]).toString(),
      );
      at += 4 + length;
    }
  } catch {
    return undefined;
  }
  return lines.join("");
}
