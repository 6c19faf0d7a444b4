import { MayflyError } from "../errors.ts";
import { atServer, type Client, openId, type Proof } from "./authorization-server.ts";
import { issuedToken, type IssuedToken } from "./issued.ts";
import { checkIdToken } from "./person.ts";
import { readJwt, refuseOrgToken } from "./reading.ts";
import { isUsedAssertion, refusalOf } from "./refusals.ts";
import { USUAL_SCOPE } from "./service.ts";

/** For whom an agent acts: what it shows of them. */
export type Subject =
  /** A person: the ID token of their sign-in to the agent's linked app. */
  | { readonly kind: "id_token"; readonly token: string }
  /** A service app, or another agent: the access token with which they call this agent. */
  | { readonly kind: "access_token"; readonly token: string };

/** What a registered agent asks for. */
export interface AgentAsk {
  /** The org's URL: its own authorization server makes the ID-JAG. */
  readonly org: string;
  /** The agent at the custom authorization server whose access token the gateway takes. */
  readonly client: Client;
  readonly scope?: string;
  /** The gateway's resource URL, byte for byte as the agent's resource connection has it. */
  readonly resource?: string;
}

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ID_JAG = "urn:ietf:params:oauth:token-type:id-jag";

/**
 * Gets an agent's access token by both exchanges of cross app access: the org makes an ID-JAG of what the agent shows of
 * its subject (RFC 8693), the custom authorization server an access token of the ID-JAG (RFC 7523, section 2.1).
 * @throws MayflyError
 */
export async function askAsAgent(ask: AgentAsk, subject: Subject, proof: Proof): Promise<IssuedToken> {
  if (subject.kind === "id_token") checkIdToken(subject.token);
  else refuseOrgToken(subject.token, "the caller's access token");
  refuseElsewhere(subject, ask.org);
  try {
    return await redeem(ask, await exchange(ask, subject, proof), proof);
  } catch (thrown) {
    // A first try that was refused for its proof alone may have used the ID-JAG up.
    if (!isUsedAssertion(thrown)) throw refused(thrown, ask, "redeem");
  }
  try {
    return await redeem(ask, await exchange(ask, subject, proof), proof);
  } catch (thrown) {
    throw refused(thrown, ask, "redeem");
  }
}

/**
 * What stands for a person or a caller goes to the host that issued it and to no other: the issuer, and with it the org,
 * may be one that a gateway named. @throws MayflyError token_elsewhere
 */
export function refuseElsewhere({ kind, token }: Subject, org: string): void {
  const issuer = readJwt(token)?.claims["iss"];
  if (typeof issuer !== "string" || URL.parse(issuer)?.origin === URL.parse(org)?.origin) return;
  const whose = kind === "id_token" ? "the person's ID token" : "the caller's access token";
  throw new MayflyError("token_elsewhere", `${whose} is not of the org ${org}, and is not sent there`, {
    status: 401,
    hint: "the org is the host that issued it (its claim iss): name it with --org, and the agent's authorization server with --issuer",
  });
}

/** The first exchange, at the org. */
async function exchange(ask: AgentAsk, subject: Subject, proof: Proof): Promise<string> {
  const { org, client, scope = USUAL_SCOPE, resource } = ask;
  const server = await atServer({ ...client, issuer: org }, proof);
  const lib = await openId();
  const parameters = {
    requested_token_type: ID_JAG,
    subject_token: subject.token,
    subject_token_type: `urn:ietf:params:oauth:token-type:${subject.kind}`,
    audience: client.issuer,
    ...(scope === "" ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  try {
    const answer = await server.prove((options) =>
      lib.genericGrantRequest(server.config, TOKEN_EXCHANGE, parameters, options),
    );
    const { issued_token_type: type } = answer;
    if (type !== undefined && type !== ID_JAG)
      throw new MayflyError("login_failed", `${org} gave another token than an ID-JAG`, {
        status: 401,
        hint: "--org is the org's URL itself, for example https://example.okta.com",
      });
    return answer.access_token;
  } catch (thrown) {
    throw refused(thrown, ask, "exchange", subject.kind);
  }
}

/** The second exchange, at the custom authorization server. */
async function redeem({ client }: AgentAsk, idJag: string, proof: Proof): Promise<IssuedToken> {
  const server = await atServer(client, proof);
  const lib = await openId();
  const answer = await server.prove((options) =>
    lib.genericGrantRequest(server.config, JWT_BEARER, { assertion: idJag }, options),
  );
  return issuedToken(answer, proof);
}

function refused(
  thrown: unknown,
  { org, client, scope = USUAL_SCOPE, resource }: AgentAsk,
  stage: "exchange" | "redeem",
  subject?: Subject["kind"],
): MayflyError {
  return refusalOf(thrown, {
    stage,
    issuer: stage === "exchange" ? org : client.issuer,
    clientId: client.clientId,
    scope,
    ...(resource === undefined ? {} : { resource }),
    ...(subject === undefined ? {} : { subject }),
  });
}
