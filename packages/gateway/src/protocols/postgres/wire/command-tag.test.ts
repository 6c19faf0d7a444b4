import { expect, test } from "vitest";
import { rowsOf } from "./command-tag.ts";

test.each([
  ["SELECT 3", 3],
  ["INSERT 0 5", 5],
  ["COPY 1000000", 1_000_000],
  ["UPDATE 0", 0],
  ["BEGIN", undefined],
  ["CREATE TABLE", undefined],
  ["", undefined],
  ["SELECT ", undefined],
  ["7", undefined],
  ["SELECT -1", undefined],
  ["SELECT 99999999999999999999", undefined],
])("the rows of %j are %j", (tag, rows) => expect(rowsOf(tag)).toBe(rows));
