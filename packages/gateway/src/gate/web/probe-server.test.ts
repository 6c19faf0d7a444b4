import { createServer, type AddressInfo, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { makeCertificate, type TestCertificate } from "../../protocols/postgres/testing/wire.ts";
import { addressOfUrl, probeServer } from "./probe-server.ts";

const open: Server[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of open.splice(0)) server.close();
});

async function listen(onSocket: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer({}, onSocket);
  open.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

const never = new AbortController().signal;
const now = (): number => 0;

it("says where a URL leads, without anything that could be a credential", () => {
  expect(addressOfUrl("https://user:secret@api.internal/v1/?key=secret#x")).toBe("https://api.internal");
  expect(addressOfUrl("https://api.internal:8443")).toBe("https://api.internal:8443");
  expect(addressOfUrl("http://[::1]:80/")).toBe("http://[::1]");
});

it("finds a server that accepts a connection, asks it nothing and lets it go", async () => {
  const received: string[] = [];
  const ended = Promise.withResolvers<undefined>();
  const port = await listen((socket) => {
    socket.on("data", (chunk) => received.push(String(chunk)));
    socket.on("close", () => ended.resolve(undefined));
  });
  let time = 0;
  const result = await probeServer({ url: `http://127.0.0.1:${port}/v1` }, () => (time += 5), never);
  expect(result).toEqual({ milliseconds: 5 });
  await ended.promise;
  expect(received).toEqual([]);
});

it("says that nothing listens", async () => {
  const port = await listen(() => undefined);
  const [server] = open.splice(0);
  await new Promise((resolve) => server?.close(resolve));
  await expect(probeServer({ url: `http://127.0.0.1:${port}` }, now, never)).rejects.toMatchObject({
    code: "upstream_unreachable",
    message: `http://127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
  });
});

it("takes no server for one of HTTPS that speaks no TLS", async () => {
  const port = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await expect(probeServer({ url: `https://127.0.0.1:${port}` }, now, never)).rejects.toMatchObject({
    code: "upstream_unreachable",
  });
});

it("gives up when it is told to, before and meanwhile", async () => {
  const port = await listen(() => undefined);
  const url = `https://127.0.0.1:${port}`;
  const message = `${url}: it does not answer`;
  await expect(probeServer({ url }, now, AbortSignal.abort())).rejects.toMatchObject({ message });
  const giveUp = new AbortController();
  const waiting = probeServer({ url }, now, giveUp.signal);
  giveUp.abort();
  await expect(waiting).rejects.toMatchObject({ message });
});

describe("over TLS", () => {
  let certificate: TestCertificate;
  let other: TestCertificate;
  beforeAll(async () => {
    [certificate, other] = await Promise.all([
      makeCertificate(["localhost"]),
      makeCertificate(["localhost"]),
    ]);
  });
  afterAll(() => {
    certificate.remove();
    other.remove();
  });

  it.each([undefined, "0"])(
    "takes no server for the right one whose certificate is not (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
    async (variable) => {
      if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
      const { certificate: cert, key } = certificate;
      const server = createTlsServer({ cert, key }, (socket) => socket.on("error", () => undefined));
      open.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const url = `https://localhost:${port}`;
      const refused = (message: RegExp): object => ({
        code: "upstream_unreachable",
        message: expect.stringMatching(message) as string,
      });
      const unknown = refused(
        /: its certificate comes from a CA that is not trusted here \(\w+\): the target's `ca` must/,
      );
      await expect(probeServer({ url }, now, never)).rejects.toMatchObject(unknown);
      await expect(probeServer({ url, ca: other.authority }, now, never)).rejects.toMatchObject(unknown);
      const byAddress = { url: `https://127.0.0.1:${port}`, ca: certificate.authority };
      await expect(probeServer(byAddress, now, never)).rejects.toMatchObject(
        refused(/: its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/),
      );
      // All of it is for the certificate alone.
      expect(await probeServer({ url, ca: certificate.authority }, now, never)).toEqual({ milliseconds: 0 });
    },
  );
});
