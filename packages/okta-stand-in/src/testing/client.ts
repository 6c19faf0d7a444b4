import { createHash, randomUUID } from "node:crypto";
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from "jose";
import type { JWK } from "jose";
import { newSigningKey } from "../keys.ts";

/** A client's key pair: the private JWK, and the public one that the stand-in is given. */
export async function clientKey(): Promise<{ key: JWK; publicKey: JWK }> {
  const key = await newSigningKey("RS256");
  const { kty, n, e, kid } = key;
  return { key, publicKey: { kty, n, e, kid } as JWK };
}

/** A private_key_jwt assertion; `claims` override. */
export async function assertionFor(
  clientId: string,
  key: JWK,
  audience: string,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const all = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat,
    exp: iat + 60,
    ...claims,
  };
  return new SignJWT(all)
    .setProtectedHeader({ alg: "RS256", ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .sign(await importJWK(key, "RS256"));
}

/** An answer of a token endpoint. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { access_token: string };
}

/** Posts a form, without the members that are undefined. */
export async function postForm(
  url: string,
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const given = Object.entries(form).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(given), headers });
  const text = await response.text();
  const body = (text === "" ? {} : JSON.parse(text)) as Answer["body"];
  return { status: response.status, headers: response.headers, body };
}

/** Asks a token endpoint as a client that has a key. */
export async function askToken(
  url: string,
  client: { readonly clientId: string; readonly key: JWK },
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertionFor(client.clientId, client.key, url),
  };
  return postForm(url, { ...assertion, ...form }, headers);
}

/** A DPoP key and the proofs that it makes. */
export async function dpopKey() {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    proof: (method: string, url: string, claims: Record<string, unknown> = {}, token?: string) =>
      new SignJWT({
        htm: method,
        htu: url,
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        ...(token === undefined ? {} : { ath: createHash("sha256").update(token).digest("base64url") }),
        ...claims,
      })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
        .sign(pair.privateKey),
  };
}
