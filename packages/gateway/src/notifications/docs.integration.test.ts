// tier: full
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { freePort } from "@mayfly/testing/ports.ts";
import { Secret } from "../kernel/secret.ts";
import { until } from "./testing/harness.ts";
import { webhookHeaders, webhookMessage } from "./webhooks/message.ts";

const root = new URL("../../../../", import.meta.url);
const example = new URL("examples/webhook-receiver.ts", root);
let receiver: ChildProcess | undefined;
afterAll(() => void receiver?.kill());

test("the receiver of the documentation is the example, and takes what a gateway sends, once", async () => {
  const text = readFileSync(example, "utf8");
  const code = text.slice(text.indexOf("\n") + 1).trimEnd();
  expect(readFileSync(new URL("docs/notifications.md", root), "utf8")).toContain(`\`\`\`ts\n${code}\n\`\`\``);

  const secret = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
  const port = await freePort();
  receiver = spawn(process.execPath, [fileURLToPath(example)], {
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  receiver.stdout?.setEncoding("utf8").on("data", (part: string) => (printed += part));
  await until(() => printed.includes("listening"), "the receiver");
  const message = webhookMessage(
    { id: "k", name: "gateway.test" },
    {
      seq: 7,
      time: "2026-11-24T18:00:00.000Z",
      type: "request.created",
      request: "req_1",
      detail: { reason: "Prüfung <b>" },
    },
  );
  const send = async (with_: string): Promise<number> => {
    const headers = webhookHeaders(message, new Secret(with_), Date.now());
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: message.body, headers });
    return answer.status;
  };
  const other = `whsec_${Buffer.alloc(32, 4).toString("base64")}`;
  expect([await send(secret), await send(secret), await send(other)]).toEqual([204, 204, 401]);
  await until(() => printed.includes("request.created"), "the event");
  expect(printed).toBe("listening\n2026-11-24T18:00:00.000Z request.created req_1\n");
});
