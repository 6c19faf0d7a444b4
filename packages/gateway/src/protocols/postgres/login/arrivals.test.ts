import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { systemClock } from "../../../kernel/clock.ts";
import { createArrivals, type HandshakePlace } from "./arrivals.ts";

function clientOf(remoteAddress: string): Duplex {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Duplex;
}

test("handshakes of one address wait in line, those of another do not", () => {
  const arrivals = createArrivals(systemClock);
  const places: HandshakePlace[] = [];
  const enter = (client: Duplex): void => arrivals.enter(client, (place) => places.push(place));
  for (let n = 0; n < 64; n += 1) enter(clientOf(`2001:db8::${n.toString(16)}`));
  expect(places).toHaveLength(64);
  const gone = clientOf("2001:db8::ffff");
  enter(gone);
  enter(clientOf("2001:db8::fffe"));
  expect(places).toHaveLength(64);
  enter(clientOf("2001:db8:0:1::1"));
  expect(places).toHaveLength(65);
  // One that has gone while it waited gets no place.
  gone.emit("close");
  places[0]?.leave();
  places[0]?.leave();
  expect(places).toHaveLength(66);
  places[1]?.leave();
  expect(places).toHaveLength(66);
});

test("an address that fails often is answered later, and no other", () => {
  const arrivals = createArrivals(systemClock);
  const places: HandshakePlace[] = [];
  for (const address of ["192.0.2.1", "192.0.2.2"])
    arrivals.enter(clientOf(address), (place) => places.push(place));
  const delays = Array.from({ length: 30 }, () => places[0]?.failed() ?? 0);
  expect(delays.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => 0));
  expect(delays.at(-1)).toBeGreaterThan(500);
  expect(Math.max(...delays)).toBeLessThanOrEqual(2000);
  expect(places[1]?.failed()).toBe(0);
});
