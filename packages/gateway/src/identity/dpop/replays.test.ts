import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createReplays } from "./replays.ts";

const key = "thumbprint";

test("a flood of one agent is refused at its bound and takes nothing from another", () => {
  const clock = fakeClock();
  const replays = createReplays(clock, { perPrincipal: 100, all: 250 });
  const take = (principal: string, jti: string): string =>
    replays.consume({ principal, key, jti, iat: clock.wall() });
  const flood = Array.from({ length: 500 }, (_, at) => take("flood", `f${at}`));
  expect(flood.filter((each) => each === "taken").length).toBe(100);
  expect(flood.at(-1)).toBe("full");
  // What it has shown stays shown: nothing live is forgotten to make room.
  expect(take("flood", "f0")).toBe("used");
  expect(Array.from({ length: 50 }, (_, at) => take("calm", `c${at}`))).toEqual(Array(50).fill("taken"));
  clock.advance(90_000);
  expect(take("flood", "f500")).toBe("taken");
  expect(replays.size).toBe(1);
});

test("the last room of all is for those who hold little", () => {
  const clock = fakeClock();
  const replays = createReplays(clock, { perPrincipal: 100, all: 250 });
  const take = (principal: string, jti: string): string =>
    replays.consume({ principal, key, jti: `${principal} ${jti}`, iat: clock.wall() });
  for (const flood of ["a", "b", "c", "d", "e", "f"])
    for (let at = 0; at < 200; at += 1) take(flood, String(at));
  expect(replays.size).toBeLessThan(250);
  expect(take("calm", "1")).toBe("taken");
  expect(take("a", "more")).toBe("full");
  expect(replays.size).toBeLessThanOrEqual(250);
});

test("a proof is remembered for as long as it could be shown again", () => {
  const clock = fakeClock();
  const replays = createReplays(clock);
  const ahead = { principal: "bot", key, jti: "1", iat: clock.wall() + 30_000 };
  expect(replays.consume(ahead)).toBe("taken");
  clock.advance(89_999);
  expect(replays.consume(ahead)).toBe("used");
  clock.advance(1);
  // Forgotten; and what is that old is known to be unknown.
  expect(replays.consume({ ...ahead, jti: "2", iat: clock.wall() })).toBe("taken");
  expect(replays.unknownUntil).toBeGreaterThanOrEqual(ahead.iat);
});
