import type { ApprovalRule } from "@mayfly/sdk/browser";
import { spanText } from "../../components/duration.ts";

/** What approval a policy asks for, a line a fact. Group names come from configuration; show them as text. */
export function approvalWords(rule: ApprovalRule): readonly string[] {
  const { by, count, within_seconds, escalate, fresh_sign_in_seconds, refusals } = rule;
  return [
    `${count === 1 ? "one approval" : `${count} approvals`} by ${by.join(" or ")}`,
    `within ${spanText(within_seconds)}`,
    ...(escalate === undefined
      ? []
      : [`after ${spanText(escalate.after_seconds)} also by ${escalate.to.join(" or ")}`]),
    ...(fresh_sign_in_seconds === undefined
      ? []
      : [`signed in within ${spanText(fresh_sign_in_seconds)} before`]),
    ...(refusals === 1 ? [] : [`${refusals} refusals end it`]),
  ];
}
