import { expect, test } from "vitest";
import { whyItEnded } from "./grants.ts";

test.each([
  ["released", "grant gr_1 was released by its holder", ""],
  ["expired", "grant gr_1 expired after 5m", "after 5m"],
  ["revoked", "grant gr_1 was revoked by olaf: it misbehaves", "by olaf: it misbehaves"],
  ["revoked", "support-bot was deactivated", "support-bot was deactivated"],
  ["revoked", "grant gr_12 was revoked", "grant gr_12 was revoked"],
  ["active", undefined, ""],
] as const)("of a grant that is %s, '%s' is told as '%s'", (state, why, words) => {
  expect(whyItEnded({ id: "gr_1", state, ...(why === undefined ? {} : { end_reason: why }) })).toBe(words);
});
