import type { Verdict } from "../../../gate/protocol.ts";
import type { PostgresCover } from "../act.ts";
import { sentText } from "../guard/structure/splices.ts";

/** The text that goes upstream for one that was judged; undefined where it is denied. */
export function sentBy(verdict: Verdict<PostgresCover>, sql: string): string | undefined {
  if (verdict.kind !== "permit") return undefined;
  const { splices = [], operations } = verdict.cover;
  return sentText(sql, splices, operations);
}
