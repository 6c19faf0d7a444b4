import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import { ask } from "./ask.ts";
import type { Granted } from "../guard/granted.ts";
import type { Target } from "../target.ts";

/** Functions of the database's own, but those in C: what they do is the operator's to know, and they name no tables. */
const ownCode = `(SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    AND p.prolang OPERATOR(pg_catalog.<>) 12::pg_catalog.oid AND p.prolang OPERATOR(pg_catalog.<>) 13::pg_catalog.oid)`;

/**
 * What speaks against temporary tables in a session, asked of the server that will have them. A function of the
 * database's own that runs in the session may look tables up by name and find one that the client made: no code but
 * PostgreSQL's own may run. Event triggers run at CREATE TABLE, casts where a value gets another type, and what a type's
 * operator classes are made of where values are sorted, grouped or compared; tables that are there already are somebody
 * else's, whom a pool between here and the database served before.
 */
const question = `SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger t
    WHERE t.evtenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char")
  OR EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castfunc OPERATOR(pg_catalog.=) ANY ${ownCode})
  OR EXISTS (SELECT FROM pg_catalog.pg_amproc a
    WHERE a.amproc::pg_catalog.oid OPERATOR(pg_catalog.=) ANY ${ownCode})
  OR EXISTS (SELECT FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) a.amopopr
    WHERE o.oprcode::pg_catalog.oid OPERATOR(pg_catalog.=) ANY ${ownCode}),
  EXISTS (SELECT FROM pg_catalog.pg_class c
    WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())`;

/**
 * @param isPlain whether nothing of the database's own stands behind the granted tables
 * @param ended the session's end: then the server is let go
 * @returns why there can be none; undefined: nothing speaks against them, or nobody wants any
 */
export type RefusesTemporary = (
  socket: Socket,
  target: Target,
  granted: Granted,
  isPlain: boolean,
  ended: AbortSignal,
) => Promise<string | undefined>;

/** Makes the question. It is asked in every session that may make such tables: the answer is that session's own. */
export function createRefusesTemporary(clock: Clock): RefusesTemporary {
  return async (socket, target, granted, isPlain, ended) => {
    if (!granted.temporaryTables) return undefined;
    if (granted.ownCode)
      return "another operation of the grant lists functions, types or extensions of the database's own";
    if (!isPlain)
      return "a view, trigger, row security policy or function stands behind a granted table, and could look one up";
    const giveUp = (): void => void socket.destroy();
    const unschedule = clock.schedule(target.connect_timeout, giveUp);
    ended.addEventListener("abort", giveUp, { once: true });
    try {
      const [row] = await ask(socket, question);
      if (row?.[1] !== "f") return "the database's session has temporary tables already";
      return row[0] === "f"
        ? undefined
        : "the database has event triggers, casts or operator classes of its own, which could look one up";
    } catch {
      return "the database did not answer";
    } finally {
      unschedule();
      ended.removeEventListener("abort", giveUp);
    }
  };
}
