import { atServer, type Client, openId, type Proof } from "./authorization-server.ts";
import { issuedToken, type IssuedToken } from "./issued.ts";
import { refusalOf } from "./refusals.ts";

/** What a service app asks for. */
export interface ServiceAsk {
  readonly client: Client;
  /** Empty: none is sent, and the authorization server takes its default ones. */
  readonly scope?: string;
  /** The resource that the token is to be for (RFC 8707); left out: the authorization server's own audience. */
  readonly resource?: string;
}

/** The scope that is asked for when nobody says another. */
export const USUAL_SCOPE = "mayfly";

/** Gets a service app's token: client credentials with private_key_jwt (RFC 7523). @throws MayflyError */
export async function askAsService(ask: ServiceAsk, proof: Proof): Promise<IssuedToken> {
  const { client, scope = USUAL_SCOPE, resource } = ask;
  const server = await atServer(client, proof);
  const lib = await openId();
  const parameters = {
    ...(scope === "" ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  try {
    const answer = await server.prove((options) =>
      lib.clientCredentialsGrant(server.config, parameters, options),
    );
    return issuedToken(answer, proof);
  } catch (thrown) {
    const { issuer, clientId } = client;
    throw refusalOf(thrown, { stage: "client_credentials", issuer, clientId, ...parameters });
  }
}
