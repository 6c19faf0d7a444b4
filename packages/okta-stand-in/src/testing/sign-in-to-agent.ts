import { createHash, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import type { OktaStandIn } from "../index.ts";
import { askToken, postForm } from "./client.ts";

/** Signs a person in to an agent's linked app, by code with PKCE, and answers the ID token. */
export async function idTokenFor(
  standIn: OktaStandIn,
  app: { readonly clientId: string; readonly key?: JWK },
  login: string,
): Promise<string> {
  const verifier = randomUUID() + randomUUID();
  const redirect = "http://127.0.0.1:45678/callback";
  const query = new URLSearchParams({
    client_id: app.clientId,
    response_type: "code",
    scope: "openid",
    redirect_uri: redirect,
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const left = new URL(
    await standIn.signIn(`${standIn.orgIssuer}/oauth2/v1/authorize?${query.toString()}`, login),
  );
  const code = left.searchParams.get("code");
  if (code === null) throw new Error(left.searchParams.get("error") ?? "no code");
  const form = {
    grant_type: "authorization_code",
    client_id: app.clientId,
    code,
    redirect_uri: redirect,
    code_verifier: verifier,
  };
  const { clientId, key } = app;
  const { body } =
    key === undefined
      ? await postForm(standIn.orgTokenEndpoint, form)
      : await askToken(standIn.orgTokenEndpoint, { clientId, key }, form);
  if (typeof body["id_token"] !== "string") throw new Error(JSON.stringify(body));
  return body["id_token"];
}
