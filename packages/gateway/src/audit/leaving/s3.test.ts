import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Destination } from "./destination.ts";
import { issue, makeAuthority } from "../../main/tls/make-certificate.ts";
import { s3Destination } from "./s3.ts";
import { checkpointOf } from "./testing/scene.ts";
import { startS3, type S3Server } from "./testing/servers.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const step of undo.splice(0).toReversed()) await step();
});

const credentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const never = new AbortController().signal;

async function server(more: Partial<S3Server["credentials"]> = {}): Promise<S3Server> {
  const started = await startS3({ ...credentials, ...more });
  undo.push(() => started.close());
  return started;
}

function destination(
  endpoint: string,
  more: { secret?: string; token?: string; ca?: string } = {},
): Destination {
  const made = s3Destination(
    {
      name: "bucket",
      kind: "s3",
      endpoint,
      region: "eu-central-1",
      bucket: "mayfly-checkpoints",
      prefix: "prod=1/",
      accessKeyId: new Secret(credentials.accessKeyId),
      secretAccessKey: new Secret(more.secret ?? credentials.secretAccessKey),
      ...(more.token === undefined ? {} : { sessionToken: new Secret(more.token) }),
      ...(more.ca === undefined ? {} : { ca: more.ca }),
    },
    fakeClock(),
  );
  undo.push(() => made.close());
  return made;
}

test("a checkpoint becomes an object, signed as another implementation of Signature Version 4 signs", async () => {
  const s3 = await server();
  const odd = checkpointOf(42, "gateway.test/log~1");
  await destination(s3.url).deliver(odd, never);
  expect([...s3.objects]).toEqual([
    ["/mayfly-checkpoints/prod%3D1/gateway.test/log~1/0000000000000042.checkpoint", odd.note],
  ]);
});

test("a session's token is part of what is signed", async () => {
  const s3 = await server({ sessionToken: "FQoGZXIvYXdzEXAMPLE" });
  await destination(s3.url, { token: "FQoGZXIvYXdzEXAMPLE" }).deliver(checkpointOf(1), never);
  expect(s3.objects.size).toBe(1);
  const without = destination(s3.url).deliver(checkpointOf(2), never);
  await expect(without).rejects.toThrow("answered 403 (SignatureDoesNotMatch)");
});

test("a wrong secret is refused, and the words hold nothing of what was sent", async () => {
  const s3 = await server();
  const refused: unknown = await destination(s3.url, { secret: "hunter2" })
    .deliver(checkpointOf(1), never)
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ message: "answered 403 (SignatureDoesNotMatch)" });
});

test.each([
  [
    "keeps nothing",
    "said that it stored the checkpoint, and does not give it back: answered 404 (NoSuchKey)",
  ],
  ["alters", "said that it stored the checkpoint, and gives back something else"],
  ["endless", "answered 200 with more than"],
] as const)("an endpoint that %s is found out by reading back", async (lie, words) => {
  const s3 = await server();
  s3.lie = lie;
  await expect(destination(s3.url).deliver(checkpointOf(7), never)).rejects.toThrow(words);
});

test.each([undefined, "0"])(
  "TLS is verified: only with the CA that is named does anything leave (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
  async (variable) => {
    if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
    const now = Date.now();
    const [authority, other] = [await makeAuthority(now), await makeAuthority(now)];
    const { certificate, key } = await issue(authority, ["localhost"], now);
    const paths: string[] = [];
    const tls = createServer({ cert: certificate, key }, (request, response) => {
      paths.push(`${request.method} ${request.url}`);
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    undo.push(() => new Promise<void>((resolve) => tls.close(() => resolve())));
    const url = `https://localhost:${(tls.address() as AddressInfo).port}`;
    for (const ca of [undefined, other.certificate])
      await expect(
        destination(url, ca === undefined ? {} : { ca }).deliver(checkpointOf(1), never),
      ).rejects.toThrow(/certificate/i);
    expect(paths).toEqual([]);
    await expect(
      destination(url, { ca: authority.certificate }).deliver(checkpointOf(1), never),
    ).rejects.toThrow("answered 500");
    expect(paths).toHaveLength(1);
  },
);
