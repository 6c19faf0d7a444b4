import { MayflyError } from "../../kernel/errors.ts";
import type { AuditReader } from "../index/port.ts";
import { searchOne } from "./answer.ts";
import { behind } from "./lacking.ts";
import { isFiltered, noSuchLog } from "./logs.ts";
import type { AuditLogs } from "./port.ts";

/** The logs of a deployment that has one: that of a gateway whose store is its own. */
export function oneLog(reader: AuditReader): AuditLogs {
  return {
    async search({ before, log, ...query }) {
      const name = reader.verifierKey.split("+")[0];
      if (log !== undefined && log !== name) throw noSuchLog(log, [name ?? ""]);
      if (before?.includes(".") === true)
        throw new MayflyError("invalid_input", "before is a place in several logs, and there is one here", {
          status: 400,
          hint: "search anew, without before",
        });
      // What comes after this was not looked through.
      const { end } = reader;
      const { records, hasMore, archived, isBehind } = await searchOne(reader, {
        ...query,
        ...(before === undefined ? {} : { before: Number(before) }),
      });
      const last = records.at(-1);
      const shown = (records[0]?.seq ?? -1) + 1;
      const after =
        before === undefined && isBehind !== true && isFiltered(query) ? Math.max(shown, end) : shown;
      return {
        records,
        ...(hasMore && last !== undefined ? { next: String(last.seq) } : {}),
        ...(archived === undefined ? {} : { archived }),
        partial: isBehind === true ? [behind(name ?? "", isBehind)] : [],
        ...(after === 0 ? {} : { after: String(after - 1) }),
      };
    },
    payload: (digest) => reader.payload(digest),
  };
}
