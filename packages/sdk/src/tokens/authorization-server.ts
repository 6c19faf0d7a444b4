import type * as OpenId from "openid-client";
import { MayflyError } from "../errors.ts";
import { newDpopKey, type KeptDpopKey } from "./dpop-key.ts";
import { isDemandOfProof, unreachableServer } from "./refusals.ts";
import type { SigningKey } from "./private-key.ts";

/** A client of an authorization server; without a key a public one. */
export interface Client {
  readonly issuer: string;
  readonly clientId: string;
  readonly key?: SigningKey;
}

/** The key that tokens are to be bound to; made once an authorization server demands a proof. */
export interface Proof {
  key?: KeptDpopKey | undefined;
}

/** A client at its authorization server. */
export interface AtServer {
  readonly config: OpenId.Configuration;
  /**
   * Makes a request to the token endpoint, with a proof where there is a key. When the server demands one and there is
   * none yet, a key is made and the request made again: new apps of Okta's have DPoP on.
   */
  readonly prove: <T>(run: (options: OpenId.DPoPOptions) => Promise<T>) => Promise<T>;
}

/** Loaded when it is needed: most programs have a token already. */
export async function openId(): Promise<typeof OpenId> {
  return import("openid-client");
}

const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"];

/** Where people, their codes, assertions and tokens are sent: the issuer's own host alone. */
const sentTo = ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"] as const;

/** Finds an authorization server's endpoints, and how the client speaks for itself there. @throws MayflyError */
export async function atServer(client: Client, proof: Proof): Promise<AtServer> {
  const lib = await openId();
  const url = urlOf(client.issuer);
  let config: OpenId.Configuration | undefined;
  const auth =
    client.key === undefined
      ? lib.None()
      : lib.PrivateKeyJwt(client.key, {
          // Okta wants its token endpoint as the audience.
          [lib.modifyAssertion]: (_header, payload) => {
            const endpoint = config?.serverMetadata().token_endpoint;
            if (endpoint !== undefined) payload["aud"] = endpoint;
          },
        });
  const isLoopback = url.protocol === "http:" && loopbackHosts.includes(url.hostname);
  const found = await lib
    .discovery(
      url,
      client.clientId,
      undefined,
      auth,
      isLoopback ? { execute: [lib.allowInsecureRequests] } : {},
    )
    .catch((thrown: unknown) => {
      throw unreachableServer(client.issuer, thrown);
    });
  const astray = sentTo.find((name) => {
    const endpoint = found.serverMetadata()[name];
    return endpoint !== undefined && URL.parse(endpoint)?.origin !== url.origin;
  });
  if (astray !== undefined)
    throw new MayflyError(
      "login_failed",
      `the authorization server ${client.issuer} names a ${astray} of another host`,
      {
        hint: "nothing was sent there: the endpoints of an authorization server are on its issuer's host; look at its metadata (/.well-known/openid-configuration)",
      },
    );
  config = found;
  let handle: OpenId.DPoPHandle | undefined;
  const options = (): OpenId.DPoPOptions => {
    if (proof.key === undefined) return {};
    handle ??= lib.getDPoPHandle(found, proof.key);
    return { DPoP: handle };
  };
  return {
    config: found,
    async prove(run) {
      try {
        return await run(options());
      } catch (thrown) {
        if (proof.key !== undefined || !isDemandOfProof(thrown)) throw thrown;
        proof.key = newDpopKey();
        return run(options());
      }
    },
  };
}

function urlOf(issuer: string): URL {
  if (URL.canParse(issuer)) return new URL(issuer);
  throw new MayflyError("login_failed", `the authorization server ${issuer} is no URL`, {
    hint: "give its Issuer URI: Okta's console shows it under Security > API > Authorization Servers",
  });
}
