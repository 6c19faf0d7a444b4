import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { SUSPECT_MS, SUSPECT_REST_MS } from "../../bounds.ts";
import { createSuspects, type Suspects } from "./suspects.ts";

/** A connection of which is known whether it is read. */
class Connection extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;
  isRead = true;

  constructor(suspects: Suspects, remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
    suspects.admit(this.asSocket());
  }

  asSocket(): Socket {
    return this as unknown as Socket;
  }

  isPaused(): boolean {
    return !this.isRead;
  }

  pause(): void {
    this.isRead = false;
  }

  resume(): void {
    this.isRead = true;
  }
}

const areRead = (all: readonly Connection[]): readonly boolean[] => all.map(({ isRead }) => isRead);

it("reads no connection of an address for a while when one of it has used up a turn, and others as before", () => {
  const clock = fakeClock();
  const suspects = createSuspects(clock);
  const [first, second, other] = ["10.0.0.1", "10.0.0.1", "10.0.0.2"].map(
    (address) => new Connection(suspects, address),
  ) as [Connection, Connection, Connection];
  suspects.suspect("10.0.0.1");
  expect(areRead([first, second, other])).toEqual([false, false, true]);
  // The next one of the same moment joins them.
  suspects.suspect("10.0.0.2");
  expect(other.isRead).toBe(false);
  clock.advance(SUSPECT_REST_MS);
  expect(areRead([first, second, other])).toEqual([true, true, true]);
  // From now on one of either is enough for both, until they are forgotten.
  suspects.suspect("10.0.0.2");
  expect(areRead([first, second, other])).toEqual([false, false, false]);
  clock.advance(SUSPECT_MS);
  suspects.suspect("10.0.0.2");
  expect(areRead([first, second, other])).toEqual([true, true, false]);
});

it("takes up no connection that was not read before, that has gone, or that another protocol reads", () => {
  const clock = fakeClock();
  const suspects = createSuspects(clock);
  const [paused, gone, upgraded] = Array.from({ length: 3 }, () => new Connection(suspects, "10.0.0.1")) as [
    Connection,
    Connection,
    Connection,
  ];
  paused.pause();
  suspects.release(upgraded.asSocket());
  suspects.suspect("10.0.0.1");
  expect(areRead([paused, gone, upgraded])).toEqual([false, false, true]);
  gone.destroyed = true;
  gone.emit("close");
  clock.advance(SUSPECT_REST_MS);
  expect(areRead([paused, gone, upgraded])).toEqual([false, false, true]);
  gone.destroyed = false;
  gone.resume();
  suspects.suspect("10.0.0.1");
  expect(gone.isRead).toBe(true);
});
