import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import type { ReadToken } from "../tokens/token.ts";
import type { TokenKind } from "./kind.ts";
import { anyOf, displayValue } from "./display-value.ts";

/** What a hint may name. */
export interface Situation {
  readonly token: ReadToken;
  readonly kind: TokenKind;
  /** The provider that the token is checked against, where there is one. */
  readonly provider: TrustedProvider | undefined;
  readonly issuers: readonly string[];
}

const place = "Security > API > Authorization Servers";
const serverOf = ({ provider }: Situation): string => `${place} > ${provider?.issuer ?? "the server"}`;
const wanted = ({ provider, issuers }: Situation): string => provider?.issuer ?? anyOf(issuers);

/** Hints for tokens that are not access tokens of a custom authorization server: no other change would help. */
export const kindHints: Readonly<Partial<Record<TokenKind, (situation: Situation) => string>>> = {
  org_access_token: (situation) =>
    `only Okta itself may read the org server's access tokens: get one from the custom authorization server, ${wanted(situation)}/v1/token (${place} > the server > Settings > Issuer), and use that issuer in the app's settings too`,
  id_token: () =>
    "send access_token of the same answer, not id_token; an ID token says to its own app who signed in, and opens nothing",
  id_jag: (situation) =>
    `an ID-JAG is half way: hand it, within 5 minutes and once, to ${wanted(situation)}/v1/token with grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer and send the access token that comes back; mayfly login --agent does both steps`,
  logout_token: () =>
    "a logout token tells that somebody signed out, and opens nothing: send the access token",
  client_assertion: (situation) =>
    `a client's assertion proves the client to the token endpoint: send it there as client_assertion (${wanted(situation)}/v1/token), and use the access token of the answer`,
  dpop_proof: () =>
    "a DPoP proof goes beside the access token, in the header DPoP: send the access token itself",
  signal: () => "a security event is sent by Okta to the gateway's signals, and is nobody's token",
  unknown: (situation) =>
    `it has neither cid nor act, as access tokens of Okta's custom authorization servers have: get one from ${wanted(situation)}/v1/token`,
};

/** One reason for refusing an access token, and where to change it in Okta. */
interface HintRow {
  readonly check: string;
  readonly when?: (situation: Situation) => boolean;
  readonly hint: (situation: Situation) => string;
}

function issuerUrl({ token }: Situation): URL | null {
  const { iss } = token.claims;
  return typeof iss === "string" ? URL.parse(iss) : null;
}
const configuredUrls = ({ issuers }: Situation): readonly URL[] =>
  issuers.flatMap((issuer) => URL.parse(issuer) ?? []);
const isAgents = ({ token }: Situation): boolean => Object.hasOwn(token.claims, "act");
const path = (url: URL): string => url.pathname.replace(/\/$/, "").toLowerCase();

/** Where to correct each failed check: the first row that fits, else the check's own hint. */
export const hintRows: readonly HintRow[] = [
  {
    check: "issuer",
    when: (situation) => {
      const url = issuerUrl(situation);
      return (
        url !== null &&
        configuredUrls(situation).some((each) => each.origin === url.origin && path(each) === path(url))
      );
    },
    hint: (situation) =>
      `iss and identity.agents.issuer must be equal to the last character, a slash at the end and capitals too: write ${displayValue(situation.token.claims["iss"])}, as ${place} > the server > Settings > Issuer shows it`,
  },
  {
    check: "issuer",
    when: (situation) => {
      const url = issuerUrl(situation);
      return (
        url !== null && path(url) !== "" && configuredUrls(situation).some((each) => path(each) === path(url))
      );
    },
    hint: () =>
      `the same server under another host: ${place} > the server > Settings > Issuer says which host stands in tokens (Okta URL, a custom domain, or Dynamic, which follows the request); choose a fixed one, and write the same in identity.agents.issuer`,
  },
  {
    check: "issuer",
    when: (situation) => {
      const url = issuerUrl(situation);
      return url !== null && configuredUrls(situation).some((each) => each.origin === url.origin);
    },
    hint: (situation) =>
      `it is of another authorization server of the same org: ask ${wanted(situation)}/v1/token in its place, or add this issuer to identity.agents`,
  },
  {
    check: "issuer",
    hint: (situation) =>
      `get the token from ${wanted(situation)}, or add its issuer to identity.agents if it is to be trusted`,
  },
  ...["algorithm", "keys in the header", "extensions", "type", "key id"].map((check) => ({
    check,
    hint: (situation: Situation) =>
      `Okta's servers make no such token (they sign with RS256, and their header has kid and alg alone): get a fresh one from ${wanted(situation)}/v1/token`,
  })),
  {
    check: "signature",
    hint: () =>
      "the token was changed on its way, cut off, or signed by another org's key: get a fresh one. If the server's keys were rotated just now (Security > API > Authorization Servers > the server > Settings > Signing Key Rotation), try again in a few seconds",
  },
  {
    check: "audience",
    when: isAgents,
    hint: ({ token, provider }) =>
      `a registered agent's token is for the resource URL of its connection: Directory > AI agents > ${displayValue(token.claims["cid"] ?? "the agent")} > Resource connections, byte for byte one of ${provider?.audiences.join(", ") ?? ""} (mayfly login --agent … --resource URL asks for it); or add ${displayValue(token.claims["aud"])} to identity.agents.audience if it is this gateway's`,
  },
  {
    check: "audience",
    hint: (situation) =>
      `${serverOf(situation)} > Settings > Audience is what stands in tokens of service apps and people: make it ${anyOf(situation.provider?.audiences ?? [])}, or add ${displayValue(situation.token.claims["aud"])} to identity.agents.audience if it is this gateway's`,
  },
  {
    check: "expiry",
    hint: (situation) =>
      `get a fresh token; how long they live: ${serverOf(situation)} > Access Policies > the rule > Access token lifetime`,
  },
  {
    check: "lifetime",
    hint: (situation) =>
      `${serverOf(situation)} > Access Policies > the rule > Access token lifetime: 5 minutes to 24 hours`,
  },
  {
    check: "binding",
    when: ({ token }) => Object.hasOwn(token.claims, "cnf"),
    hint: (situation) =>
      `${serverOf(situation)} > Claims > cnf: take it out, Okta binds tokens by itself (cnf.jkt)`,
  },
  {
    check: "binding",
    hint: () =>
      "identity.agents.dpop is require: Applications > the app > General > General Settings: tick Require Demonstrating Proof of Possession (DPoP) header in token requests, or write dpop: accept for bearer tokens as well",
  },
  {
    check: "access token",
    hint: (situation) =>
      `${serverOf(situation)} > Claims: take the claim scp or scope out, or make it a list of texts`,
  },
  {
    check: "names",
    when: ({ token: { claims } }) =>
      Object.hasOwn(claims, "client_id") && claims["client_id"] !== claims["cid"],
    hint: (situation) =>
      `${serverOf(situation)} > Claims > client_id: take it out, or make its value app.clientId; it must equal cid`,
  },
  {
    check: "names",
    hint: (situation) =>
      `${serverOf(situation)} > Claims: leave sub as Okta made it, (appuser != null) ? appuser.userName : app.clientId, and add no claim named cid or uid`,
  },
  {
    check: "who",
    when: ({ token: { claims } }) =>
      isAct(claims["act"]) && typeof claims["cid"] === "string" && claims["act"].sub !== claims["cid"],
    hint: ({ token: { claims } }) =>
      `the client that holds the token must be the nearest actor: have ${displayValue(isAct(claims["act"]) ? claims["act"].sub : undefined)} itself redeem the ID-JAG, with its own key (Directory > AI agents > the agent > Client registration)`,
  },
  {
    check: "state",
    hint: () =>
      "Directory > AI agents > the agent (or Applications > the app): it must be Active; a token of an agent that was deactivated stays good at Okta until it expires, and is refused here",
  },
  {
    check: "active",
    hint: () =>
      "Okta says that it was revoked, or that its user or app was deactivated: look at Reports > System Log, and get a fresh token",
  },
];

function isAct(value: unknown): value is { readonly sub: unknown } {
  return typeof value === "object" && value !== null && "sub" in value;
}

/** Where to correct what a check refused; undefined where no row of the table fits. */
export function oktaHint(check: string, situation: Situation): string | undefined {
  return hintRows
    .find((row) => row.check === check && (row.when === undefined || row.when(situation)))
    ?.hint(situation);
}
