import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { localCertificates } from "../../main/tls/local-ca.ts";
import { documentFetcher } from "./document.ts";
import { providerFetch } from "./transport.ts";

test.each([undefined, "0"])(
  "a provider's certificate is trusted by the configured CA alone (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
  async (variable) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
    const folder = await mkdtemp(path.join(tmpdir(), "mayfly-transport-"));
    const { certificate, key, ca } = await localCertificates(
      path.join(folder, "a"),
      ["127.0.0.1"],
      Date.now(),
    );
    const stranger = await localCertificates(path.join(folder, "b"), ["127.0.0.1"], Date.now());
    const server = createServer({ cert: certificate, key }, (_, response) => response.end('{"a":1}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const fetchWith = (authority: string | undefined, host = "127.0.0.1") =>
      documentFetcher(providerFetch(authority), fakeClock())({ url: `https://${host}:${port}/` });
    try {
      expect(await fetchWith(ca)).toMatchObject({ value: { a: 1 } });
      await expect(fetchWith(undefined)).rejects.toThrow(/CERT|SIGNATURE/);
      await expect(fetchWith(stranger.ca)).rejects.toThrow(/CERT|SIGNATURE/);
      await expect(fetchWith(ca, "localhost")).rejects.toThrow("ERR_TLS_CERT_ALTNAME_INVALID");
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    }
  },
);
