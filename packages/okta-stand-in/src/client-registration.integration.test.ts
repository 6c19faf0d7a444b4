// tier: full
import { createHash, randomBytes } from "node:crypto";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOktaStandIn, type OktaStandIn } from "./index.ts";

let okta: OktaStandIn;
beforeAll(async () => {
  okta = await startOktaStandIn({
    people: [{ login: "rosa@example.com", name: "Rosa", groups: [] }],
    publicClients: [{ clientId: "0oamcp" }],
  });
});
afterAll(() => okta.close());

test("registration is advertised, and wants an administrator", async () => {
  const metadata = (await (await fetch(`${okta.issuer}/.well-known/openid-configuration`)).json()) as Record<
    string,
    string
  >;
  expect(metadata["registration_endpoint"]).toBe(`${okta.orgIssuer}/oauth2/v1/clients`);
  const answer = await fetch(metadata["registration_endpoint"] ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ redirect_uris: ["http://127.0.0.1:1/callback"] }),
  });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ errorCode: "E0000011" });
});

test("a public client gets a person's token with PKCE; the resource that it names changes nothing", async () => {
  const verifier = randomBytes(32).toString("base64url");
  const redirect = "http://127.0.0.1:33418/callback";
  const resource = "https://mayfly.example.com";
  const url = new URL(`${okta.issuer}/v1/authorize`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: "0oamcp",
    redirect_uri: redirect,
    scope: "mayfly",
    resource,
    code_challenge_method: "S256",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  }).toString();
  const code = new URL(await okta.signIn(url.href, "rosa@example.com")).searchParams.get("code") ?? "";
  const answer = await fetch(okta.tokenEndpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: "0oamcp",
      code,
      redirect_uri: redirect,
      code_verifier: verifier,
      resource,
    }),
  });
  const { access_token: token = "" } = (await answer.json()) as { access_token?: string };
  expect(decodeJwt(token)).toMatchObject({ cid: "0oamcp", sub: "rosa@example.com", aud: "api://mayfly" });
});
