import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MAX_COMMENT_CHARACTERS, MAX_REASON_CHARACTERS } from "./text-limits.ts";

const document = JSON.parse(
  readFileSync(new URL("../../../gateway/openapi.json", import.meta.url), "utf8"),
) as {
  components: { schemas: Record<string, { properties?: Record<string, { maxLength?: number }> }> };
};
const longest = (schema: string, member: string): number | undefined =>
  document.components.schemas[schema]?.properties?.[member]?.maxLength;

it("lets a person type what the gateway takes, and no more", () => {
  expect(longest("Revocation", "reason")).toBe(MAX_REASON_CHARACTERS);
  expect(longest("RevocationOfAll", "reason")).toBe(MAX_REASON_CHARACTERS);
  expect(longest("LockdownOrder", "reason")).toBe(MAX_REASON_CHARACTERS);
  expect(longest("Approve", "comment")).toBe(MAX_COMMENT_CHARACTERS);
  expect(longest("Refuse", "comment")).toBe(MAX_COMMENT_CHARACTERS);
  expect(longest("ReviewEmergency", "note")).toBe(MAX_COMMENT_CHARACTERS);
});
