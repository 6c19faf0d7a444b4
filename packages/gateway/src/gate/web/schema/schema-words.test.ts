import { expect, test } from "vitest";
import { schemaInWords } from "./schema-words.ts";

test("a schema is named by its whole digest, however it is written, and one that takes everything not at all", () => {
  const [words] = schemaInWords('{"type": "object", "required": ["id"]}');
  expect(words).toMatch(/^the schema sha256:[0-9a-f]{64}$/);
  expect(schemaInWords('{ "required":["id"],"type":"object" }\n')).toEqual([words]);
  expect(schemaInWords("{}\n")).toEqual([]);
  expect(schemaInWords("false")).not.toEqual([]);
});
