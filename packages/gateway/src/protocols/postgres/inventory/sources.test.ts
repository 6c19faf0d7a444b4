import { expect, test } from "vitest";
import { postgresSources } from "./sources.ts";

test.each([
  [
    "postgres-json",
    '{"timestamp":"2026-11-29 12:00:00.123 UTC","error_severity":"LOG","message":"statement: SELECT 1"}\n',
  ],
  ["postgres-csv", '2026-11-29 12:00:00.123 UTC,"query","calls",7,"[local]",s1,1,"idle"\n'],
  ["pg-stat-statements", "rolname,datname,query,calls\n"],
])("%s alone recognizes its own", (format, text) => {
  expect(postgresSources.filter((source) => source.recognizes(text)).map((source) => source.format)).toEqual([
    format,
  ]);
});
