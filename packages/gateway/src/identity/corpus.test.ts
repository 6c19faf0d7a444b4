import { createHmac, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "./create-identity.ts";
import { IdentityError } from "./error.ts";
import type { Identity } from "./identity.ts";
import { outcome, setScene } from "./sign-in/oidc/testing/scene.ts";
import type { Attempt } from "./sign-in/oidc/testing/scene.ts";
import { FakeProvider, base64url, sharedKey, signRaw, testKey } from "./testing/fake-provider.ts";

interface CorpusCase {
  readonly id: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
}

const corpus = JSON.parse(
  readFileSync(new URL("../../../../tests/corpus/jwt.json", import.meta.url), "utf8"),
) as CorpusCase[];

/** A gateway that trusts one provider, and whatever a case needs to build its tokens. */
interface Scene {
  readonly provider: FakeProvider;
  readonly identity: Identity;
  readonly now: number;
  /** Trusted as well, with keys of its own. */
  readonly neighbour: FakeProvider;
}

type Row =
  /** The tokens that the case is about; each must come out as the case says. */
  ((scene: Scene) => string[] | Promise<string[]>) | SignInRow;

/** The case is about signing people in with a browser: what each attempt does differently. */
interface SignInRow {
  readonly signIn: readonly Attempt[];
  readonly fresh?: number;
}

function hmac(scene: Scene, secret: string): string {
  const input = `${base64url(JSON.stringify({ alg: "HS256", kid: "key-1" }))}.${base64url(JSON.stringify(scene.provider.claims(scene.now)))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const pem = createPublicKey({ key: sharedKey, format: "jwk" })
  .export({ type: "spki", format: "pem" })
  .toString();
const claim =
  (claims: Record<string, unknown>): Row =>
  ({ provider, now }) => [provider.token(now, claims)];
const header =
  (members: Record<string, unknown>): Row =>
  ({ provider, now }) => [provider.token(now, {}, members)];
const seconds = (now: number): number => Math.floor(now / 1000);

const rows: Record<string, Row> = {
  "jwt-token-02": ({ provider, now }) => {
    const signed = provider.token(now, {}, { alg: "nOnE" });
    return [signed, `${signed.split(".").slice(0, 2).join(".")}.`];
  },
  "jwt-token-03": header({ alg: "NONE" }),
  "jwt-token-04": (scene) => [hmac(scene, pem), hmac(scene, pem.trim())],
  "jwt-token-05": (scene) => [hmac(scene, "")],
  "jwt-token-06": ({ provider, now }) => {
    const parts = provider.token(now).split(".");
    return [`${parts[0]}.${parts[1]}.`, `${parts[0]}.${parts[1]}`, `${parts[0]}.${parts[1]}.AA`];
  },
  "jwt-token-09": async ({ provider, neighbour, identity, now }) => {
    await identity.verify(neighbour.token(now));
    return [provider.token(now, {}, {}, neighbour.keys[0])];
  },
  "jwt-token-10": header({ jku: "https://evil/jwks.json" }),
  "jwt-token-11": header({ x5u: "https://evil/c.pem" }),
  "jwt-token-14": header({ crit: ["exp"], exp: 1 }),
  "jwt-token-19": header({ alg: "PS256" }),
  "jwt-token-20": ({ provider, now }) => {
    const weak = testKey("weak", "RS256", 1024);
    provider.keys.push(weak);
    return [provider.token(now, {}, {}, weak)];
  },
  "jwt-token-22": () => [
    `${base64url(JSON.stringify({ alg: "dir", enc: "A256GCM", zip: "DEF" }))}..${base64url("iv")}.${base64url("x")}.${base64url("tag")}`,
  ],
  "jwt-token-23": ({ provider, now }) => {
    const text = JSON.stringify(provider.claims(now)).replace(/}$/, ',"sub":"someone-else"}');
    return [signRaw(JSON.stringify({ alg: "RS256", kid: "key-1" }), text, sharedKey)];
  },
  "jwt-token-24": claim({ sub: undefined }),
  "jwt-token-25": ({ provider, now }) => ["", " "].map((sub) => provider.token(now, { sub, cid: sub })),
  "jwt-token-26": ({ provider, now }) => [provider.token(now, { iss: `${provider.issuer}/` })],
  "jwt-token-29": claim({ aud: "gw2" }),
  "jwt-token-31": ({ provider, now }) => [provider.token(now - 3600_000, { exp: seconds(now) - 31 })],
  "jwt-token-32": claim({ exp: undefined }),
  "jwt-token-35": ({ provider, now }) => [provider.token(now + 86_400_000)],
  "jwt-token-36": {
    signIn: [{ claims: { nonce: undefined } }, { claims: { nonce: "another" } }, { claims: { nonce: "" } }],
  },
  // The code was asked for with a challenge; whoever has the code alone has no verifier that fits.
  "jwt-token-39": { signIn: [{ begun: { binding: "of another browser" } }, { verifier: "missing" }] },
  "jwt-token-41": {
    signIn: [{ parameters: { iss: "https://evil.example" } }, { parameters: { iss: undefined } }],
  },
  // E-mail is no name here, verified or not.
  "jwt-token-42": {
    signIn: [false, true, undefined].map((verified) => ({
      claims: { preferred_username: "mallory", email: "alice@example.com", email_verified: verified },
      userInfo: { preferred_username: "mallory", email: "alice@example.com", email_verified: verified },
    })),
  },
  "jwt-token-45": {
    fresh: 600_000,
    signIn: [
      { claims: { auth_time: Date.UTC(2026, 0, 1, 12) / 1000 - 631 } },
      { claims: { auth_time: undefined } },
    ],
  },
  "jwt-token-46": ({ provider, now }) => {
    const token = provider.token(now);
    const [a, b, c] = token.split(".");
    return [
      `${a}=.${b}.${c}`,
      `${a}.${b}.${c}==`,
      `${token}!`,
      `${token}\n`,
      ` ${token}`,
      `${a}.${b} .${c}`,
      `${a}.${b}.${c}.`,
      `${a}.${b}.${c?.replaceAll("-", "+").replaceAll("_", "/")}+`,
    ];
  },
  "jwt-token-48": async ({ provider, identity, now }) => {
    await identity.warm();
    const tokens = Array.from({ length: 1000 }, (_, n) => provider.token(now, {}, { kid: `made-up-${n}` }));
    await Promise.allSettled(tokens.map((token) => identity.verify(token)));
    expect(provider.count("/v1/keys")).toBeLessThanOrEqual(4);
    return [provider.token(now, {}, { kid: "another" })];
  },
  "jwt-token-49": async ({ provider, identity, now }) => {
    await identity.warm();
    provider.down = true;
    const fresh = testKey("key-2");
    return [provider.token(now, {}, {}, fresh)];
  },
  "jwt-token-50": ({ provider, now }) => {
    provider.answers.set("/.well-known/openid-configuration", {
      body: JSON.stringify({
        issuer: "https://okta.example/oauth2/other",
        jwks_uri: `${provider.issuer}/v1/keys`,
      }),
    });
    return [provider.token(now)];
  },
  "jwt-ok-02": ({ provider, now }) => [provider.token(now - 3600_000, { exp: seconds(now) - 10 })],
  "jwt-ok-03": async ({ provider, identity, now }) => {
    await identity.verify(provider.token(now));
    provider.keys.unshift(testKey("key-2"));
    return [provider.token(now)];
  },
  "jwt-ok-05": claim({ tenant: "x", amr: ["pwd"], nested: { any: [1, { thing: null }] } }),
  "jwt-ok-06": ({ provider, now }) => [
    provider.token(now, {}, { typ: "JWT" }),
    provider.token(now, {}, { typ: undefined }),
    provider.token(now, {}, { typ: "at+jwt" }),
  ],
};

test.each(corpus)("$id: $payload → $expected", async ({ id, expected }) => {
  const row = rows[id];
  // Every case of the corpus has a row.
  expect(row).toBeDefined();
  if (row === undefined) return;
  if (typeof row === "object") {
    await signInRow(row, expected);
    return;
  }
  const clock = fakeClock();
  const provider = new FakeProvider();
  const neighbour = new FakeProvider("https://okta.example/oauth2/aus2", [testKey("key-of-aus2")]);
  const identity = createIdentity({
    providers: [provider.settings(), neighbour.settings()],
    peopleClients: ["mayfly-cli"],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: (url, request) => (url.startsWith(neighbour.issuer) ? neighbour : provider).fetch(url, request),
  });
  const tokens = await row({ provider, neighbour, identity, now: clock.wall() });
  expect(tokens.length).toBeGreaterThan(0);
  for (const token of tokens) {
    const verdict = await identity.verify(token).then(
      () => "allow",
      (error: unknown) => (error instanceof IdentityError ? "deny" : String(error)),
    );
    expect({ token, verdict }).toEqual({ token, verdict: expected });
  }
  identity.close();
});

async function signInRow({ signIn, fresh }: SignInRow, expected: CorpusCase["expected"]): Promise<void> {
  // Whatever comes of an attempt, it may not be who the same attempt without the attack is.
  expect(await outcome((await setScene(fresh)).attempt())).toBe("alice@example.com");
  expect(signIn.length).toBeGreaterThan(0);
  for (const attempt of signIn) {
    const came = await outcome((await setScene(fresh)).attempt(attempt));
    expect({ came, verdict: came === "alice@example.com" ? "allow" : "deny" }).toEqual({
      came,
      verdict: expected,
    });
  }
}

test("no row is left over, and the corpus is not empty", () => {
  expect(corpus.length).toBeGreaterThan(30);
  expect(Object.keys(rows).toSorted()).toEqual(corpus.map(({ id }) => id).toSorted());
});
