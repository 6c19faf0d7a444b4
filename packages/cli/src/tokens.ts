import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { MayflyError } from "@mayfly/sdk";
import { importJWK, importPKCS8, type JWK } from "jose";
import type * as OpenId from "openid-client";
import { openLoopback } from "./loopback.ts";
import { openBrowser } from "./open-browser.ts";
import { note } from "./print.ts";
import type { Profile } from "./profile.ts";

/** What a login needs to know of the authorization server and the client. */
export type Client = Pick<Profile, "issuer" | "clientId" | "scope" | "key" | "keyId">;

/** What came out of a login. */
export type Tokens = Pick<Profile, "accessToken" | "expiresAt" | "refreshToken">;

/** What a person's login asks for. */
const usualScope = "openid offline_access mayfly";

/** A token is replaced this long before it expires, milliseconds. */
const ahead = 30_000;

/** Whether a profile's token should be replaced now. */
export function isStale(profile: Tokens, now: number = Date.now()): boolean {
  return profile.expiresAt !== undefined && profile.expiresAt - ahead <= now;
}

/** Loaded when it is needed: most commands have a token already. */
async function openId(): Promise<typeof OpenId> {
  return import("openid-client");
}

async function configure(client: Client): Promise<OpenId.Configuration> {
  const { issuer, clientId } = client;
  if (issuer === undefined || clientId === undefined)
    throw notLoggedIn("there is nothing to get a new token with");
  const lib = await openId();
  const url = new URL(issuer);
  const loopback = url.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  let config: OpenId.Configuration | undefined;
  const auth =
    client.key === undefined
      ? lib.None()
      : lib.PrivateKeyJwt(await readKey(client.key, client.keyId), {
          // Okta wants its token endpoint as the audience. One of another origin than the issuer's is not named:
          // the audience then stays the issuer, so that nobody can have assertions made for another server.
          [lib.modifyAssertion]: (_header, payload) => {
            const endpoint = config?.serverMetadata().token_endpoint;
            if (endpoint !== undefined && new URL(endpoint).origin === url.origin) payload["aud"] = endpoint;
          },
        });
  try {
    config = await lib.discovery(
      url,
      clientId,
      undefined,
      auth,
      loopback ? { execute: [lib.allowInsecureRequests] } : undefined,
    );
    return config;
  } catch (thrown) {
    throw loginFailed(`the authorization server ${issuer} cannot be reached or is not one`, thrown);
  }
}

/** Gets a token with the client's private key: client credentials with private_key_jwt (RFC 7523). */
export async function loginWithKey(client: Client): Promise<Tokens> {
  const config = await configure(client);
  const lib = await openId();
  try {
    const scope = client.scope ?? "mayfly";
    return tokensOf(await lib.clientCredentialsGrant(config, scope === "" ? {} : { scope }));
  } catch (thrown) {
    throw loginFailed(`${client.issuer} gave ${client.clientId} no token`, thrown);
  }
}

/** How long a person may take to sign in, milliseconds. */
const patience = 600_000;

/**
 * Signs a person in with a browser on this machine: authorization code with PKCE, the answer to a server on 127.0.0.1
 * that lives for it (RFC 8252).
 * @param options `port`: where the browser comes back to (0: any free one); `fresh`: the person has to prove who they
 * are, whatever the browser remembers
 */
export async function loginWithBrowser(
  client: Client,
  options: { readonly port: number; readonly fresh: boolean },
): Promise<Tokens> {
  const config = await configure(client);
  const lib = await openId();
  const loopback = await openLoopback(options.port);
  try {
    const verifier = lib.randomPKCECodeVerifier();
    const state = lib.randomState();
    const nonce = lib.randomNonce();
    const scope = client.scope ?? usualScope;
    const isOpenId = scope.split(" ").includes("openid");
    const url = lib.buildAuthorizationUrl(config, {
      redirect_uri: loopback.redirectUri,
      scope,
      state,
      code_challenge: await lib.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(isOpenId ? { nonce } : {}),
      ...(options.fresh ? { prompt: "login" } : {}),
    });
    note(`To sign in, open ${url.href}`);
    note("Waiting for your browser …");
    const signedIn = loopback.answer(
      state,
      async (came) =>
        tokensOf(
          await lib.authorizationCodeGrant(config, came, {
            expectedState: state,
            pkceCodeVerifier: verifier,
            ...(isOpenId ? { expectedNonce: nonce, idTokenExpected: true } : {}),
          }),
        ),
      patience,
    );
    openBrowser(url.href);
    return await signedIn;
  } catch (thrown) {
    if (thrown instanceof MayflyError) throw thrown;
    throw loginFailed("the sign-in did not succeed", thrown);
  } finally {
    loopback.close();
  }
}

/** Signs a person in by the device flow (RFC 8628): here the code, the confirmation in any browser. */
export async function loginWithDevice(client: Client): Promise<Tokens> {
  const config = await configure(client);
  const lib = await openId();
  try {
    const scope = client.scope ?? usualScope;
    const device = await lib.initiateDeviceAuthorization(config, { scope });
    note(`To sign in, open ${device.verification_uri_complete ?? device.verification_uri}`);
    note(`and check that it shows the code ${device.user_code}. Waiting …`);
    return tokensOf(await lib.pollDeviceAuthorizationGrant(config, device));
  } catch (thrown) {
    throw loginFailed("the sign-in did not succeed", thrown);
  }
}

/** Replaces an old token: by the key, or by the refresh token. */
export async function refresh(profile: Profile): Promise<Tokens> {
  if (profile.key !== undefined) return loginWithKey(profile);
  if (profile.refreshToken === undefined)
    throw notLoggedIn("the access token is over, or too old, and this login has no way to get a fresh one");
  const config = await configure(profile);
  const lib = await openId();
  try {
    const tokens = tokensOf(await lib.refreshTokenGrant(config, profile.refreshToken));
    return { ...tokens, refreshToken: tokens.refreshToken ?? profile.refreshToken };
  } catch (thrown) {
    throw loginFailed("the access token has expired and cannot be refreshed", thrown);
  }
}

function tokensOf(answer: OpenId.TokenEndpointResponse): Tokens {
  return {
    accessToken: answer.access_token,
    ...(answer.expires_in === undefined ? {} : { expiresAt: Date.now() + answer.expires_in * 1000 }),
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
  };
}

/** Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK with its kid. */
async function readKey(path: string, keyId: string | undefined): Promise<OpenId.PrivateKey> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new MayflyError("key_unreadable", `the key ${path} cannot be read`, { cause, hint: "check --key" });
  }
  try {
    if (text.trimStart().startsWith("{")) {
      const jwk = JSON.parse(text) as JWK;
      const key = await importJWK(jwk, jwk.alg ?? (jwk.kty === "EC" ? "ES256" : "RS256"));
      const kid = keyId ?? jwk.kid;
      if (key instanceof Uint8Array) throw new TypeError("it is a symmetric key");
      return { key, ...(kid === undefined ? {} : { kid }) };
    }
    const object: KeyObject = createPrivateKey(text);
    const pem = object.export({ type: "pkcs8", format: "pem" }).toString();
    const key = await importPKCS8(pem, object.asymmetricKeyType === "ec" ? "ES256" : "RS256");
    return { key, ...(keyId === undefined ? {} : { kid: keyId }) };
  } catch {
    // The cause may quote the key.
    throw new MayflyError("key_unreadable", `${path} is not a private key that can be used`, {
      hint: "give an RSA or P-256 key, as PEM without a passphrase or as a JWK",
    });
  }
}

function loginFailed(message: string, thrown: unknown): MayflyError {
  const detail =
    thrown instanceof Error && "error_description" in thrown && typeof thrown.error_description === "string"
      ? thrown.error_description
      : thrown instanceof Error
        ? thrown.message
        : "";
  return new MayflyError("login_failed", detail === "" ? message : `${message}: ${detail}`, {
    cause: thrown,
    status: 401,
    hint: "check --issuer, --client-id, --key and --scope with whoever set the client up",
  });
}

/** Nobody is logged in, or not any more. */
export function notLoggedIn(why: string): MayflyError {
  return new MayflyError("not_logged_in", why, {
    hint: "mayfly login --help says how to log in; or set MAYFLY_TOKEN",
  });
}
