import { expect, test } from "vitest";
import type { Identity, Withdrawn } from "../../../identity/identity.ts";
import type { Principal } from "../../../identity/principal.ts";
import { swappableIdentity } from "./swappable-identity.ts";

function fake(): Identity & { watches: Map<string, Withdrawn>; closed: boolean } {
  const watches = new Map<string, Withdrawn>();
  const identity = {
    watches,
    closed: false,
    verify: () => Promise.reject(new Error("unused")),
    watch(principal: Principal, withdrawn: Withdrawn) {
      watches.set(principal.subject, withdrawn);
      return () => void watches.delete(principal.subject);
    },
    lend: (token: string) => ({ bearer: token, end: () => undefined }),
    unknown: () => undefined,
    prove: () => Promise.resolve(undefined),
    warm: () => Promise.resolve(),
    unavailable: undefined,
    close() {
      identity.closed = true;
    },
  };
  return identity;
}

const bot = { subject: "bot" } as Principal;

test("a live session stays watched across a reload, and an ended one does not", () => {
  const [before, after] = [fake(), fake()];
  const identity = swappableIdentity(before);
  const reasons: string[] = [];
  const end = identity.watch(bot, (reason) => reasons.push(reason));
  identity.watch({ subject: "gone" } as Principal, () => expect.unreachable())();
  identity.swap(after);
  expect(before.closed).toBe(true);
  expect([...before.watches.keys()]).toEqual([]);
  expect([...after.watches.keys()]).toEqual(["bot"]);
  after.watches.get("bot")?.("withdrawn", "withdrawn");
  expect(reasons).toEqual(["withdrawn"]);
  end();
  expect(after.watches.size).toBe(0);
});
