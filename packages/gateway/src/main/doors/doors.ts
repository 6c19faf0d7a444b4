import type { Doors } from "../../api/mcp/doors.ts";
import { bounds } from "../../gate/bounds.ts";
import { createQuota } from "../../gate/quota.ts";
import type { Front } from "../../gate/web/front.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createExecDoor } from "./exec.ts";
import { createSqlDoor, type SqlDoorParts } from "./sql.ts";
import { createWebDoor } from "./web.ts";

/** Makes the doors that tools enter in memory. */
export function createDoors(parts: SqlDoorParts & { readonly front: Front; readonly url: string }): Doors {
  const calls = createQuota(bounds.toolCalls);
  const sql = createSqlDoor(parts);
  const web = createWebDoor(parts.front, parts.url);
  const exec = createExecDoor(parts.front, parts.url);
  const counted = async <T>(principal: string, run: () => Promise<T>): Promise<T> => {
    const place = calls.take({ principal });
    if ("full" in place)
      throw new MayflyError("too_many", "too many calls are under way", {
        status: 429,
        hint: "wait until some of them have ended",
      });
    try {
      return await run();
    } finally {
      place.give();
    }
  };
  return {
    sql: (ask) => counted(ask.principal, () => sql(ask)),
    web: (ask) => counted(ask.principal, () => web(ask)),
    exec: (ask) => counted(ask.principal, () => exec(ask)),
  };
}
