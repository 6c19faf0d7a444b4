import type { Doors } from "../../api/mcp/doors.ts";
import { openCounter } from "../../api/limits.ts";
import type { Front } from "../../gate/web/front.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createExecDoor } from "./exec.ts";
import { createSqlDoor, type SqlDoorParts } from "./sql.ts";
import { createWebDoor } from "./web.ts";

/** What may be under way at a time through the doors: of one bearer, and of all together. */
const each = 8;
const all = 64;

/** Makes the doors that tools enter in memory. */
export function createDoors(parts: SqlDoorParts & { readonly front: Front; readonly url: string }): Doors {
  const open = openCounter(each, all);
  const sql = createSqlDoor(parts);
  const web = createWebDoor(parts.front, parts.url);
  const exec = createExecDoor(parts.front, parts.url);
  const counted = async <T>(bearer: string, run: () => Promise<T>): Promise<T> => {
    const leave = open.enter(bearer);
    if (leave === undefined)
      throw new MayflyError("too_many", "too many calls are under way", {
        status: 429,
        hint: "wait until some of them have ended",
      });
    try {
      return await run();
    } finally {
      leave();
    }
  };
  return {
    sql: (ask) => counted(ask.bearer, () => sql(ask)),
    web: (ask) => counted(ask.bearer, () => web(ask)),
    exec: (ask) => counted(ask.bearer, () => exec(ask)),
  };
}
