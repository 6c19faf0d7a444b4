// tier: gate
import { whyNoHosts } from "@mayfly/testing/hosts.ts";
import { describe, expect, test } from "vitest";
import { expectNothingLeft, interrupted, PATIENCE_MS } from "./demo/on-a-terminal.ts";

// Terminals are made by util-linux's script, and processes are looked for in /proc.
describe.skipIf(process.platform !== "linux")("the demo, on a terminal", () => {
  test(
    "walks to its end and stays up until Ctrl-C: an agent that Okta deactivates is cut in the middle of its query",
    async () => {
      const { code, said } = await interrupted((text) => /signed events arrive at/iu.test(text));
      // What it said last is what went wrong.
      expect([code, said.slice(-2000)]).toEqual([130, expect.stringContaining("stopping …")]);
      expect(said).toMatch(/All \d+ steps did what they say/u);
      expect(said).toContain(
        whyNoHosts() === undefined
          ? "closed: no way around the gateway was found"
          : "left out here: network namespaces",
      );
      expect(said).toMatch(/as incident-bot \(agent for sana@example\.com/u);
      expect(said).toMatch(
        /identity withdrawn: the identity provider said workload_principal\.\S*deactivate/u,
      );
      await expectNothingLeft(said);
    },
    PATIENCE_MS,
  );
});
