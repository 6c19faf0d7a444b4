// tier: full
import { afterEach, describe, expect, test } from "vitest";
import type { Signal } from "../signals/signal.ts";
import { startOrg, until } from "../okta-api/testing/org.ts";
import type { TestOrg } from "../okta-api/testing/org.ts";
import type { CursorStore } from "./cursor.ts";
import { logReader } from "./reader.ts";
import type { LogReader } from "./reader.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const issuers = ["https://example.okta.com/oauth2/aus1"];

interface Gateway {
  readonly reader: LogReader;
  readonly received: Signal[];
  readonly proven: unknown[];
  readonly failed: string[];
  /** What the sink throws. */
  refuse: boolean;
}

interface Scene extends TestOrg {
  readonly kept: Map<string, string>;
  gateway(name?: string): Gateway;
  /** Moves on by one look and waits until a gateway has read the log to its end. */
  look(gateway: Gateway, ms?: number): Promise<void>;
}

async function scene(more: Parameters<typeof startOrg>[0] = {}): Promise<Scene> {
  const org = await startOrg(more);
  open.push(() => org.okta.close());
  const kept = new Map<string, string>();
  const cursors: CursorStore = {
    read: async (name) => kept.get(name),
    keep: async (name, value) => void kept.set(name, value),
  };
  return {
    ...org,
    kept,
    gateway(name = "one") {
      const gateway: Gateway = {
        received: [],
        proven: [],
        failed: [],
        refuse: false,
        reader: logReader({
          okta: org.client(),
          every: 10_000,
          issuers,
          sink: {
            async receive(signals) {
              if (gateway.refuse) throw new Error("not kept");
              gateway.received.push(...signals);
              return [];
            },
          },
          proofs: { seen: (who) => gateway.proven.push(who) },
          cursors,
          name,
          clock: org.clock,
          failed: (problem) => gateway.failed.push(problem),
        }),
      };
      gateway.reader.start();
      open.push(() => gateway.reader.stop());
      return gateway;
    },
    async look({ proven }, ms = 10_000) {
      const before = proven.length;
      org.clock.advance(ms);
      await until(() => proven.length > before);
    },
  };
}

const seen = ({ received }: Gateway): string[] =>
  received.map(
    ({ event, subject }) =>
      `${event} ${"client" in subject ? subject.client : "uid" in subject ? subject.uid : ""}`,
  );

describe("what is read", () => {
  test("what ends somebody, in order, once, and nothing that means nothing here", async () => {
    const { okta, gateway, look } = await scene();
    const one = gateway();
    await look(one, 0);
    expect(one.received).toEqual([]);
    okta.deactivate("0oaBot");
    okta.lifecycle.emit("app.oauth2.as.token.grant", [{ id: "0oaBot", type: "AppInstance" }]);
    okta.deactivate("rosa@example.com");
    await look(one);
    await look(one);
    expect(seen(one)).toEqual([
      "application.lifecycle.deactivate 0oaBot",
      "app.oauth2.client.lifecycle.deactivate 0oaBot",
      "user.lifecycle.deactivate 00uRosa",
    ]);
    expect(
      one.received.every((signal) => signal.channel === "system_log" && signal.issuers === issuers),
    ).toBe(true);
    expect(one.failed).toEqual([]);
  });

  test("what happened a little before the first look too", async () => {
    const { okta, gateway, look, clock } = await scene();
    const ago = (ms: number) => ({ at: clock.wall() - ms });
    okta.lifecycle.emit("user.lifecycle.suspend", [{ id: "00uLate", type: "User" }], ago(200_000));
    okta.lifecycle.emit("user.lifecycle.suspend", [{ id: "00uOld", type: "User" }], ago(400_000));
    const one = gateway();
    await look(one, 0);
    expect(seen(one)).toEqual(["user.lifecycle.suspend 00uLate"]);
  });

  test.each([199, 200, 201, 450])("%i events, over all their pages", async (events) => {
    const { okta, gateway, look } = await scene();
    const one = gateway();
    await look(one, 0);
    for (let at = 0; at < events; at++)
      okta.lifecycle.emit("user.lifecycle.suspend", [{ id: `00u${at}`, type: "User" }]);
    await look(one);
    expect(seen(one)).toEqual(Array.from({ length: events }, (_, at) => `user.lifecycle.suspend 00u${at}`));
  });

  test("an event that cannot be read is passed over, and told", async () => {
    const { okta, gateway, look } = await scene();
    const one = gateway();
    await look(one, 0);
    okta.lifecycle.emit("user.lifecycle.suspend", [{ id: "00uA", type: "User" }], { members: { uuid: 7 } });
    okta.lifecycle.emit("user.lifecycle.suspend", [{ id: "00uB", type: "User" }]);
    await look(one);
    expect(seen(one)).toEqual(["user.lifecycle.suspend 00uB"]);
    expect(one.failed).toEqual([expect.stringContaining("1 events")]);
  });
});

describe("where it goes on", () => {
  test("after a restart where it stopped: nothing lost, nothing doubled", async () => {
    const { okta, gateway, look } = await scene();
    const before = gateway();
    await look(before, 0);
    okta.lifecycle.suspend("otto@example.com");
    await look(before);
    before.reader.stop();
    okta.lifecycle.suspend("rosa@example.com");
    const after = gateway();
    await look(after, 0);
    expect([seen(before), seen(after)]).toEqual([
      ["user.lifecycle.suspend 00uOtto"],
      ["user.lifecycle.suspend 00uRosa"],
    ]);
  });

  test("at what the sink did not keep", async () => {
    const { okta, gateway, look, clock } = await scene();
    const one = gateway();
    await look(one, 0);
    okta.lifecycle.suspend("rosa@example.com");
    one.refuse = true;
    clock.advance(10_000);
    await until(() => one.failed.length === 1);
    one.refuse = false;
    await look(one);
    expect(seen(one)).toEqual(["user.lifecycle.suspend 00uRosa"]);
  });

  test.each([
    ["garbage", "not what was written"],
    [
      "of another question",
      JSON.stringify({ filter: "other", next: "/api/v1/logs?after=0", since: Date.now() }),
    ],
    ["from the future", JSON.stringify({ filter: "other", since: Date.now() + 86_400_000 })],
  ])("a cursor that is %s: anew, a little before", async (_, cursor) => {
    const { okta, gateway, look, kept } = await scene();
    kept.set("one", cursor);
    okta.lifecycle.suspend("rosa@example.com");
    const one = gateway();
    await look(one, 0);
    expect(seen(one)).toEqual(["user.lifecycle.suspend 00uRosa"]);
  });

  test("gateways of one store read each for itself", async () => {
    const { okta, gateway, look } = await scene();
    const [one, two] = [gateway("one"), gateway("two")];
    await look(one, 0);
    await until(() => two.proven.length === 1);
    okta.lifecycle.suspend("rosa@example.com");
    await look(one);
    await until(() => two.received.length === 1);
    expect([seen(one), seen(two)]).toEqual([
      ["user.lifecycle.suspend 00uRosa"],
      ["user.lifecycle.suspend 00uRosa"],
    ]);
  });
});

describe("trouble", () => {
  test.each(["server_error", "garbage", "truncated", "reset", "rate_limited"] as const)(
    "%s: it is told, tried again less and less often, and goes on at the cursor",
    async (fault) => {
      const { okta, gateway, look, clock, calls } = await scene();
      const one = gateway();
      await look(one, 0);
      okta.api.fail(fault);
      okta.lifecycle.suspend("rosa@example.com");
      const before = calls.length;
      for (let failures = 1; failures <= 3; failures++) {
        clock.advance(10_000 * 2 ** (failures - 1) - 1);
        expect(one.failed).toHaveLength(failures - 1);
        clock.advance(fault === "rate_limited" ? 120_000 : 1);
        await until(() => one.failed.length === failures);
        if (fault === "rate_limited") break;
      }
      expect(calls.length - before).toBeLessThanOrEqual(3);
      expect(one.proven).toHaveLength(1);
      expect(one.reader.lag).toBeGreaterThan(0);
      okta.api.fail(undefined);
      await look(one, 120_000);
      expect(seen(one)).toEqual(["user.lifecycle.suspend 00uRosa"]);
      expect(one.reader.lag).toBe(0);
    },
  );

  test("a log that it may not read: it is told what to grant", async () => {
    const { gateway, clock } = await scene({
      agents: [],
      apiToken: "somebody-else",
    });
    const one = gateway();
    clock.advance(0);
    await until(() => one.failed.length === 1);
    expect(one.failed[0]).toContain("invalid_client");
  });
});
