import { expect, test } from "vitest";
import { kindOf } from "./tool-kinds.ts";

test.each([
  ["get_order", {}, {}, "read"],
  ["getOrder", {}, {}, "read"],
  ["orders.list", {}, {}, "read"],
  ["list-deleted-orders", {}, {}, "read"],
  ["issue_write", {}, {}, "write"],
  ["get_and_delete_message", {}, {}, "delete"],
  ["find_or_create_label", {}, {}, "write"],
  ["orders_purge", {}, {}, "delete"],
  ["frobnicate", {}, {}, "write"],
  ["frobnicate", {}, { readOnlyHint: true }, "read"],
  ["frobnicate", {}, { readOnlyHint: true, destructiveHint: true }, "delete"],
  ["get_order", {}, { readOnlyHint: false }, "write"],
  ["delete_order", {}, { readOnlyHint: true }, "delete"],
  ["manage_issue", { action: "get" }, {}, "read"],
  ["manage_issue", { action: "get" }, { readOnlyHint: false, destructiveHint: true }, "read"],
  ["manage_issue", { action: "close" }, {}, "write"],
  ["manage_issue", { action: "frob" }, { readOnlyHint: true }, "write"],
  ["manage_issue", { action: 5 }, {}, "write"],
  ["issue_read", { method: "delete" }, {}, "delete"],
  ["delete_issue", { action: "get" }, {}, "delete"],
] as const)("%s %j %j: %s", (tool, given, annotations, kind) => {
  expect(kindOf(tool, given, annotations)).toBe(kind);
});
