import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { mintPermit } from "../../../gate/permit.ts";
import { frames } from "../testing/wire.ts";
import { Control } from "../wire/control.ts";
import type { FrontendOptions } from "./frontend/state.ts";
import { createOutbound, type Outbound } from "./outbound.ts";
import { Outgoing } from "./outgoing.ts";
import type { RelayParts } from "./state.ts";

/** A socket that keeps what is written to it, one entry a write. */
function keeping(): { outbound: Outbound; written: Buffer[] } {
  const written: Buffer[] = [];
  const socket = { write: (bytes: Buffer) => written.push(bytes) > 0 };
  return { outbound: createOutbound(socket as unknown as Socket), written };
}

const permitOf = (intent: number) => mintPermit(intent, "shop/read", { operations: [], effects: [] });

test("a pipeline leaves as it came, with one write, its acts with their permits", () => {
  const { outbound, written } = keeping();
  const bytes = Buffer.concat([frames.bind("", "s"), frames.execute(""), frames.sync]);
  const outgoing = new Outgoing();
  outgoing.begin(bytes, 0);
  const start = frames.bind("", "s").length;
  outgoing.act(permitOf(1), start, start + frames.execute("").length);
  outgoing.finish(bytes.length);
  expect(outgoing).toMatchObject({ acts: 1 });
  expect(outgoing.list).toHaveLength(3);
  outbound.send(outgoing.list);
  expect(written).toEqual([bytes]);
  expect(() => outbound.send(outgoing.list)).toThrow("once");
  expect(written).toHaveLength(1);
});

test("what is replaced and what is left out does not leave; the rest keeps its order", () => {
  const { outbound, written } = keeping();
  const [first, second] = [frames.query("select 1"), frames.query("drop table orders")];
  const bytes = Buffer.concat([first, second, frames.sync, frames.flush]);
  const outgoing = new Outgoing();
  outgoing.begin(bytes, 0);
  outgoing.act(permitOf(1), 0, first.length);
  outgoing.instead(first.length, first.length + second.length, Control.failingQuery);
  outgoing.instead(bytes.length - 5, bytes.length);
  outgoing.finish(bytes.length);
  outbound.send(outgoing.list);
  expect(written).toEqual([Buffer.concat([first, Control.failingQuery.bytes, frames.sync])]);
});

test("an act that nobody has a permit for does not leave, whatever forgot to judge it", () => {
  for (const act of [frames.query("drop table orders"), frames.parse("", "x"), frames.execute("")]) {
    const outgoing = new Outgoing();
    const bytes = Buffer.concat([frames.sync, act, frames.sync]);
    outgoing.begin(bytes, 0);
    expect(() => outgoing.finish(bytes.length)).toThrow("without a permit");
    expect(outgoing.list).toEqual([]);
  }
});

test("bytes alone are nothing that the way upstream takes", () => {
  const { outbound, written } = keeping();
  const bytes = frames.query("drop table orders");
  // @ts-expect-error neither an act with its permit nor a Control
  expect(() => outbound.send([{ bytes, start: 0, end: bytes.length }])).toThrow("without a permit");
  // @ts-expect-error the same with a permit that is none
  expect(() => outbound.send([{ permit: undefined, bytes, start: 0, end: bytes.length }])).toThrow("permit");
  // @ts-expect-error nor does it take bytes as its last words
  expect(() => outbound.end(bytes)).toThrow("last words");
  expect(written).toEqual([]);
});

test("whoever handles a client's messages has no socket to the server", () => {
  const reach = (parts: RelayParts, options: FrontendOptions): unknown[] => [
    // @ts-expect-error the server's socket comes without the way to write to it
    parts.server.write,
    // @ts-expect-error and without the one to end it with last words
    parts.server.end,
    // @ts-expect-error the functions for a client's messages are not given it at all
    options.server,
  ];
  // The compiler is the test: it would say that one of these was expected to fail and does not.
  expect(reach).toBeTypeOf("function");
});
