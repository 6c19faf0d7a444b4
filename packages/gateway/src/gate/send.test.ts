import { expect, test } from "vitest";
import { mintPermit, type Permit } from "./permit.ts";
import { createSend, createTurnSend, type TurnList } from "./send.ts";

test("an act leaves with its permit, and once", () => {
  const written: string[] = [];
  const send = createSend((bytes: string) => written.push(bytes));
  const permit = mintPermit(1, "db/read", undefined);
  send(permit, "select 1");
  expect(() => send(permit, "select 1")).toThrow("once");
  expect(written).toEqual(["select 1"]);
});

test("without a permit there is nothing to call it with", () => {
  const written: string[] = [];
  const send = createSend((bytes: string) => written.push(bytes));
  // @ts-expect-error a permit is no plain object
  expect(() => send({ intent: 1, operation: "db/read", cover: undefined }, "drop table orders")).toThrow(
    "spend",
  );
  // @ts-expect-error nor is it left out
  expect(() => send(undefined, "drop table orders")).toThrow("undefined");
  expect(written).toEqual([]);
});

/** What a protocol may say without a permit, as it would make it: nothing else is of this class. */
class Ping {
  readonly permit = undefined;
  readonly #made = "ping";
  static is(part: object): part is Ping {
    return #made in part;
  }
  get text(): string {
    return this.#made;
  }
}
interface Act {
  readonly permit: Permit<unknown>;
  readonly text: string;
}

function turn(): { send: (list: TurnList<Act, Ping>) => void; written: string[] } {
  const written: string[] = [];
  const send = createTurnSend<Act, Ping, void>(Ping.is, (list) => {
    written.push(list.map(({ text }) => text).join(" "));
  });
  return { send, written };
}

test("a turn's list leaves in one write, each act with its permit, and once", () => {
  const { send, written } = turn();
  const act = { permit: mintPermit(1, "db/read", undefined), text: "select 1" };
  send([new Ping(), act, new Ping()]);
  expect(written).toEqual(["ping select 1 ping"]);
  expect(() => send([new Ping(), act])).toThrow("once");
  expect(written).toHaveLength(1);
});

test("one act without a permit keeps the whole list back", () => {
  const { send, written } = turn();
  const act = { permit: mintPermit(1, "db/read", undefined), text: "select 1" };
  // @ts-expect-error an act has a permit
  expect(() => send([act, { permit: undefined, text: "drop table orders" }])).toThrow("without a permit");
  // @ts-expect-error bytes alone are neither
  expect(() => send([act, { text: "drop table orders" }])).toThrow("without a permit");
  // @ts-expect-error nor does a look-alike of a permit do
  expect(() => send([{ permit: { intent: 1 }, text: "drop table orders" }])).toThrow("spend is not");
  expect(written).toEqual([]);
});
