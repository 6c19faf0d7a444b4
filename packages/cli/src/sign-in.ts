import { MayflyError } from "@mayfly/sdk";
import { atServer, type Client, openId, type Proof, refusalOf } from "@mayfly/sdk/tokens";
import type * as OpenId from "openid-client";
import { openLoopback } from "./loopback.ts";
import { openBrowser } from "./open-browser.ts";
import { note } from "./print.ts";

/** How long a person may take to sign in, milliseconds. */
const patience = 600_000;

/** How a person signs in. */
export type SignInWay =
  /** `port`: where the browser comes back to (0: any free one); `fresh`: they prove who they are, whatever it remembers. */
  { readonly kind: "browser"; readonly port: number; readonly fresh: boolean } | { readonly kind: "device" };

/** Signs a person in. @throws MayflyError */
export async function signIn(
  client: Client,
  scope: string,
  way: SignInWay,
  proof: Proof,
): Promise<OpenId.TokenEndpointResponse> {
  try {
    return await (way.kind === "device"
      ? withDevice(client, scope, proof)
      : withBrowser(client, scope, way, proof));
  } catch (thrown) {
    if (thrown instanceof MayflyError) throw thrown;
    const { issuer, clientId } = client;
    throw refusalOf(thrown, { stage: "sign_in", issuer, clientId, scope });
  }
}

/**
 * A browser on this machine: authorization code with PKCE, the answer to a server on 127.0.0.1 that lives for it (RFC
 * 8252).
 */
async function withBrowser(
  client: Client,
  scope: string,
  { port, fresh }: { readonly port: number; readonly fresh: boolean },
  proof: Proof,
): Promise<OpenId.TokenEndpointResponse> {
  const { config, prove } = await atServer(client, proof);
  const lib = await openId();
  const loopback = await openLoopback(port);
  try {
    const verifier = lib.randomPKCECodeVerifier();
    const state = lib.randomState();
    const nonce = lib.randomNonce();
    const isOpenId = scope.split(" ").includes("openid");
    const url = lib.buildAuthorizationUrl(config, {
      redirect_uri: loopback.redirectUri,
      scope,
      state,
      code_challenge: await lib.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(isOpenId ? { nonce } : {}),
      ...(fresh ? { prompt: "login" } : {}),
    });
    note(`To sign in, open ${url.href}`);
    note("Waiting for your browser …");
    const signedIn = loopback.answer(
      state,
      async (came) =>
        prove((options) =>
          lib.authorizationCodeGrant(
            config,
            came,
            {
              expectedState: state,
              pkceCodeVerifier: verifier,
              ...(isOpenId ? { expectedNonce: nonce, idTokenExpected: true } : {}),
            },
            undefined,
            options,
          ),
        ),
      patience,
    );
    openBrowser(url.href);
    return await signedIn;
  } finally {
    loopback.close();
  }
}

/** The device flow (RFC 8628): here the code, the confirmation in any browser. */
async function withDevice(
  client: Client,
  scope: string,
  proof: Proof,
): Promise<OpenId.TokenEndpointResponse> {
  const { config, prove } = await atServer(client, proof);
  const lib = await openId();
  const device = await lib.initiateDeviceAuthorization(config, { scope });
  note(`To sign in, open ${device.verification_uri_complete ?? device.verification_uri}`);
  note(`and check that it shows the code ${device.user_code}. Waiting …`);
  const late = performance.now() + device.expires_in * 1000;
  try {
    return await prove((options) => lib.pollDeviceAuthorizationGrant(config, device, undefined, options));
  } catch (thrown) {
    if (performance.now() < late && !isExpired(thrown)) throw thrown;
    throw new MayflyError("login_failed", "nobody confirmed the code in time", {
      status: 401,
      hint: "log in again: it prints a new code",
    });
  }
}

/** Whether the server itself says that a device's code is too old (RFC 8628, section 3.5). */
function isExpired(thrown: unknown): boolean {
  return thrown instanceof Error && "error" in thrown && thrown.error === "expired_token";
}
