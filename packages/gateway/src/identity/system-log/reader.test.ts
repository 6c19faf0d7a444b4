import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { OktaApiFailure } from "../okta-api/failure.ts";
import type { Signal } from "../signals/signal.ts";
import { logReader } from "./reader.ts";

const org = "https://example.okta.com";
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

// Events are as long as those who cause them like, to a degree; whatever stands behind a long page has to be heard.
test("a page that is too long to read is asked for with fewer events, and the reader goes on", async () => {
  const clock = fakeClock();
  const limits: string[] = [];
  const received: Signal[] = [];
  const deactivated = {
    uuid: "e-1",
    eventType: "user.lifecycle.deactivate",
    published: new Date(clock.wall()).toISOString(),
    target: [{ id: "00uROSA", type: "User" }],
  };
  const reader = logReader({
    okta: {
      async page({ path }) {
        const url = new URL(path, org);
        const size = Number(url.searchParams.get("limit"));
        limits.push(`${url.searchParams.get("after") ?? "first"} ${size}`);
        if (url.searchParams.get("after") === "a1" && size > 3)
          throw new OktaApiFailure("away", "too long", { isTooLong: true });
        const after = { a1: "a2", a2: "a2" }[url.searchParams.get("after") ?? ""] ?? "a1";
        return {
          value:
            url.searchParams.get("after") === "a1" ? [deactivated] : after === "a1" ? [{ uuid: "x" }] : [],
          next: `${org}/api/v1/logs?limit=200&after=${after}`,
        };
      },
    },
    every: 1000,
    issuers: [],
    sink: {
      async receive(signals) {
        received.push(...signals);
        return [];
      },
    },
    cursors: { read: async () => undefined, keep: async () => {} },
    name: "one",
    clock,
  });
  reader.start();
  for (let turn = 0; turn < 20; turn++) {
    clock.advance(1000);
    await settled();
  }
  reader.stop();
  expect(limits.slice(0, 5)).toEqual(["first 200", "a1 200", "a1 25", "a1 3", "a2 200"]);
  expect(received.map(({ subject }) => subject)).toEqual([{ kind: "user", uid: "00uROSA" }]);
});
