import { readdirSync } from "node:fs";
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "./create-identity.ts";
import type { IdentityError } from "./error.ts";
import { pipeline } from "./tokens/pipeline.ts";
import { FakeProvider, base64url, publicHalf, sharedKey, signRaw, testKey } from "./testing/fake-provider.ts";

const clock = fakeClock();
const now = clock.wall();
const ecKey = testKey("ec-1", "ES256");
const provider = new FakeProvider("https://okta.example/oauth2/aus1", [sharedKey, ecKey]);
const refusals: IdentityError[] = [];
const identity = createIdentity({
  providers: [provider.settings()],
  peopleClients: ["mayfly-cli"],
  roles: { reviewer: ["support-leads"], operator: ["platform"], auditor: [] },
  clock,
  fetch: provider.fetch,
  onRefused: (error) => refusals.push(error),
});

const seconds = Math.floor(now / 1000);
const claims = (more: Record<string, unknown>) => provider.token(now, more);
const header = (more: Record<string, unknown>) => provider.token(now, {}, more);
const headerText = JSON.stringify({ alg: "RS256", kid: "key-1" });
const raw = (change: (text: string) => string, head = headerText) =>
  signRaw(head, change(JSON.stringify(provider.claims(now))), sharedKey);

/** Every row is one attack: its name, the token, and the code it must be refused with. */
const attacks: [string, () => string, string][] = [
  ["empty", () => "", "token_malformed"],
  ["one byte over the limit", () => claims({ pad: "x".repeat(16 * 1024) }), "token_malformed"],
  ["bound to a key (DPoP) where nobody checks", () => claims({ cnf: { jkt: "x".repeat(43) } }), "token_type"],
  ["bound to no thumbprint", () => claims({ cnf: { jkt: "x" } }), "token_claims"],
  ["bound to a certificate", () => claims({ cnf: { "x5t#S256": "x".repeat(43) } }), "token_claims"],
  ["bound twice", () => claims({ cnf: { jkt: "x".repeat(43), kid: "k" } }), "token_claims"],
  ["bound to nothing", () => claims({ cnf: null }), "token_claims"],
  ["a name that turns text around", () => claims({ sub: "a\u202eb", cid: "a\u202eb" }), "token_claims"],
  ["a group with a zero-width space", () => claims({ groups: ["a\u200b"] }), "token_claims"],
  ["two parts", () => `${base64url("{}")}.${base64url("{}")}`, "token_malformed"],
  ["four parts", () => `${claims({})}.AAAA`, "token_malformed"],
  ["JWE", () => "AAAA.AAAA.AAAA.AAAA.AAAA", "token_malformed"],
  [
    "unused bits set in the last character",
    () => `${claims({}).slice(0, -1)}_`.replace(/.$/, "B"),
    "token_malformed",
  ],
  ["header is not JSON", () => signRaw("alg", "{}", sharedKey), "token_malformed"],
  ["header is an array", () => signRaw("[]", "{}", sharedKey), "token_malformed"],
  ["claims are null", () => signRaw(headerText, "null", sharedKey), "token_malformed"],
  [
    "duplicate alg in the header",
    () => raw((text) => text, '{"alg":"none","kid":"key-1","alg":"RS256"}'),
    "token_malformed",
  ],
  [
    "duplicate name by an escape",
    () => raw((text) => text.replace(/}$/, ',"\\u0073ub":"x"}')),
    "token_malformed",
  ],
  [
    "duplicate name in a nested object",
    () => raw((text) => text.replace(/}$/, ',"act":{"sub":"a","sub":"b"}}')),
    "token_malformed",
  ],
  [
    "duplicate __proto__",
    () => raw((text) => text.replace(/}$/, ',"__proto__":1,"__proto__":2}')),
    "token_malformed",
  ],
  [
    "nested too deep",
    () => raw((text) => text.replace(/}$/, `,"x":${"[".repeat(40)}${"]".repeat(40)}}`)),
    "token_malformed",
  ],
  ["byte order mark", () => raw((text) => `\uFEFF${text}`), "token_malformed"],
  ["text behind the JSON", () => raw((text) => `${text}{}`), "token_malformed"],
  ["no alg", () => header({ alg: undefined }), "token_algorithm"],
  ["alg as a list", () => header({ alg: ["RS256"] }), "token_algorithm"],
  ["alg in lower case", () => header({ alg: "rs256" }), "token_algorithm"],
  ["alg of a name every object has", () => header({ alg: "toString" }), "token_algorithm"],
  ["alg RS512", () => header({ alg: "RS512" }), "token_algorithm"],
  ["alg ES256 with an RSA key's id", () => header({ alg: "ES256" }), "token_algorithm"],
  ["alg RS256 with an EC key's id", () => header({ kid: "ec-1" }), "token_algorithm"],
  ["embedded key", () => header({ jwk: publicHalf(sharedKey) }), "token_header"],
  ["embedded certificate", () => header({ x5c: ["AAAA"] }), "token_header"],
  ["jku null", () => header({ jku: null }), "token_header"],
  ["crit empty", () => header({ crit: [] }), "token_header"],
  ["unencoded payload", () => header({ b64: false, crit: ["b64"] }), "token_header"],
  ["compressed", () => header({ zip: "DEF" }), "token_header"],
  ["nested token", () => header({ cty: "JWT" }), "token_header"],
  ["no kid", () => header({ kid: undefined }), "token_header"],
  ["kid empty", () => header({ kid: "" }), "token_header"],
  ["kid as a number", () => header({ kid: 1 }), "token_header"],
  ["kid of a name every object has", () => header({ kid: "__proto__" }), "token_key"],
  ["logout token", () => header({ typ: "logout+jwt" }), "token_type"],
  ["DPoP proof", () => header({ typ: "dpop+jwt" }), "token_type"],
  ["typ as a list", () => header({ typ: ["JWT"] }), "token_type"],
  ["another key under the same kid", () => provider.token(now, {}, {}, testKey("key-1")), "token_signature"],
  [
    "claims swapped under a good signature",
    () => {
      const [head, , signature] = claims({}).split(".");
      return `${head}.${claims({ sub: "admin", cid: "admin" }).split(".")[1]}.${signature}`;
    },
    "token_signature",
  ],
  ["no issuer", () => claims({ iss: undefined }), "token_issuer"],
  ["issuer as a list", () => claims({ iss: [provider.issuer] }), "token_issuer"],
  ["issuer in another case", () => claims({ iss: provider.issuer.toUpperCase() }), "token_issuer"],
  ["the org server's issuer", () => claims({ iss: "https://okta.example" }), "token_issuer"],
  ["issuer of a name every object has", () => claims({ iss: "constructor" }), "token_issuer"],
  ["no audience", () => claims({ aud: undefined }), "token_audience"],
  ["audience with a slash", () => claims({ aud: "api://mayfly/" }), "token_audience"],
  ["audience list without ours", () => claims({ aud: ["api://other"] }), "token_audience"],
  ["audience list with a stranger's type", () => claims({ aud: ["api://mayfly", 1] }), "token_audience"],
  ["audience as an object", () => claims({ aud: { 0: "api://mayfly" } }), "token_audience"],
  ["exp as text", () => claims({ exp: String(seconds + 60) }), "token_claims"],
  ["exp negative", () => claims({ exp: -1 }), "token_claims"],
  ["exp null", () => claims({ exp: null }), "token_claims"],
  [
    "exp exactly at the end of the leeway",
    () => claims({ iat: seconds - 100, exp: seconds - 30 }),
    "token_expired",
  ],
  ["nbf ahead", () => claims({ nbf: seconds + 31 }), "token_not_yet_valid"],
  ["nbf as text", () => claims({ nbf: "0" }), "token_claims"],
  ["iat ahead", () => claims({ iat: seconds + 31 }), "token_not_yet_valid"],
  ["no iat", () => claims({ iat: undefined }), "token_claims"],
  ["valid for a year", () => claims({ exp: seconds + 365 * 86_400 }), "token_lifetime"],
  ["exp beyond any date", () => claims({ exp: 1e300 }), "token_lifetime"],
  ["exp before iat", () => claims({ exp: seconds - 1 }), "token_lifetime"],
  ["ID token: nonce", () => claims({ nonce: "n" }), "token_type"],
  ["ID token: at_hash", () => claims({ at_hash: "h" }), "token_type"],
  ["ID token: no cid", () => claims({ cid: undefined, uid: "00u1" }), "token_type"],
  ["ID token: its jti", () => claims({ jti: "ID.abc" }), "token_type"],
  ["logout token's events", () => claims({ events: {} }), "token_type"],
  ["scp as an object", () => claims({ scp: {} }), "token_claims"],
  ["scope as a list of other things", () => claims({ scp: undefined, scope: ["a", 1] }), "token_claims"],
  ["scope as a number", () => claims({ scp: undefined, scope: 1 }), "token_claims"],
  ["sub as a number", () => claims({ sub: 1, cid: 1 }), "token_claims"],
  ["sub with a line break", () => claims({ sub: "a\nb", cid: "a\nb" }), "token_claims"],
  [
    "sub with half a surrogate pair",
    () => raw((text) => text.replaceAll('"0oabot"', '"\\ud800"')),
    "token_malformed",
  ],
  ["cid as a list", () => claims({ cid: ["0oabot"] }), "token_claims"],
  ["two clients", () => claims({ client_id: "other" }), "token_claims"],
  ["uid empty", () => claims({ uid: "" }), "token_claims"],
  ["uid null", () => claims({ uid: null }), "token_claims"],
  ["a subject that is neither client nor person", () => claims({ sub: "admin@example.com" }), "token_claims"],
  ["groups as an object", () => claims({ groups: { 0: "platform" } }), "token_claims"],
  ["groups with a number", () => claims({ groups: ["a", 1] }), "token_claims"],
  ["act as text", () => claims({ act: "x" }), "token_claims"],
  ["act without sub", () => claims({ act: {} }), "token_claims"],
  ["act null", () => claims({ act: null }), "token_claims"],
];

test.each(attacks)("refused: %s", async (_, build, code) => {
  const token = build();
  refusals.length = 0;
  const error = await identity.verify(token).then(
    () => undefined,
    (thrown: unknown) => thrown as IdentityError,
  );
  expect(error).toMatchObject({ name: "IdentityError", code, status: 401 });
  expect(refusals).toEqual([error]);
  const said = JSON.stringify([error?.message, error?.hint, error?.stack]);
  expect(token.split(".").filter((part) => part.length > 4 && said.includes(part))).toEqual([]);
});

test("the attacks fail for their own reason: the token they start from is good", async () => {
  await expect(identity.verify(claims({}))).resolves.toMatchObject({ principal: { subject: "0oabot" } });
  await expect(identity.verify(provider.token(now, {}, {}, ecKey))).resolves.toMatchObject({
    principal: { subject: "0oabot" },
  });
  await expect(identity.verify(claims({ aud: ["x", "api://mayfly"] }))).resolves.toBeDefined();
  await expect(identity.verify(claims({ nbf: seconds + 29, iat: seconds + 29 }))).resolves.toBeDefined();
});

test("any one character changed, anywhere, is refused", async () => {
  const token = claims({});
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  await fc.assert(
    fc.asyncProperty(
      fc.nat(token.length - 1),
      fc.constantFrom(...Array.from(alphabet)),
      async (at, other) => {
        fc.pre(token[at] !== other);
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        await expect(identity.verify(changed)).rejects.toMatchObject({ name: "IdentityError" });
      },
    ),
    { numRuns: 200 },
  );
});

test("a provider with RS256 alone refuses ES256", async () => {
  const strict = createIdentity({
    providers: [provider.settings({ algorithms: ["RS256"] })],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: provider.fetch,
  });
  await expect(strict.verify(provider.token(now, {}, {}, ecKey))).rejects.toMatchObject({
    code: "token_algorithm",
  });
});

test("an outcome that is not text is refused as well", async () => {
  for (const nothing of [undefined, null, 1, {}, ["a.b.c"]] as unknown[] as string[]) {
    await expect(identity.verify(nothing)).rejects.toMatchObject({
      code: "token_malformed",
    });
  }
});

test("two providers of one issuer are a mistake", () => {
  const providers = [provider.settings(), provider.settings()];
  const roles = { reviewer: [], operator: [], auditor: [] };
  expect(() => createIdentity({ providers, peopleClients: [], roles, clock, fetch: provider.fetch })).toThrow(
    TypeError,
  );
});

test("every check there is stands in the pipeline", () => {
  const files = readdirSync(new URL("checks/", import.meta.url)).filter((name) => !name.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(10);
  expect(pipeline).toHaveLength(files.length);
  expect(new Set(pipeline).size).toBe(files.length);
});
