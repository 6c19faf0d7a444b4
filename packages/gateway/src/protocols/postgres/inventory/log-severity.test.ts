import { expect, test } from "vitest";
import { mayBeLog, tellsOfError } from "./log-severity.ts";

test.each([
  ["ERROR", "42P01", true],
  ["FATAL", "57P01", true],
  ["PANIC", "XX000", true],
  // In other languages.
  ["FEHLER", "", true],
  ["ОШИБКА", "", true],
  ["ERREUR", "", true],
  // A warning or notice with the code of an error.
  ["WARNING", "25001", false],
  ["WARNUNG", "25001", false],
  ["NOTICE", "42P07", false],
  ["LOG", "08006", false],
  // A word that is not known: the code decides.
  ["ERARO", "42P01", true],
  ["ERARO", "00000", false],
  ["ERARO", "01000", false],
  ["ERARO", "", false],
  ["ERARO", "not a code", false],
])("%s with %s", (severity, code, is) => {
  expect(tellsOfError(severity, code)).toBe(is);
});

test.each([
  ["LOG", true],
  ["СООБЩЕНИЕ", true],
  ["LOGO", true],
  ["NOTICE", false],
  ["HINWEIS", false],
  ["ERROR", false],
])("statements may be logged as %s: %j", (severity, may) => {
  expect(mayBeLog(severity)).toBe(may);
});
