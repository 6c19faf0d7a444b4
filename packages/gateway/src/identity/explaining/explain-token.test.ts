import { describe, expect, it, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { IdentityError } from "../error.ts";
import { createIdentity } from "../create-identity.ts";
import { pipeline } from "../tokens/pipeline.ts";
import { FakeProvider, testKey } from "../testing/fake-provider.ts";
import { contradictions, faulty, forms } from "../testing/claimed-identity-cases.ts";
import { readKeySet } from "../tokens/key-set.ts";
import { describedChecks } from "./checks.ts";
import { explainToken, type ExplainOptions } from "./explain-token.ts";
import { formatTokenExplanation } from "./format.ts";
import { extractToken } from "./pasted-token.ts";
import { hintRows } from "./okta-hints.ts";

const provider = new FakeProvider();
const clock = fakeClock();
const now = clock.wall();
const roles = { reviewer: ["sre"], operator: [], auditor: [] };
const rules = { peopleClients: ["mayfly-cli", "0oaCLI"], roles };
const keySet = await readKeySet(
  { keys: provider.keys.map(({ kid, alg, kty, n, e }) => ({ kid, alg, kty, n, e, use: "sig" })) },
  ["RS256"],
);
const options: ExplainOptions = {
  providers: [provider.settings()],
  ...rules,
  now,
  keysOf: () => ({
    async find(kid) {
      const key = keySet.get(kid);
      if (key === undefined) throw new IdentityError("token_key", "no such key");
      return key;
    },
  }),
};
/** A token of exactly these claims beside those that every token has. */
const tokenOf = (claims: object): string =>
  provider.token(now, { cid: undefined, sub: undefined, scp: undefined, ...claims });
const explained = (token: string, more: Partial<ExplainOptions> = {}) =>
  explainToken(token, { ...options, ...more });

/** The gateway itself, which the explanation must agree with. */
async function codeOf(token: string): Promise<string> {
  const identity = createIdentity({ providers: options.providers, ...rules, clock, fetch: provider.fetch });
  try {
    await identity.verify(token);
    return "accepted";
  } catch (error) {
    return error instanceof IdentityError ? error.code : String(error);
  } finally {
    identity.close();
  }
}

test("tells of every check of the pipeline, in its order", () => {
  expect(describedChecks.map(({ check }) => check)).toEqual(pipeline);
});

describe("agrees with the gateway", () => {
  it.each(forms)("on %s, which it accepts", async (_, claims) => {
    const token = tokenOf(claims);
    expect(await codeOf(token)).toBe("accepted");
    expect(await explained(token)).toMatchObject({ verdict: "accepted", hints: [], kind: "access_token" });
  });

  it.each([...faulty.map(([form, why, claims]) => [`${form}: ${why}`, claims] as const), ...contradictions])(
    "on %s, and says what to change",
    async (_, claims) => {
      const token = tokenOf(claims);
      const found = await explained(token);
      expect(found.verdict).toBe("refused");
      expect(found.checks.find(({ state }) => state === "fails")?.code).toBe(await codeOf(token));
      expect(found.hints.length).toBeGreaterThan(0);
      expect(found.hints.join("\n")).toMatch(/Okta|Security > API|Directory > AI agents|access token/);
    },
  );
});

const other = testKey("key-1");
/** What is wrong, the check that says so, and what its hint must speak of. */
const refusals: readonly [why: string, token: string, check: string, hint: RegExp][] = [
  [
    "another audience",
    provider.token(now, { aud: "api://default" }),
    "audience",
    /Settings > Audience.*api:\/\/default/,
  ],
  [
    "another audience, of an agent",
    tokenOf({
      aud: "https://m/",
      cid: "wlpA",
      sub: "r@x",
      uid: "00u",
      act: { sub: "wlpA", sub_profile: "ai_agent" },
    }),
    "audience",
    /Directory > AI agents > wlpA > Resource connections/,
  ],
  ["an audience of no kind", provider.token(now, { aud: { a: 1 } }), "audience", /Audience/],
  ["expired", provider.token(now - 7_200_000), "expiry", /Access token lifetime/],
  ["no exp", provider.token(now, { exp: undefined }), "expiry", /fresh/],
  ["not yet", provider.token(now, { nbf: Math.floor(now / 1000) + 600 }), "not before", /clock/],
  ["made in the future", provider.token(now + 600_000), "issued at", /clock/],
  [
    "too long a life",
    provider.token(now, { exp: Math.floor(now / 1000) + 90_000 }),
    "lifetime",
    /5 minutes to 24 hours/,
  ],
  ["bound to no key", provider.token(now, { cnf: { jkt: "x" } }), "binding", /Claims > cnf: take it out/],
  ["scopes of no kind", provider.token(now, { scp: 7 }), "access token", /Claims: take the claim/],
  ["two clients", provider.token(now, { client_id: "0oaB" }), "names", /app\.clientId/],
  ["no sub", provider.token(now, { sub: undefined }), "names", /appuser\.userName/],
  [
    "another agent's actor",
    tokenOf({ cid: "wlpA", uid: "00u", sub: "r@x", act: { sub: "wlpB" } }),
    "who",
    /wlpB itself redeem/,
  ],
  ["groups of no kind", provider.token(now, { groups: 7 }), "who", /Claims > groups/],
  ["another key of this id", provider.token(now, {}, {}, other), "signature", /fresh one/],
  ["an unknown key", provider.token(now, {}, { kid: "key-9" }), "signature", /Signing Key Rotation/],
  ["no key id", provider.token(now, {}, { kid: undefined }), "key id", /fresh one/],
  ["no algorithm", provider.token(now, {}, { alg: "none" }), "algorithm", /RS256/],
  ["a key of its own", provider.token(now, {}, { jku: "https://evil" }), "keys in the header", /fresh one/],
  ["an extension", provider.token(now, {}, { crit: ["exp"] }), "extensions", /fresh one/],
  ["an odd type", provider.token(now, {}, { typ: "odd+jwt" }), "type", /fresh one/],
  [
    "a slash at its issuer's end",
    provider.token(now, { iss: `${provider.issuer}/` }),
    "issuer",
    /last character/,
  ],
  [
    "a custom domain's issuer",
    provider.token(now, { iss: "https://id.example.com/oauth2/aus1" }),
    "issuer",
    /Settings > Issuer.*Dynamic/,
  ],
  [
    "another server of the org",
    provider.token(now, { iss: "https://okta.example/oauth2/aus2" }),
    "issuer",
    /another authorization server/,
  ],
  ["another org", provider.token(now, { iss: "https://x.test/oauth2/aus9" }), "issuer", /identity\.agents/],
];

describe("says where to put it right", () => {
  it.each(refusals)("%s", async (_, token, check, hint) => {
    const found = await explained(token);
    expect(found.verdict).toBe("refused");
    expect(found.checks.filter(({ state }) => state === "fails").map(({ name }) => name)).toContain(check);
    expect(found.hints.join("\n")).toMatch(hint);
    expect(await codeOf(token)).not.toBe("accepted");
  });

  it("has a case for each row of the table but those that need introspection", () => {
    const checked = new Set(refusals.map(([, , check]) => check));
    expect(hintRows.map(({ check }) => check).filter((check) => !checked.has(check))).toEqual([
      "state",
      "active",
    ]);
  });

  it("what Okta's API says of the agent, where it is asked", async () => {
    const providers = [provider.settings({ groupsFrom: "okta" })];
    const known = await explained(provider.token(now), {
      providers,
      askOkta: async (who) => ({ ...who, groups: ["support-agents"] }),
    });
    expect(formatTokenExplanation(known).join("\n")).toContain("support-agents (from Okta's API)");
    const none = await explained(provider.token(now), { providers, askOkta: async (who) => who });
    expect(none.notes.join("\n")).toContain("Assign to Groups");
    const unasked = await explained(provider.token(now), { providers });
    expect(unasked).toMatchObject({ verdict: "accepted", notes: [expect.stringContaining("not asked")] });
    const gone = await explained(provider.token(now), {
      providers,
      askOkta: () => Promise.reject(new IdentityError("agent_inactive", "the agent is INACTIVE in Okta")),
    });
    expect(gone).toMatchObject({ verdict: "refused", hints: [expect.stringContaining("must be Active")] });
  });

  it("what is bound to no key where it must be", async () => {
    const providers = [provider.settings({ dpop: "require" })];
    const found = await explained(provider.token(now), { providers });
    expect(found).toMatchObject({ verdict: "refused", hints: [expect.stringContaining("dpop: accept")] });
    const bound = await explained(provider.token(now, { cnf: { jkt: "a".repeat(43) } }), { providers });
    expect(bound).toMatchObject({ verdict: "accepted", notes: [expect.stringContaining("clear General")] });
  });

  it("what Okta calls inactive", async () => {
    const asked: unknown[] = [];
    const found = await explained(provider.token(now), {
      isActive: () => async (shown) => {
        asked.push(shown.subject);
        return false;
      },
    });
    expect(found).toMatchObject({ verdict: "refused", hints: [expect.stringContaining("System Log")] });
    expect(asked).toEqual(["0oabot"]);
    const unasked = await explained(provider.token(now, { aud: "x" }), {
      isActive: () => () => Promise.reject(new Error("must not be asked")),
    });
    expect(unasked.checks.map(({ name }) => name)).not.toContain("active");
  });

  it("tells every check that fails, not the first alone", async () => {
    const found = await explained(provider.token(now - 7_200_000, { aud: "x", client_id: "y" }));
    expect(found.checks.filter(({ state }) => state === "fails").map(({ name }) => name)).toEqual([
      "audience",
      "expiry",
      "names",
    ]);
    expect(found.hints).toHaveLength(3);
  });
});

describe("tells what is no access token apart", () => {
  const org = "https://okta.example";
  it.each<[string, Record<string, unknown>, Record<string, unknown>, string, RegExp]>([
    [
      "an ID token",
      { jti: "ID.x", iss: org, cid: undefined },
      {},
      "id_token",
      /access_token of the same answer/,
    ],
    ["an ID token by its nonce", { jti: undefined, nonce: "n" }, {}, "id_token", /id_token/],
    [
      "an ID-JAG",
      {
        jti: "IDAAG.x",
        iss: org,
        aud: provider.issuer,
        cid: undefined,
        client_id: "wlpA",
        act: { sub: "wlpA" },
      },
      { typ: "oauth-id-jag+jwt" },
      "id_jag",
      /half way.*jwt-bearer/,
    ],
    [
      "the org's own access token",
      {},
      { typ: "application/okta-internal-at+jwt" },
      "org_access_token",
      /only Okta/,
    ],
    [
      "the org's own, by its issuer",
      { iss: "https://example.okta.com" },
      {},
      "org_access_token",
      /only Okta/,
    ],
    ["a logout token", { events: {} }, { typ: "logout+jwt" }, "logout_token", /signed out/],
    [
      "a DPoP proof",
      { htm: "GET", htu: "x", cid: undefined },
      { typ: "dpop+jwt" },
      "dpop_proof",
      /header DPoP/,
    ],
    ["a client's assertion", { iss: "0oabot", cid: undefined }, {}, "client_assertion", /client_assertion/],
    ["a security event", { events: {} }, { typ: "secevent+jwt" }, "signal", /signals/],
    ["something else", { cid: undefined, jti: "x" }, {}, "unknown", /neither cid nor act/],
  ])("%s", async (_, claims, header, kind, hint) => {
    const found = await explained(provider.token(now, claims, header));
    expect(found).toMatchObject({ verdict: "refused", kind });
    expect(found.hints).toHaveLength(1);
    expect(found.hints[0]).toMatch(hint);
  });

  it.each([
    ["an encrypted one", "a.b.c.d.e", /encryption/],
    ["a refresh token", "hVpeT3mIyTR5", /refresh token/],
    ["one that was cut", provider.token(now).slice(0, -400).split(".").slice(0, 2).join("."), /exactly/],
    ["a long one", `${"a".repeat(20_000)}.b.c`, /exactly/],
  ])("%s cannot be read", async (_, text, hint) => {
    const found = await explained(text);
    expect(found).toMatchObject({ verdict: "refused", kind: "unreadable" });
    expect(found.hints.join("\n")).toMatch(hint);
    expect(JSON.stringify(found)).not.toContain(text);
  });
});

describe("without a look at the signature", () => {
  it("says that nothing is proved", async () => {
    const { keysOf: _, ...offline } = options;
    const found = await explainToken(provider.token(now, {}, {}, other), offline);
    expect(found.verdict).toBe("unless_forged");
    expect(formatTokenExplanation(found).join("\n")).toMatch(
      /anybody can write such claims[\s\S]*no signature proves it/,
    );
    expect((await explainToken(provider.token(now, { aud: "x" }), offline)).verdict).toBe("refused");
  });

  it("fetches no keys of an issuer that is not configured, and none for an algorithm that is not accepted", async () => {
    const keysOf = (): never => {
      throw new Error("must not be asked");
    };
    for (const token of [
      provider.token(now, { iss: "https://okta.example/oauth2/aus2" }),
      provider.token(now, {}, { alg: "none" }),
    ])
      expect(await explained(token, { keysOf }).catch((error: unknown) => error)).toMatchObject({
        verdict: "refused",
      });
  });

  it("is refused while the keys cannot be had, as the gateway does", async () => {
    const found = await explained(provider.token(now), {
      keysOf: () => ({
        find: () =>
          Promise.reject(new IdentityError("keys_unavailable", "keys cannot be fetched", "try again")),
      }),
    });
    expect(found).toMatchObject({
      verdict: "refused",
      why: "keys cannot be fetched",
      hints: [expect.anything()],
    });
    expect(found.checks.find(({ name }) => name === "signature")?.state).toBe("not_checked");
  });
});

test("prints no signature, no token, nothing that moves a cursor, and no endless value", async () => {
  const inner = provider.token(now);
  const token = provider.token(now, {
    jti: "AT.\u001b[2J\u202e",
    long: "x".repeat(5000),
    inner,
    constructor: "a",
    "na\nme": 1,
  });
  const found = await explained(token);
  for (const text of [JSON.stringify(found), formatTokenExplanation(found).join("\n")]) {
    for (const secret of [token, inner]) {
      const [, claims = "", signature = ""] = secret.split(".");
      expect(text).not.toContain(signature.slice(0, 20));
      expect(text).not.toContain(claims.slice(0, 40));
    }
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text).not.toContain("x".repeat(300));
  }
  expect(found.claims.find(({ name }) => name === "constructor")?.about).toBe("not used");
  expect(found.claims.some(({ name }) => name === "na\\u{a}me")).toBe(true);
});

describe("notes what refuses nothing", () => {
  it.each<[string, object, RegExp]>([
    ["nothing of a known agent", { cid: "0oabot", sub: "0oabot" }, /^$/],
    ["an agent of no group", { cid: "0oax", sub: "0oax" }, /directory: \{ 0oax:/],
    ["an agent whose claim is empty", { cid: "0oabot", sub: "0oabot", groups: [] }, /in no group/],
    ["a person of no group", { cid: "mayfly-cli", sub: "r@x", uid: "00u" }, /value type Groups/],
    [
      "a person through another client",
      { cid: "0oabot", sub: "r@x", uid: "00u" },
      /identity\.people\.clients/,
    ],
    [
      "a client that is an agent's and people's",
      { cid: "0oaCLI", sub: "r@x", uid: "00u", act: { sub: "0oaCLI" } },
      /Take it out/,
    ],
    [
      "whose groups are whose",
      { cid: "0oabot", sub: "r@x", uid: "00u", groups: ["sre"], act: { sub: "0oabot" } },
      /person's groups/,
    ],
  ])("%s", async (_, claims, note) => {
    const found = await explained(tokenOf(claims));
    expect(found.verdict).toBe("accepted");
    expect(found.notes.join("\n")).toMatch(note);
  });
});

test("finds the token in what people paste", () => {
  for (const text of [
    "a.b.c",
    " a.b.c\n",
    '"a.b.c"',
    "Bearer a.b.c",
    "DPoP a.b.c",
    "authorization: Bearer a.b.c\r\n",
    "'Authorization: bearer a.b.c'",
    "a.\nb.\n c",
    "\uFEFFa.b.c",
    '{"token_type":"Bearer","access_token":"a.b.c"}',
  ])
    expect(extractToken(text)).toBe("a.b.c");
});
