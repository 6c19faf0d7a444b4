import type { Socket } from "node:net";
import type { Clock } from "../../kernel/clock.ts";
import { createMessageReader, type } from "./framing.ts";
import { queryMessage } from "./messages.ts";
import type { Target } from "./target.ts";

/**
 * Whether nothing stands behind a grant's tables that an error could quote or a plan show: no view, no row security, no
 * trigger, no generated column, no function of the database's own in a constraint, a default or an index. Asked of the
 * database when a session starts; where the answer is no, or none comes, errors are withheld and plans refused.
 */
export function plainTablesQuery(tables: Iterable<string>): string {
  const names = [...tables].map((name) => `'${name.replaceAll("'", "''")}'`);
  const wanted = new Set(names).size;
  // pg_depend names no function of pg_catalog: those are pinned (manual, "pg_depend").
  return `SELECT pg_catalog.count(*) = ${wanted} FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE pg_catalog.concat(n.nspname, '.', c.relname) IN (${names.join(", ")})
    AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND NOT c.relhasrules
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 1255 AND (
      d.classid = 2606 AND d.objid IN (SELECT x.oid FROM pg_catalog.pg_constraint x WHERE x.conrelid = c.oid)
      OR d.classid = 2604 AND d.objid IN (SELECT x.oid FROM pg_catalog.pg_attrdef x WHERE x.adrelid = c.oid)
      OR d.classid = 1259 AND d.objid IN (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid)))`;
}

const MAX_ANSWER_BYTES = 65_536;
/** One column with the boolean true, as text. */
const yes = Buffer.from([0, 1, 0, 0, 0, 1, 0x74]);

/** How long an answer holds for further sessions, milliseconds. */
const ANSWER_HOLDS_MS = 10_000;
const MAX_ANSWERS = 200;
const known = new WeakMap<Target, Map<string, { readonly isPlain: boolean; readonly at: number }>>();

/**
 * Asks it of a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @returns false also when the server errs, goes away or takes too long
 */
export async function arePlainTables(
  socket: Socket,
  target: Target,
  tables: ReadonlySet<string>,
  clock: Clock,
  ended: AbortSignal,
): Promise<boolean> {
  if (tables.size === 0) return true;
  const answers = known.get(target) ?? new Map();
  known.set(target, answers);
  const sql = plainTablesQuery(tables);
  const kept = answers.get(sql);
  if (kept !== undefined && clock.monotonic() - kept.at < ANSWER_HOLDS_MS) return kept.isPlain;
  const giveUp = (): void => void socket.destroy();
  const unschedule = clock.schedule(target.connect_timeout, giveUp);
  ended.addEventListener("abort", giveUp, { once: true });
  const isPlain = await ask(socket, sql);
  unschedule();
  ended.removeEventListener("abort", giveUp);
  if (answers.size >= MAX_ANSWERS) answers.clear();
  answers.set(sql, { isPlain, at: clock.monotonic() });
  return isPlain;
}

function ask(socket: Socket, sql: string): Promise<boolean> {
  const reader = createMessageReader(MAX_ANSWER_BYTES);
  return new Promise((resolve) => {
    let answer = false;
    const over = (): void => {
      socket.off("data", read);
      socket.off("close", gone);
      socket.pause();
      resolve(answer);
    };
    const gone = (): void => {
      answer = false;
      over();
    };
    const read = (bytes: Buffer): void => {
      try {
        reader.add(bytes);
        for (let message = reader.next(); message !== undefined; message = reader.next()) {
          if (message.type === type.dataRow) answer = message.body.equals(yes);
          if (message.type === type.readyForQuery) return over();
        }
      } catch {
        socket.destroy();
      }
      return undefined;
    };
    socket.once("close", gone);
    socket.on("data", read);
    socket.write(queryMessage(sql));
    socket.resume();
  });
}
