import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { cancelsAmong } from "./cancels.ts";
import type { FromWorker } from "./messages.ts";
import { createSiblings } from "./siblings.ts";

test("of many cancel requests few are with the other workers at a time, and proofs are judged all the same", async () => {
  const clock = fakeClock();
  const sent: (FromWorker & { kind: "ask" })[] = [];
  const siblings = createSiblings({
    own: 1,
    count: 8,
    clock,
    send: (message) => void (message.kind === "ask" && sent.push(message)),
    fault: () => undefined,
  });
  const { elsewhere } = cancelsAmong(siblings);
  const cancels = Array.from({ length: 2000 }, async (_, at) => elsewhere(Buffer.from(`unknown${at}`)));
  const proof = siblings.ask(2, "proof", {});
  expect(sent.filter(({ subject }) => subject === "cancel")).toHaveLength(32 * 7);
  siblings.heard({ kind: "answered", from: 2, id: sent.at(-1)?.id ?? 0, body: "taken" });
  expect(await proof).toBe("taken");
  clock.advance(1000);
  await Promise.all(cancels);
});
