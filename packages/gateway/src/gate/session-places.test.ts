import { expect, test } from "vitest";
import type { Limits } from "../configuration/types.ts";
import { createSessionPlaces } from "./session-places.ts";

const limits = { sessionsPerGrant: 2, sessionsPerPrincipal: 3 } as Limits;

test("one grant and one principal have so many sessions, and get them back", () => {
  const places = createSessionPlaces(() => limits);
  const first = places.takePlaces("gr_1", "a");
  expect(first).toHaveProperty("leave");
  expect(places.takePlaces("gr_1", "a")).toHaveProperty("leave");
  expect(places.takePlaces("gr_1", "a")).toMatchObject({ code: "too_many" });
  expect(places.takePlaces("gr_2", "a")).toHaveProperty("leave");
  // The principal's last place is taken, and the grant's is not lost by the attempt.
  for (let n = 0; n < 5; n += 1)
    expect(places.takePlaces("gr_3", "a")).toMatchObject({
      code: "too_many",
      refused: { message: "the agent has 3 sessions open, as many as it may" },
    });
  expect(places.takePlaces("gr_3", "b")).toHaveProperty("leave");
  if ("leave" in first) first.leave();
  expect(places.takePlaces("gr_3", "a")).toHaveProperty("leave");
});
