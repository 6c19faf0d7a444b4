// tier: full
import { whyNoHosts } from "@mayfly/testing/hosts.ts";
import { describe, expect, test } from "vitest";
import { expectNothingLeft, hasFolder, hasIn, interrupted, PATIENCE_MS } from "./demo/on-a-terminal.ts";

// Terminals are made by util-linux's script, and processes are looked for in /proc.
describe.skipIf(process.platform !== "linux")("the demo, broken off", () => {
  test.each<readonly [string, (said: string) => boolean]>([
    ["PostgreSQL is made", () => hasFolder("mayfly-postgres-")],
    [
      "the cluster starts, or its configuration is written",
      () => hasFolder("mayfly-pods-") || hasIn("mayfly-demo-", "mayfly.yaml"),
    ],
    ["mayflyd starts", () => hasIn("mayfly-demo-", "data")],
    ["the agent works in its shell", (said) => said.includes("(run) $")],
    ["a query runs that will be cut", (said) => said.includes("64 million rows")],
    ...(whyNoHosts() === undefined
      ? [["a probe runs on another host", (said: string) => said.includes("agent $ mayfly probe")] as const]
      : []),
  ])(
    "leaves nothing behind on Ctrl-C when %s",
    async (_, when) => {
      const { code, said } = await interrupted(when);
      expect([code, said.slice(-2000)]).toEqual([130, expect.stringContaining("stopping …")]);
      await expectNothingLeft(said);
    },
    PATIENCE_MS,
  );
});
