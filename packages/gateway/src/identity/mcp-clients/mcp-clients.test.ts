import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { loopbackRedirects } from "../../kernel/redirect-uris.ts";
import type { Fetch } from "../provider/transport.ts";
import { DocumentFailure } from "../provider/document.ts";
import { createMcpClients } from "./mcp-clients.ts";
import { register } from "./registration.ts";
import { serverMetadata } from "./server-metadata.ts";

const issuer = "https://example.okta.com/oauth2/aus1";
const url = "https://mayfly.test:8443";
const registration = `${url}/oauth/register`;
const client = { clientId: "0oamcp", redirectUris: loopbackRedirects, scopes: ["mayfly"] };
const place = { issuer, allowInsecureLoopback: false };

/** As Okta describes one of its custom authorization servers. */
const okta = {
  issuer,
  authorization_endpoint: `${issuer}/v1/authorize`,
  token_endpoint: `${issuer}/v1/token`,
  jwks_uri: `${issuer}/v1/keys`,
  revocation_endpoint: `${issuer}/v1/revoke`,
  introspection_endpoint: `${issuer}/v1/introspect`,
  registration_endpoint: "https://example.okta.com/oauth2/v1/clients",
  response_types_supported: ["code", "token", "id_token"],
  grant_types_supported: ["authorization_code", "implicit", "refresh_token", "password"],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
  scopes_supported: ["openid", "mayfly"],
  dpop_signing_alg_values_supported: ["RS256", "ES256"],
};
const ours = { issuer: url, registration, scopes: ["mayfly"] };

describe("the authorization server's document", () => {
  it("leads to the provider's endpoints, and here for registration", () => {
    expect(serverMetadata(okta, place, ours)).toEqual({
      issuer: url,
      authorization_endpoint: `${issuer}/v1/authorize`,
      token_endpoint: `${issuer}/v1/token`,
      jwks_uri: `${issuer}/v1/keys`,
      revocation_endpoint: `${issuer}/v1/revoke`,
      registration_endpoint: registration,
      scopes_supported: ["mayfly"],
      response_types_supported: ["code"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      token_endpoint_auth_methods_supported: ["none"],
      revocation_endpoint_auth_methods_supported: ["none"],
      code_challenge_methods_supported: ["S256"],
      dpop_signing_alg_values_supported: ["RS256", "ES256"],
    });
  });

  it.each(["client_id_metadata_document_supported", "authorization_response_iss_parameter_supported"])(
    "says %s only where the provider does",
    (flag) => {
      expect(serverMetadata({ ...okta, [flag]: true }, place, ours)).toMatchObject({ [flag]: true });
      for (const value of [undefined, false, "true", 1])
        expect(serverMetadata({ ...okta, [flag]: value }, place, ours)).not.toHaveProperty(flag);
    },
  );

  it.each([
    ["names no token endpoint", { token_endpoint: undefined }],
    ["leads elsewhere for codes", { authorization_endpoint: "https://evil.example/authorize" }],
    ["leads elsewhere for tokens", { token_endpoint: "https://evil.example/token" }],
    ["leads elsewhere to revoke", { revocation_endpoint: "https://evil.example/revoke" }],
    ["goes over http", { token_endpoint: "http://example.okta.com/oauth2/aus1/v1/token" }],
    ["knows no PKCE", { code_challenge_methods_supported: undefined }],
    ["knows plain alone", { code_challenge_methods_supported: ["plain"] }],
  ])("is none where the provider's %s", (_, change) => {
    expect(() => serverMetadata({ ...okta, ...change }, place, ours)).toThrow(DocumentFailure);
  });
});

describe("registration", () => {
  const asked = { redirect_uris: ["http://127.0.0.1:33418/callback"] };
  const now = Date.parse("2026-03-01T12:00:00Z");

  it("gives everybody the same client, and no secret", () => {
    const told = register(
      {
        ...asked,
        client_name: "Some tool",
        grant_types: ["authorization_code", "refresh_token", "implicit"],
        token_endpoint_auth_method: "client_secret_basic",
        scope: "admin",
        jwks: { keys: [] },
      },
      client,
      now,
    );
    expect(told).toEqual({
      client_id: "0oamcp",
      client_id_issued_at: now / 1000,
      client_name: "Some tool",
      redirect_uris: asked.redirect_uris,
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      scope: "mayfly",
    });
    expect(register(asked, client, now)).toMatchObject({ client_id: "0oamcp" });
  });

  it.each([
    ["another site", { redirect_uris: ["https://evil.example/cb"] }, "invalid_redirect_uri"],
    [
      "one good and one bad",
      { redirect_uris: [...asked.redirect_uris, "https://evil.example/cb"] },
      "invalid_redirect_uri",
    ],
    ["no redirect URI", { redirect_uris: [] }, "invalid_redirect_uri"],
    ["none at all", {}, "invalid_redirect_uri"],
    ["a text for the list", { redirect_uris: asked.redirect_uris[0] }, "invalid_redirect_uri"],
    [
      "too many",
      { redirect_uris: Array.from({ length: 11 }, (_, i) => `http://127.0.0.1:${i + 1}/`) },
      "invalid_redirect_uri",
    ],
    ["no object", "redirect", "invalid_client_metadata"],
    ["nothing", undefined, "invalid_client_metadata"],
    ["only other grants", { ...asked, grant_types: ["client_credentials"] }, "invalid_client_metadata"],
    ["the implicit flow", { ...asked, response_types: ["token"] }, "invalid_client_metadata"],
    ["a name without end", { ...asked, client_name: "a".repeat(201) }, "invalid_client_metadata"],
  ])("refuses %s", (_, body, error) => {
    const told = register(body, client, now);
    expect(told).toMatchObject({ error });
    expect(told).not.toHaveProperty("client_id");
    expect(JSON.stringify(told)).not.toContain("evil");
  });
});

describe("the provider's document", () => {
  function scene(): {
    clients: ReturnType<typeof createMcpClients>;
    clock: ReturnType<typeof fakeClock>;
    asked: string[];
    answer: { status: number; body: unknown };
    problems: string[];
  } {
    const clock = fakeClock();
    const asked: string[] = [];
    const problems: string[] = [];
    const answer = { status: 200, body: okta as unknown };
    const fetch: Fetch = async (at) => {
      asked.push(at);
      await Promise.resolve();
      const bytes = Buffer.from(JSON.stringify(answer.body));
      return {
        status: answer.status,
        headers: { get: () => null },
        body: (async function* () {
          yield bytes;
        })(),
      };
    };
    const problem = (message: string): void => void problems.push(message);
    const clients = createMcpClients({ provider: place, client, registration, clock, fetch, problem });
    return { clients, clock, asked, answer, problems };
  }

  it("is fetched once for many who ask, and again after an hour", async () => {
    const { clients, clock, asked } = scene();
    await Promise.all(Array.from({ length: 50 }, () => clients.metadata(url)));
    expect(await clients.metadata(`${url}/mcp`)).toMatchObject({ issuer: `${url}/mcp` });
    expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);
    clock.advance(3_600_001);
    await clients.metadata(url);
    expect(asked.length).toBe(2);
  });

  it.each([
    ["away", { status: 503, body: {} }],
    ["another issuer's", { status: 200, body: { ...okta, issuer: "https://evil.example" } }],
    ["without PKCE", { status: 200, body: { ...okta, code_challenge_methods_supported: [] } }],
    ["no object", { status: 200, body: [] }],
  ])("is answered with 503 when it is %s, and asked for again only after some seconds", async (_, bad) => {
    const { clients, clock, asked, answer, problems } = scene();
    Object.assign(answer, bad);
    for (let i = 0; i < 20; i += 1)
      await expect(clients.metadata(url)).rejects.toMatchObject({
        status: 503,
        code: "authorization_server_away",
      });
    expect([asked.length, problems.length]).toEqual([1, 1]);
    Object.assign(answer, { status: 200, body: okta });
    clock.advance(5_001);
    expect(await clients.metadata(url)).toMatchObject({ issuer: url });
  });
});
