import { expect, test } from "vitest";
import { mintPermit } from "../../../../gate/permit.ts";
import type { Decision } from "../../../../gate/gate.ts";
import type { PostgresCover } from "../../act.ts";
import { frame, frames } from "../../testing/wire.ts";
import { Outgoing } from "../outgoing.ts";
import { createShared, type Shared } from "../shared.ts";
import { createTexts } from "../texts.ts";
import { ACT_UNITS, createTurns, MAX_UNITS_PER_TURN, type Share } from "../turns.ts";
import { createFrontend, type Frontend } from "./frontend.ts";

const permitted: Decision<PostgresCover> = {
  kind: "permit",
  permit: mintPermit(0, "shop/read", { operations: [], effects: [] }),
};

/** A session's half before a gate that permits everything. */
function make(share: Share, pause = 0): { readonly frontend: Frontend; readonly shared: Shared } {
  const shared = createShared();
  const frontend = createFrontend({
    shared,
    outgoing: new Outgoing(),
    texts: createTexts(),
    messageBytes: 1_048_576,
    statementBytes: 1_048_576,
    judge: () => permitted,
    ahead: () => true,
    pause: () => pause,
    share,
    largeWait: () => 0,
    largeTook: () => undefined,
    heldByPrincipal: () => 0,
  });
  return { frontend, shared };
}

/** How many of the same message are taken in one go with so many units left in the turn, and what stopped it. */
function taken(
  message: Buffer,
  left: number,
  copyIn = false,
): { readonly count: number; readonly stopped: string } {
  const share = createTurns().join("a");
  share.spend(MAX_UNITS_PER_TURN.principal - left);
  const { frontend, shared } = make(share);
  shared.copyIn = copyIn;
  const result = frontend.consume(Buffer.concat(Array.from({ length: 500 }, () => message)));
  return { count: result.taken / message.length, stopped: result.stopped };
}

test.each([
  ["Sync", frames.sync, false],
  ["Flush", frames.flush, false],
  ["Close", frames.close("P", "x"), false],
  ["Bind of nothing that there is", frames.bind("", "s"), false],
  ["CopyData outside of a COPY", frame("d", Buffer.from("1")), false],
  ["CopyData", frame("d", Buffer.from("1")), true],
  ["Sync during a COPY", frames.sync, true],
])("every message counts, one that is no act too: %s", (_, message, copyIn) => {
  const { count, stopped } = taken(message, 100, copyIn);
  expect(stopped).toBe("yielding");
  expect(count).toBeGreaterThan(50);
  expect(count).toBeLessThanOrEqual(100);
});

test("an act counts as several messages, and a long message by its bytes", () => {
  expect(taken(frames.query("select 1"), 100)).toMatchObject({ stopped: "yielding" });
  expect(taken(frames.query("select 1"), 100).count).toBeLessThanOrEqual(100 / ACT_UNITS);
  const long = frame("d", Buffer.alloc(51_200));
  expect(taken(long, 200, true)).toEqual({ count: 2, stopped: "yielding" });
});

test("one session's messages use up what another of its principal had of the turn, and nobody else's", () => {
  const turns = createTurns();
  const sessions = ["a", "a", "b"].map((who) => make(turns.join(who)));
  const many = Buffer.concat(Array.from({ length: 3000 }, () => frames.flush));
  const stopped = sessions.map(({ frontend }) => frontend.consume(many).taken / frames.flush.length);
  expect(stopped[0]).toBeGreaterThan(1000);
  expect(stopped[1]).toBe(0);
  expect(stopped[2]).toBe(stopped[0]);
});

test.each<[boolean, string, Buffer]>([
  [true, "Query", frames.query("select 1")],
  [true, "Parse", frames.parse("s", "select 1")],
  [true, "Execute", frames.execute("")],
  [false, "Sync", frames.sync],
  [false, "Close", frames.close("P", "x")],
  [false, "Terminate", frames.terminate],
])("who comes too soon waits before an act, and before nothing else (%s: %s)", (waits, _, message) => {
  const { frontend } = make(createTurns().join("a"), 5);
  const { taken: bytes, stopped } = frontend.consume(message);
  expect([bytes, stopped === "throttled"]).toEqual(waits ? [0, true] : [message.length, false]);
});
