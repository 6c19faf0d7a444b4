import { shown } from "../denied.ts";

/** A statement's command as people write it, for messages: `CreateStmt` gives CREATE. */
export function commandName(kind: string | undefined): string {
  if (kind === undefined) return "a statement that is not understood";
  const known = commands.get(kind);
  if (known !== undefined) return known;
  const words = shown(kind.replace(/Stmt$/u, "")).replaceAll(/(?<=[a-z])(?=[A-Z])/gu, " ");
  return words.toUpperCase();
}

const commands: ReadonlyMap<string, string> = new Map([
  ["AlterSystemStmt", "ALTER SYSTEM"],
  ["CallStmt", "CALL"],
  ["CheckPointStmt", "CHECKPOINT"],
  ["CommentStmt", "COMMENT"],
  ["CreateExtensionStmt", "CREATE EXTENSION"],
  ["CreateStmt", "CREATE TABLE"],
  ["CreateTableAsStmt", "CREATE TABLE AS"],
  ["DoStmt", "DO"],
  ["DropStmt", "DROP"],
  ["GrantRoleStmt", "GRANT"],
  ["GrantStmt", "GRANT or REVOKE"],
  ["IndexStmt", "CREATE INDEX"],
  ["ListenStmt", "LISTEN"],
  ["LoadStmt", "LOAD"],
  ["LockStmt", "LOCK TABLE"],
  ["NotifyStmt", "NOTIFY"],
  ["RefreshMatViewStmt", "REFRESH MATERIALIZED VIEW"],
  ["ReindexStmt", "REINDEX"],
  ["RuleStmt", "CREATE RULE"],
  ["TruncateStmt", "TRUNCATE"],
  ["VacuumStmt", "VACUUM or ANALYZE"],
  ["ViewStmt", "CREATE VIEW"],
]);
