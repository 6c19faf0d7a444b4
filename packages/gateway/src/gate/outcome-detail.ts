import { canonicalJson } from "../kernel/canonical.ts";
import type { Outcome } from "./gate.ts";

/**
 * The detail of an outcome's record as canonical JSON: members in the order of RFC 8785, absent ones left out. It is
 * written by hand because it is made for every act.
 * @param intent the number of the intent's record
 */
export function outcomeDetail(intent: number, outcome: Outcome): string {
  let detail = "{";
  if (outcome.bytes !== undefined) detail += `"bytes":${outcome.bytes},`;
  if (outcome.copied !== undefined)
    detail += `"copied":{"bytes":${outcome.copied.bytes},"sha256":${JSON.stringify(outcome.copied.sha256)}},`;
  if (outcome.error !== undefined) detail += `"error":${JSON.stringify(outcome.error)},`;
  detail += `"intent":${intent}`;
  if (outcome.masked !== undefined && outcome.masked.length > 0)
    detail += `,"masked":${canonicalJson([...outcome.masked])}`;
  if (outcome.milliseconds !== undefined) detail += `,"milliseconds":${outcome.milliseconds}`;
  if (outcome.more !== undefined) detail += `,"more":${canonicalJson(outcome.more)}`;
  if (outcome.rows !== undefined) detail += `,"rows":${outcome.rows}`;
  if (outcome.status !== undefined) detail += `,"status":${outcome.status}`;
  if (outcome.tag !== undefined) detail += `,"tag":${JSON.stringify(outcome.tag)}`;
  return `${detail}}`;
}
