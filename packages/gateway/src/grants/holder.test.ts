import { afterEach, expect, it } from "vitest";
import { read } from "./testing/asks.ts";
import { harness, minute, settle, type Harness } from "./testing/harness.ts";
import { agent, operator } from "./testing/samples.ts";
import type { Requester } from "./types.ts";

/** Whoever watches holders, as the identity does: by principal. */
function watcher() {
  const watched = new Map<(reason: string) => void, Requester>();
  return {
    watchHolder: (holder: Requester, withdrawn: (reason: string) => void): (() => void) => {
      watched.set(withdrawn, holder);
      return () => void watched.delete(withdrawn);
    },
    withdraw: (subject: string): void => {
      for (const [withdrawn, holder] of Array.from(watched))
        if (holder.subject === subject) withdrawn("deactivated");
    },
    get count(): number {
      return watched.size;
    },
  };
}

let h: Harness | undefined;
afterEach(async () => h?.close());

it("is watched from a grant's first moment to its last, whether it is used or not", async () => {
  const identity = watcher();
  h = await harness({ poll: false, watchHolder: identity.watchHolder });
  const { grants } = h;
  const one = (await grants.request(agent, read)).grant ?? "";
  const two = (await grants.request(agent, read)).grant ?? "";
  const other =
    (await grants.request({ ...agent, subject: "0oaother", client: "0oaother" }, read)).grant ?? "";
  expect(identity.count).toBe(3);
  await grants.release(agent, two);
  expect(identity.count).toBe(2);
  identity.withdraw(agent.subject);
  expect(grants.live(one)).toBeUndefined();
  expect(grants.live(other)).toBeDefined();
  await settle();
  expect(await grants.grant(operator, one)).toMatchObject({
    state: "revoked",
    endedBy: "identity",
    endReason: "identity withdrawn: deactivated",
  });
  h.clock.advance(5 * minute);
  expect(identity.count).toBe(0);
});

it("is watched again after a restart", async () => {
  const identity = watcher();
  h = await harness({ poll: false, watchHolder: identity.watchHolder });
  const grant = (await h.grants.request(agent, read)).grant ?? "";
  h.crash();
  const again = watcher();
  const next = await h.another({ watchHolder: again.watchHolder });
  expect(again.count).toBe(1);
  again.withdraw(agent.subject);
  expect(next.live(grant)).toBeUndefined();
});
