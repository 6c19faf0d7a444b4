import { issuerRefusal } from "../tokens/issuer-refusal.ts";
import { IdentityError } from "../error.ts";
import type { VerificationKeys } from "../tokens/keys.ts";
import { principalFromClaims, type PeopleRules } from "../tokens/principal-from-claims.ts";
import type { Principal } from "../principal.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { readToken, type ReadToken } from "../tokens/token.ts";
import { describedChecks } from "./checks.ts";
import { shownClaims, type ShownClaim } from "./claims.ts";
import { kindOf, type TokenKind } from "./kind.ts";
import { notesOn } from "./notes.ts";
import { kindHints, oktaHint, type Situation } from "./okta-hints.ts";
import { anyOf, displayValue } from "./display-value.ts";

/** The result of one check. */
export interface CheckFinding {
  readonly name: string;
  readonly state: "passes" | "fails" | "not_checked";
  readonly expected: string;
  readonly found: string;
  /** For a check that failed, or that could not be made. */
  readonly code?: string;
  readonly why?: string;
  /** The hint of the gateway's own refusal. */
  readonly hint?: string;
}

/** A token, claim by claim; without its signature, and without the token itself. */
export interface TokenExplanation {
  /** `unless_forged`: everything else passes, and the signature was not checked. */
  readonly verdict: "accepted" | "unless_forged" | "refused";
  /** Why the token is refused: the words of the first check that failed, or could not be made. */
  readonly why?: string;
  readonly kind: TokenKind | "unreadable";
  /** The configured issuer of the token, or the one that comes nearest. */
  readonly heldAgainst?: string;
  readonly checks: readonly CheckFinding[];
  readonly header: readonly ShownClaim[];
  readonly claims: readonly ShownClaim[];
  /** The principal in its claims; left out where they describe none, or the issuer is not configured. */
  readonly who?: Principal;
  /** What to change, in Okta or in the configuration, so that the token is accepted. */
  readonly hints: readonly string[];
  /** Remarks that refuse nothing. */
  readonly notes: readonly string[];
}

/** What a token is checked against. */
export interface ExplainOptions extends PeopleRules {
  readonly providers: readonly TrustedProvider[];
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number;
  /** A provider's keys; left out: no signature is checked. */
  readonly keysOf?: (provider: TrustedProvider) => VerificationKeys;
  /** Asks the provider whether a token is still active; undefined where that is not configured. */
  readonly isActive?: (
    provider: TrustedProvider,
  ) => ((shown: { readonly token: string; readonly subject: string }) => Promise<boolean>) | undefined;
  /** An agent with its groups from Okta's API, where that is configured. @throws IdentityError agent_inactive */
  readonly askOkta?: (principal: Principal) => Promise<Principal>;
}

/** Explains a token: every check, its principal, and what to change. Never throws, whatever the token holds. */
export async function explainToken(text: string, options: ExplainOptions): Promise<TokenExplanation> {
  let token: ReadToken;
  try {
    token = readToken(text);
  } catch (error) {
    return unreadable(text, error, options);
  }
  const kind = kindOf(token);
  const { provider, isOurs } = nearestProvider(token.claims["iss"], options.providers);
  const issuers = options.providers.map(({ issuer }) => issuer);
  const situation: Situation = { token, kind, provider, issuers };
  const form: CheckFinding = {
    name: "form",
    state: "passes",
    expected: "three parts of base64url, of JSON without doubled names",
    found: `${text.length} characters`,
  };
  const checks: CheckFinding[] = [form, issuerFinding(token, isOurs, issuers)];
  let who: Principal | undefined;
  if (provider !== undefined) {
    const context = { provider, now: options.now, keys: noKeys };
    for (const told of describedChecks) {
      const stops = told.name === "signature" ? whyNoSignature(checks, isOurs, options) : undefined;
      const found = told.found(token, context);
      const base = { name: told.name, expected: told.expected(context), found };
      const keys = told.name === "signature" && stops === undefined ? options.keysOf?.(provider) : undefined;
      checks.push(
        stops === undefined
          ? await tried(base, async () => told.check(token, { ...context, ...(keys && { keys }) }))
          : { ...base, state: "not_checked", why: stops },
      );
    }
    const expected = "claims that agree on one client, and on a person or a machine behind it";
    const found = `sub ${displayValue(token.claims["sub"])}, client ${displayValue(token.claims["cid"] ?? "by act")}`;
    const isNamed = checks.every(({ name, state }) => name !== "names" || state === "passes");
    checks.push(
      isNamed
        ? await tried({ name: "who", expected, found }, () => {
            who = principalFromClaims(token.claims, provider, options);
          })
        : { name: "who", expected, found, state: "not_checked", why: "its names are not usable" },
    );
    if (isOurs) await addActive(checks, token, provider, options);
    if (who?.groupsFrom === "okta") who = await asOktaSays(checks, who, options);
  }
  const bad = checks.find(({ state }) => state === "fails") ?? checks.find(couldNot);
  const unsigned = checks.some(({ name, state }) => name === "signature" && state === "not_checked");
  return {
    verdict: bad !== undefined ? "refused" : unsigned ? "unless_forged" : "accepted",
    ...(bad?.why === undefined ? {} : { why: bad.why }),
    kind,
    ...(provider === undefined ? {} : { heldAgainst: provider.issuer }),
    checks,
    header: shownClaims(token.header, undefined, options.now),
    claims: shownClaims(token.claims, provider, options.now),
    ...(who === undefined ? {} : { who }),
    hints: bad === undefined ? [] : hintsFor(checks, situation),
    notes: notesOn(token.claims, who, provider, options),
  };
}

/** A check that had to be made and could not: the gateway refuses the token then, too. */
const couldNot = ({ state, code }: CheckFinding): boolean => state === "not_checked" && code !== undefined;

const noKeys: VerificationKeys = {
  find: () => Promise.reject(new TypeError("no keys are looked for")),
};

async function tried(
  base: Pick<CheckFinding, "name" | "expected" | "found">,
  attempt: () => void | Promise<void>,
): Promise<CheckFinding> {
  try {
    await attempt();
    return { ...base, state: "passes" };
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    const { code, message, status, hint } = error;
    // 503: the token is not at fault.
    const state = status === 503 ? "not_checked" : "fails";
    return { ...base, state, code, why: message, ...(hint === undefined ? {} : { hint }) };
  }
}

function issuerFinding(token: ReadToken, isOurs: boolean, issuers: readonly string[]): CheckFinding {
  const base = {
    name: "issuer",
    expected: anyOf(issuers),
    found: displayValue(token.claims["iss"]),
  };
  if (isOurs) return { ...base, state: "passes" };
  const { code, message, hint } = issuerRefusal(token.claims["iss"], issuers);
  return { ...base, state: "fails", code, why: message, ...(hint === undefined ? {} : { hint }) };
}

/** Why the signature is not checked; undefined when it is. No key is ever fetched from an issuer that is not trusted. */
function whyNoSignature(
  before: readonly CheckFinding[],
  isOurs: boolean,
  { keysOf }: ExplainOptions,
): string | undefined {
  if (!isOurs) return "only the keys of a configured issuer are looked at";
  const failed = before.find(
    ({ name, state }) => (name === "algorithm" || name === "key id") && state === "fails",
  );
  if (failed !== undefined) return `its ${failed.name} is not accepted`;
  return keysOf === undefined ? "no keys were fetched" : undefined;
}

/** The provider of an issuer, or the one that was probably meant: the same path, the same host, or the only one. */
function nearestProvider(
  issuer: unknown,
  providers: readonly TrustedProvider[],
): { readonly provider: TrustedProvider | undefined; readonly isOurs: boolean } {
  const exact = providers.find((each) => each.issuer === issuer);
  if (exact !== undefined) return { provider: exact, isOurs: true };
  const url = typeof issuer === "string" ? URL.parse(issuer) : null;
  const near = (same: (one: URL, other: URL) => boolean): TrustedProvider | undefined =>
    providers.find((each) => {
      const its = URL.parse(each.issuer);
      return url !== null && its !== null && same(its, url);
    });
  const provider =
    near((one, other) => other.pathname !== "/" && one.pathname === other.pathname) ??
    near((one, other) => one.origin === other.origin) ??
    (providers.length === 1 ? providers[0] : undefined);
  return { provider, isOurs: false };
}

/** Introspection (RFC 7662), where it is configured; only for a token that passes everything else. */
async function addActive(
  checks: CheckFinding[],
  token: ReadToken,
  provider: TrustedProvider,
  { isActive }: ExplainOptions,
): Promise<void> {
  const ask = isActive?.(provider);
  if (ask === undefined || checks.some(({ state }) => state !== "passes")) return;
  const base = { name: "active", expected: "active at the authorization server" };
  checks.push(
    await tried({ ...base, found: "its answer (introspection)" }, async () => {
      if (!(await ask({ token: token.text, subject: String(token.claims["sub"]) })))
        throw new IdentityError("token_inactive", "the access token is no longer active");
    }),
  );
}

/** Groups and state from Okta's management API; only for a token that passes everything else. */
async function asOktaSays(
  checks: CheckFinding[],
  who: Principal,
  { askOkta }: ExplainOptions,
): Promise<Principal> {
  if (checks.some(({ state }) => state !== "passes")) return who;
  if (askOkta === undefined) return { ...who, groupsUnknown: "Okta's API was not asked" };
  let found = who;
  checks.push(
    await tried({ name: "state", expected: "an active agent", found: "Okta's API answers" }, async () => {
      found = await askOkta(who);
    }),
  );
  return found;
}

/** What to change: one hint for a token of another kind, else one for each failed check. */
function hintsFor(checks: readonly CheckFinding[], situation: Situation): readonly string[] {
  const other = kindHints[situation.kind]?.(situation);
  if (other !== undefined) return [other];
  const hints = checks.flatMap((finding) => {
    if (finding.state !== "fails" && !couldNot(finding)) return [];
    return oktaHint(finding.name, situation) ?? finding.hint ?? [];
  });
  return [...new Set(hints)];
}

function unreadable(text: string, error: unknown, { providers }: ExplainOptions): TokenExplanation {
  if (!(error instanceof IdentityError)) throw error;
  const parts = text.split(".").length;
  const hint =
    parts === 5
      ? "it is encrypted: Security > API > Authorization Servers > the server > Settings: turn access token encryption off"
      : parts === 1 && text !== ""
        ? "this is no signed token (JWT): a refresh token, a code or a secret is none; send access_token of the token endpoint's answer"
        : (error.hint ?? "send the access token exactly as the token endpoint returned it");
  return {
    verdict: "refused",
    why: error.message,
    kind: "unreadable",
    checks: [
      {
        name: "form",
        state: "fails",
        expected: "three parts of base64url, of JSON without doubled names",
        found: `${parts} ${parts === 1 ? "part" : "parts"}, ${text.length} characters`,
        code: error.code,
        why: error.message,
      },
    ],
    header: [],
    claims: [],
    hints: [hint],
    notes: providers.length === 0 ? ["no issuer is configured"] : [],
  };
}
