// tier: gate
import { expect, test } from "vitest";
import { hbaName } from "./hba.ts";

// What a server makes of the lines is in tests/integration/close-postgres.test.ts.

test("a name stands in quotes, so that it is no keyword, list, file or group", () => {
  expect(["all", "+agents", "@file", 'a"b'].map(hbaName)).toEqual([
    '"all"',
    '"+agents"',
    '"@file"',
    '"a""b"',
  ]);
});

test.each([
  ["/^may", "a name that begins with / is a pattern"],
  ["may\nfly", "it holds a character that is not seen"],
  ["\u0000", "it holds a character that is not seen"],
  ["sh\u00ADop", "it holds a character that is not seen"],
  ["é".repeat(32), "it has more than 63 bytes"],
])("what no quotes make safe is refused: %j", (name, why) => {
  expect(() => hbaName(name)).toThrow(why);
});
