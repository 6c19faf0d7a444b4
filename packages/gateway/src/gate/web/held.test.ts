import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { Busy, heldBy } from "./held.ts";

it("lets all exchanges together hold so much, and gives back what a closed one held", () => {
  const [one, two, three] = [new EventEmitter(), new EventEmitter(), new EventEmitter()];
  heldBy(one).take(200_000_000);
  expect(heldBy(one)).toBe(heldBy(one));
  expect(() => heldBy(two).take(100_000_000)).toThrow(Busy);
  heldBy(two).take(60_000_000);
  one.emit("close");
  heldBy(three).take(200_000_000);
  expect(() => heldBy(one).take(1)).toThrow(Busy);
  for (const each of [two, three]) each.emit("close");
  const last = new EventEmitter();
  heldBy(last).take(268_435_456);
  last.emit("close");
});
