import type { AuditRecord } from "@mayfly/sdk/browser";
import { spanText } from "../../components/duration.ts";
import { numberIn, objectIn, textsIn, type Detail } from "./read-detail.ts";
import type { Part } from "./words.ts";

/** What the policy said to an ask, from the record of the ask. */
export interface PolicyWords {
  readonly parts: readonly Part[];
  readonly notes: readonly string[];
}

/** Puts what the policy said to an ask into words. Its names come from configuration; they are shown as text. */
export function policyWordsOf(record: AuditRecord): PolicyWords {
  const policy: readonly Part[] =
    record.policy === undefined ? ["The policy"] : ["The policy “", { said: record.policy }, "”"];
  const approval = objectIn(record.detail["approval"]);
  const by = textsIn(approval["by"]);
  if (by.length === 0) return { parts: [...policy, " asks for no approval"], notes: [] };
  const count = numberIn(approval["count"]) ?? 1;
  return {
    parts: [
      ...policy,
      ` asks for ${count === 1 ? "an approval" : `${count} approvals`} by `,
      { said: by.join(" or ") },
    ],
    notes: [...within(approval), ...escalation(objectIn(approval["escalate"])), ...more(approval)],
  };
}

function within(approval: Detail): string[] {
  const ms = numberIn(approval["within"]);
  return ms === undefined ? [] : [`within ${spanText(ms / 1000)}`];
}

function escalation(escalate: Detail): string[] {
  const after = numberIn(escalate["after"]);
  return after === undefined
    ? []
    : [`after ${spanText(after / 1000)} also by ${textsIn(escalate["to"]).join(" or ")}`];
}

function more(approval: Detail): string[] {
  const fresh = numberIn(approval["fresh_sign_in"]);
  const refusals = numberIn(approval["refusals"]);
  return [
    ...(fresh === undefined ? [] : [`signed in within ${spanText(fresh / 1000)} before`]),
    ...(refusals === undefined || refusals === 1 ? [] : [`${refusals} refusals end it`]),
  ];
}
