import type { Identity } from "../../../packages/gateway/src/identity/identity.ts";
import {
  FakeProvider,
  sharedKey,
  testKey,
} from "../../../packages/gateway/src/identity/testing/fake-provider.ts";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { identityOf } from "../../../packages/gateway/src/main/wiring/identity/identity.ts";
import type { Act } from "../case.ts";
import { certificates, startUpstream, type Speech } from "./upstream.ts";

/** A key for ES256, beside the shared one for RS256. */
export const ellipticKey = testKey("key-2", "ES256");

/** An identity as the configuration makes it, before a provider on the loopback address. */
export interface Verifying {
  readonly identity: Identity;
  readonly provider: FakeProvider;
  readonly clock: FakeClock;
}

/** The client that may ask the provider whether a token is active. */
const asker = `Basic ${Buffer.from("gateway:correct").toString("base64")}`;

/** Does something with tokens; what refuses is the outcome: `CODE | words`. */
export function verifying(act: (at: Verifying) => Promise<string>, speech: Speech = "http"): Act {
  return async (load) => {
    let provider: FakeProvider | undefined;
    const server = await startUpstream(async (request, response, body) => {
      if (provider === undefined || provider.down) {
        request.socket.destroy();
        return;
      }
      if (request.url?.endsWith("/introspect") === true && request.headers.authorization !== asker) {
        response.writeHead(401).end();
        return;
      }
      const origin = provider.issuer.slice(0, -"/oauth2/aus1".length);
      const answer = await provider.fetch(`${origin}${request.url ?? ""}`, {
        method: request.method === "POST" ? "POST" : "GET",
        headers: {},
        body,
        signal: AbortSignal.timeout(10_000),
        redirect: "manual",
      });
      const cache = answer.headers.get("cache-control");
      response.writeHead(answer.status, {
        "content-type": "application/json",
        ...(cache === null ? {} : { "cache-control": cache }),
      });
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    }, speech);
    const origin = `${speech === "tls" ? "https" : "http"}://127.0.0.1:${server.port}`;
    provider = new FakeProvider(`${origin}/oauth2/aus1`, [sharedKey, ellipticKey]);
    const clock = fakeClock();
    try {
      const { files } = await certificates();
      const { configuration } = await load({ port: String(server.port) }, files);
      const identity = identityOf(configuration, clock, { info: () => undefined } as never);
      try {
        return await act({ identity, provider, clock });
      } catch (error) {
        if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
        throw error;
      } finally {
        identity.close();
      }
    } finally {
      await server.close();
    }
  };
}

/** Verifies one token of a service app, whose claims differ as said. */
export const verify = (
  claims: Readonly<Record<string, unknown>> = {},
  say: (principal: Awaited<ReturnType<Identity["verify"]>>["principal"]) => string = () => "passed",
  speech: Speech = "http",
): Act =>
  verifying(async ({ identity, provider, clock }) => {
    const { principal } = await identity.verify(provider.token(clock.wall(), claims));
    return say(principal);
  }, speech);
