import type { Background, Request } from "@mayfly/sdk/browser";
import { expect, test } from "vitest";
import { mayBeUsed, mayHaveEnded } from "./look-again.ts";

const emergency = { break_glass: true, state: "approved", may_review: false } as Request;
const grantThatIs = (state: string): Request["grant"] => ({ state }) as Request["grant"];

test("an emergency that may not be reviewed yet is looked at again", () => {
  expect(mayHaveEnded(emergency)).toBe(true);
  expect(mayHaveEnded({ ...emergency, may_review: true })).toBe(false);
});

test("one's own emergency is looked at again until its grant has ended", () => {
  const { may_review: _, ...own } = emergency;
  expect(mayHaveEnded({ ...own, grant: grantThatIs("active") } as Request)).toBe(true);
  expect(mayHaveEnded({ ...own, grant: grantThatIs("released") } as Request)).toBe(false);
});

test("what took no access by breaking glass is not", () => {
  expect(mayHaveEnded(undefined)).toBe(false);
  expect(mayHaveEnded({ ...emergency, break_glass: false })).toBe(false);
  expect(mayHaveEnded({ ...emergency, state: "denied" })).toBe(false);
});

test("how much was done is asked again while the access is in force", () => {
  const taken = (state: string): Background => ({ taken: { state } }) as Background;
  expect(mayBeUsed(taken("active"))).toBe(true);
  expect(mayBeUsed(taken("expired"))).toBe(false);
  expect(mayBeUsed({} as Background)).toBe(false);
  expect(mayBeUsed(undefined)).toBe(false);
});
