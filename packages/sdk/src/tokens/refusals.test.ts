import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeOkta, fakeOkta, unsigned } from "../testing/fake-okta.ts";
import { hintRows } from "./refusal-table.ts";
import { refreshAccess } from "./person.ts";
import { agentTokens, serviceTokens } from "./sources.ts";
import { refusalOf } from "./refusals.ts";

const key = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

let okta: FakeOkta;
beforeAll(async () => {
  okta = await fakeOkta();
});
afterAll(() => okta.close());

const exp = Math.floor(Date.now() / 1000) + 3600;
const person = { idToken: unsigned({ exp }) };
const machine = { accessToken: unsigned({ exp }) };
const askFor = {
  person: () => agentTokens({ ...named(), for: person })(),
  machine: () => agentTokens({ ...named(), for: machine })(),
  service: () => serviceTokens({ ...named(), clientId: "0oaSVC" })(),
  refresh: async () => refreshAccess({ issuer: okta.issuer, clientId: "mayfly-cli" }, "r1", {}),
};
const named = () => ({ issuer: okta.issuer, clientId: "wlpA", key, resource: "https://mayfly.internal" });

/** Okta's answers in the order in which one meets them; descriptions as people report them. */
const met: readonly {
  readonly it: string;
  readonly who: keyof typeof askFor;
  readonly at: "org" | "custom";
  readonly says: readonly [error: string, description?: string];
  readonly status?: number;
  readonly code: string;
  readonly hint: readonly string[];
}[] = [
  {
    it: "the feature is off, or the client is no agent",
    who: "person",
    at: "org",
    says: ["invalid_request", "'requested_token_type' is invalid or not supported."],
    code: "agents_feature_off",
    hint: ["Directory > AI agents > Register AI agent", "Settings > Features"],
  },
  {
    it: "nobody let the agent act for this person",
    who: "person",
    at: "org",
    says: ["invalid_request", "'subject_token' is invalid: no delegation policy authorizes this token."],
    code: "no_delegation",
    hint: ["Directory > AI agents > wlpA > User access", "--person-client"],
  },
  {
    it: "nobody let the agent act for this caller",
    who: "machine",
    at: "org",
    says: ["invalid_request", "'subject_token' is invalid: no delegation policy authorizes this token."],
    code: "no_delegation",
    hint: ["Directory > AI agents > wlpA > Machine access > Add caller", "--caller-resource"],
  },
  {
    it: "the person is not assigned",
    who: "person",
    at: "org",
    says: ["access_denied", "User is not assigned to the client application."],
    code: "user_not_assigned",
    hint: ["Applications > the agent's linked app > Assignments"],
  },
  {
    it: "the person is not assigned to the caller's app",
    who: "machine",
    at: "org",
    says: [
      "invalid_request",
      "'subject_token' is invalid: the user is not assigned to the client application.",
    ],
    code: "user_not_assigned",
    hint: ["and the caller's app > Assignments"],
  },
  {
    it: "the connection does not list the scope",
    who: "person",
    at: "org",
    says: ["invalid_scope", "The following scopes are not allowed for this request: [mayfly]."],
    code: "scope_refused",
    hint: ["Directory > AI agents > wlpA > Resource connections", "list 'mayfly' under Only allow"],
  },
  {
    it: "no active connection has this resource",
    who: "person",
    at: "org",
    says: ["invalid_target", "'resource' is invalid."],
    code: "target_refused",
    hint: ["Resource connections: the connection must be ACTIVE", "'https://mayfly.internal' (--resource)"],
  },
  {
    it: "no access policy names the agent",
    who: "person",
    at: "custom",
    says: [
      "access_denied",
      "Policy evaluation failed for this request, please check the policy configurations.",
    ],
    status: 401,
    code: "policy_refused",
    hint: ["> Access Policies", "Assign to clients", "grant type JWT Bearer", "any user"],
  },
  {
    it: "no rule fits",
    who: "person",
    at: "custom",
    says: ["access_denied", "no_matching_policy"],
    code: "policy_refused",
    hint: ["grant type JWT Bearer"],
  },
  {
    it: "the agent is staged or deactivated",
    who: "person",
    at: "org",
    says: ["invalid_client"],
    status: 401,
    code: "agent_inactive",
    hint: ["Directory > AI agents > wlpA", "STAGED", "Client registration"],
  },
  {
    it: "the agent was deactivated, in the other words",
    who: "machine",
    at: "org",
    says: [
      "access_denied",
      "Policy evaluation failed for this request, please check the policy configurations.",
    ],
    code: "agent_inactive",
    hint: ["must be ACTIVE"],
  },
  {
    it: "the agent was deactivated between the exchanges",
    who: "person",
    at: "custom",
    says: ["invalid_client", "Invalid value for 'client_id' parameter."],
    status: 401,
    code: "agent_inactive",
    hint: ["Directory > AI agents > wlpA"],
  },
  {
    it: "the ID token is too old, or of somebody else's",
    who: "person",
    at: "org",
    says: ["invalid_grant", "'subject_token' is invalid."],
    code: "subject_token_refused",
    hint: ["ID token of the agent's linked app"],
  },
  {
    it: "the caller's token is none of a custom authorization server",
    who: "machine",
    at: "org",
    says: ["invalid_request", "'subject_token' is invalid."],
    code: "subject_token_refused",
    hint: ["custom authorization server (not of the org)", "--caller-resource"],
  },
  {
    it: "too many agents in a row",
    who: "machine",
    at: "org",
    says: [
      "invalid_subject_token_act_claim_depth",
      "The 'act' claim of the subject token is nested too deeply.",
    ],
    code: "too_many_actors",
    hint: ["at most 5 actors"],
  },
  {
    it: "the ID-JAG is too old",
    who: "person",
    at: "custom",
    says: ["invalid_grant", "The assertion has expired."],
    code: "assertion_refused",
    hint: ["clock", "5 minutes"],
  },
  {
    it: "the server does not have the scope",
    who: "service",
    at: "custom",
    says: ["invalid_scope", "One or more scopes are not configured for the authorization server resource."],
    code: "scope_refused",
    hint: ["Security > API > Authorization Servers", "> Scopes: add 'mayfly'"],
  },
  {
    it: "no access policy names the app",
    who: "service",
    at: "custom",
    says: [
      "access_denied",
      "Policy evaluation failed for this request, please check the policy configurations.",
    ],
    code: "policy_refused",
    hint: ["assign 0oaSVC", "grant type Client Credentials"],
  },
  {
    it: "the app's key is another, or the app is not active",
    who: "service",
    at: "custom",
    says: ["invalid_client", "The client_assertion signature is invalid."],
    status: 401,
    code: "client_refused",
    hint: ["Applications > 0oaSVC", "Public key / Private key", "--key-id"],
  },
  {
    it: "an agent asks as a service app",
    who: "service",
    at: "custom",
    says: ["unauthorized_client", "Only service apps can use client_credentials"],
    code: "client_credentials_refused",
    hint: ["log in with --agent 0oaSVC", "API Services"],
  },
  {
    it: "the same in OAuth's own words",
    who: "service",
    at: "custom",
    says: ["unauthorized_client", "The client is not authorized to use the provided grant type."],
    code: "client_credentials_refused",
    hint: ["--agent 0oaSVC"],
  },
  {
    it: "too many requests",
    who: "service",
    at: "custom",
    says: ["E0000047"],
    status: 429,
    code: "rate_limited",
    hint: ["Reports > Rate Limits"],
  },
  {
    it: "the sign-in is over",
    who: "refresh",
    at: "custom",
    says: ["invalid_grant", "The refresh token is invalid or expired."],
    code: "sign_in_over",
    hint: ["log in again"],
  },
];

const seen = new Set<string>();

describe("Okta's refusal", () => {
  it.each(met)("says what to do when $it", async ({ who, at, says, status = 400, code, hint }) => {
    const [error, error_description] = says;
    okta.script(at, {
      status,
      body: error_description === undefined ? { error } : { error, error_description },
    });
    const thrown = (await askFor[who]().catch((caught: unknown) => caught)) as Error & { hint: string };
    expect(thrown).toMatchObject({ code, status: 401 });
    // Okta's own words stay: people search for them.
    expect(thrown.message).toContain(error);
    expect(thrown.message).toContain(error_description ?? "");
    for (const part of hint) expect(thrown.hint).toContain(part);
    seen.add(code);
  });

  it("of the proof of a key says to look at the clock, or to turn DPoP off", async () => {
    const refusal = {
      body: { error: "invalid_dpop_proof", error_description: "The DPoP proof JWT header is missing." },
    };
    okta.script("custom", refusal, refusal);
    const thrown = await askFor.service().catch((caught: unknown) => caught);
    expect(thrown).toMatchObject({
      code: "dpop_refused",
      hint: expect.stringContaining("Require Demonstrating Proof of Possession (DPoP)") as unknown,
    });
    seen.add("dpop_refused");
  });

  it("that nobody knows keeps the server's words", async () => {
    okta.script("custom", {
      body: { error: "server_error", error_description: "try\n\u001b[31mlater" },
    });
    const thrown = (await askFor.service().catch((caught: unknown) => caught)) as Error;
    expect(thrown).toMatchObject({ code: "login_failed" });
    expect(thrown.message).toMatch(/server_error: try \[31mlater$/);
    expect(refusalOf(undefined, { stage: "refresh", issuer: "I", clientId: "C" }).message).toBe(
      "I gave C no token",
    );
    // Nobody asked for a token yet: the browser came back without a sign-in.
    expect(refusalOf(undefined, { stage: "sign_in", issuer: "I", clientId: "C" }).message).toBe(
      "I says that the sign-in did not succeed",
    );
  });

  it("has a case for each row of the table", () => {
    expect([...new Set(hintRows.map(({ code }) => code))].filter((code) => !seen.has(code))).toEqual([]);
  });
});
