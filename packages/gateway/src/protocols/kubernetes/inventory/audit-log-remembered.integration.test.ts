// tier: full
import { expect, test } from "vitest";
import { kubernetesAudit } from "./audit-log.ts";
import { event } from "./testing/audit-events.ts";

const line = (stage: string, auditID: string): string => `${JSON.stringify(event({ stage, auditID }))}\n`;

test("no more than so many requests are remembered, and those that are forgotten are told again", async () => {
  async function* pieces(): AsyncGenerator<string> {
    for (let at = 0; at <= 100_000; at += 1) yield line("ResponseStarted", `${at}`);
    yield line("ResponseComplete", "100000");
    yield line("ResponseComplete", "0");
  }
  let acts = 0;
  for await (const { kind } of kubernetesAudit.read(pieces())) acts += kind === "act" ? 1 : 0;
  expect(acts).toBe(100_002);
}, 60_000);
