import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { issue, makeAuthority } from "../../main/tls/make-certificate.ts";
import { boundedFetch } from "./bounded-fetch.ts";

test("Slack's certificate is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const authority = await makeAuthority(Date.now());
  const { certificate, key } = await issue(authority, ["localhost"], Date.now());
  let calls = 0;
  const server = createServer({ cert: certificate, key }, (_, response) => {
    calls += 1;
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}/api/auth.test`;
  await expect(boundedFetch(url, {}, new AbortController().signal)).rejects.toThrow("fetch failed");
  expect(calls).toBe(0);
});
