import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createDpop } from "./dpop.ts";
import type { Dpop } from "./dpop.ts";
import type { BoundToken } from "./read-proof.ts";
import type { DpopError } from "./error.ts";
import type { PresentedToken } from "./presented-token.ts";
import {
  type ProofKey,
  proofKey,
  proofText,
  type ProofText,
  signParts,
  signProof,
} from "./testing/proofs.ts";

const url = "https://mayfly.test:8443";
const token = "eyJ.token.of-an-agent";
const key = proofKey();
const other = proofKey();

function bound(text = token, more: Partial<BoundToken> = {}): BoundToken {
  return {
    digest: createHash("sha256").update(text).digest("hex"),
    thumbprint: key.thumbprint,
    principal: "bot",
    ...more,
  };
}

/** A gateway that has run for long enough to know every proof that may be shown to it. */
function running(more: { readonly isShared?: boolean } = {}): {
  dpop: Dpop;
  clock: ReturnType<typeof fakeClock>;
} {
  const clock = fakeClock();
  const dpop = createDpop({ clock, url, isShared: false, ...more });
  clock.advance(120_000);
  return { dpop, clock };
}

const target = "/http/billing-api/v1/invoices/7?expand=lines";
const request = { method: "GET", url: `${url}/http/billing-api/v1/invoices/7`, token };

function shownWith(...proofs: string[]): PresentedToken {
  return { scheme: "dpop", method: "GET", target, proofs };
}

function refusalOf(run: () => void): DpopError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as DpopError;
  }
}

type Change = (text: ProofText, now: number) => void;
const claim =
  (name: string, value: unknown): Change =>
  ({ claims }) => {
    claims[name] = value;
  };
const header =
  (name: string, value: unknown): Change =>
  (text) => {
    text.header[name] = value;
  };
const without =
  (part: "header" | "claims", name: string): Change =>
  (text) => {
    text[part] = Object.fromEntries(Object.entries(text[part]).filter(([each]) => each !== name));
  };

/** Each is refused for one thing: the same proof without it, its jti too, is then taken. */
const changed: readonly (readonly [what: string, change: Change, words: RegExp])[] = [
  ["no typ", without("header", "typ"), /typ/],
  ["the type of an access token", header("typ", "at+jwt"), /typ/],
  ["another spelling of its type", header("typ", "DPOP+JWT"), /typ/],
  ["no algorithm", without("header", "alg"), /algorithm/],
  ["none", header("alg", "none"), /algorithm/],
  ["a name of every object", header("alg", "constructor"), /algorithm/],
  ["an algorithm of another key", header("alg", "RS256"), /not one for its algorithm/],
  ["an algorithm of another curve", header("alg", "ES384"), /not on curve P-384/],
  ["a critical extension", header("crit", ["exp"]), /more than/],
  ["a key by reference", header("jku", "https://evil.test/keys"), /more than/],
  ["a certificate", header("x5c", ["MII"]), /more than/],
  ["no key", without("header", "jwk"), /no key/],
  ["a list for a key", header("jwk", [key.jwk]), /no key/],
  ["a symmetric key", header("jwk", { kty: "oct", k: "c2VjcmV0" }), /private members/],
  ["its private key", header("jwk", key.privateKey.export({ format: "jwk" })), /private members/],
  ["a point on no curve", header("jwk", { ...key.jwk, y: key.jwk.x }), /no public key/],
  ["a member of another type", header("jwk", { ...key.jwk, x: 7 }), /not one for its algorithm/],
  ["another key", header("jwk", other.jwk), /bound to/],
  ["no htm", without("claims", "htm"), /no usable htm/],
  ["another method", claim("htm", "POST"), /method/],
  ["the method in lower case", claim("htm", "get"), /method/],
  ["no htu", without("claims", "htu"), /no usable htu/],
  ["another path", claim("htu", `${url}/http/billing-api/v1/invoices/8`), /htu/],
  ["another origin", claim("htu", "https://other.test:8443/http/billing-api/v1/invoices/7"), /htu/],
  ["a list of URLs", claim("htu", [request.url]), /no usable htu/],
  ["no iat", without("claims", "iat"), /no usable iat/],
  ["a time in words", claim("iat", "now"), /no usable iat/],
  ["a minute and a second ago", (text, now) => (text.claims["iat"] = now / 1000 - 61), /\(iat\)/],
  ["in half a minute and a second", (text, now) => (text.claims["iat"] = now / 1000 + 31), /\(iat\)/],
  ["no jti", without("claims", "jti"), /no usable jti/],
  ["an empty jti", claim("jti", ""), /no usable jti/],
  ["a long jti", claim("jti", "x".repeat(257)), /no usable jti/],
  ["no ath", without("claims", "ath"), /no usable ath/],
  ["another token", claim("ath", createHash("sha256").update("other").digest("base64url")), /ath/],
  ["the token's digest in hexadecimal", claim("ath", bound().digest), /ath/],
  ["a nonce that is no text", claim("nonce", 7), /no usable nonce/],
  ["a body's digest that is no text", claim("body_sha256", 7), /no usable body_sha256/],
  ["an empty digest of a body", claim("body_sha256", ""), /no usable body_sha256/],
  ["no digest of a body where one is named", claim("body_sha256", null), /no usable body_sha256/],
  ["a list of bodies' digests", claim("body_sha256", ["x"]), /no usable body_sha256/],
];

for (const [what, change, words] of changed)
  test(`refused for it alone: ${what}`, () => {
    const { dpop, clock } = running();
    const good = proofText(key, request, clock.wall());
    const bad = structuredClone(good);
    change(bad, clock.wall());
    const error = refusalOf(() => dpop.check(bound(), shownWith(signProof(bad, key))));
    expect(error).toMatchObject({
      code: "proof_invalid",
      status: 401,
      challenge: { error: "invalid_dpop_proof" },
    });
    expect(error?.message).toMatch(words);
    expect(error?.message).not.toContain(token);
    expect(refusalOf(() => dpop.check(bound(), shownWith(signProof(good, key))))).toBe(undefined);
  });

/** The same for what is wrong with the proof's text, or with how it comes. */
const written: readonly (readonly [
  what: string,
  write: (good: string, text: ProofText) => string[],
  words: RegExp,
])[] = [
  ["another key's signature", (_, text) => [signProof(text, other)], /signature/],
  [
    "a signature with the public key as a secret",
    (_, text) => {
      const input = [{ ...text.header, alg: "HS256" }, text.claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
      return [`${input}.${createHmac("sha256", JSON.stringify(key.jwk)).update(input).digest("base64url")}`];
    },
    /algorithm/,
  ],
  [
    "a byte of the claims changed",
    (good) => [good.replace(/\.(.)/, (_, first) => `.${first === "e" ? "f" : "e"}`)],
    /signature/,
  ],
  ["no signature", (good) => [good.replace(/[^.]+$/, "")], /base64url/],
  ["padding", (good) => [`${good}=`], /base64url/],
  ["two parts", (good) => [good.split(".").slice(0, 2).join(".")], /signed JWT/],
  ["five parts", (good) => [`${good}.a.b`], /signed JWT/],
  ["two proofs in two headers", (good) => [good, good], /more than one/],
  ["two proofs in one header", (good) => [`${good}, ${good}`], /signed JWT/],
  [
    "a name that stands twice",
    (_, { header: head, claims }) => [
      signParts(JSON.stringify(head), JSON.stringify(claims).replace("{", '{"htm":"POST",'), key),
    ],
    /unambiguous/,
  ],
  [
    "claims that are a list",
    (_, { header: head }) => [signParts(JSON.stringify(head), "[]", key)],
    /JSON object/,
  ],
  [
    "too long",
    (_, { header: head, claims }) => [
      signProof({ header: head, claims: { ...claims, pad: "x".repeat(8192) } }, key),
    ],
    /longer than 8192/,
  ],
];

for (const [what, write, words] of written)
  test(`refused for it alone: ${what}`, () => {
    const { dpop, clock } = running();
    const text = proofText(key, request, clock.wall());
    const good = signProof(text, key);
    const error = refusalOf(() => dpop.check(bound(), shownWith(...write(good, text))));
    expect(error).toMatchObject({ code: "proof_invalid", challenge: { error: "invalid_dpop_proof" } });
    expect(error?.message).toMatch(words);
    expect(refusalOf(() => dpop.check(bound(), shownWith(good)))).toBe(undefined);
  });

/** What is said to a good proof by such a key. */
function saidTo(made: ProofKey): string | undefined {
  const { dpop, clock } = running();
  const proof = signProof(proofText(made, request, clock.wall()), made);
  return refusalOf(() => dpop.check(bound(token, { thumbprint: made.thumbprint }), shownWith(proof)))
    ?.message;
}

test.each(["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"])("takes %s", (alg) => {
  expect(saidTo(proofKey(alg))).toBe(undefined);
});

test("a key that is too weak is refused, and one whose verification would take long", () => {
  expect(saidTo(proofKey("RS256", 1024))).toMatch(/fewer than 2048/);
  const slow = proofKey("RS256", 3072);
  const e = Buffer.alloc(383, 0x7f).toString("base64url");
  expect(saidTo({ ...slow, jwk: { ...slow.jwk, e } })).toMatch(/exponent/);
});

/** RFC 9449, section 7.1, figure 12, with the token and thumbprint of sections 5 and 6.1. */
const rfc = {
  token: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
  thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
  proof:
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
  /** Figure 2: for the token endpoint, without `ath`. */
  tokenProof:
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
};

test("RFC 9449's own example is taken, once, and its proof for a token endpoint is not", () => {
  const clock = fakeClock((1_562_262_618 - 120) * 1000);
  const dpop = createDpop({ clock, url: "https://resource.example.org", isShared: false });
  clock.advance(120_000);
  const theirs = bound(rfc.token, { thumbprint: rfc.thumbprint });
  const shown = (method: string, path: string, proof: string): PresentedToken => ({
    scheme: "dpop",
    method,
    target: path,
    proofs: [proof],
  });
  const tokenRequest = refusalOf(() => dpop.check(theirs, shown("POST", "/token", rfc.tokenProof)));
  expect(tokenRequest?.message).toMatch(/no usable ath/);
  expect(refusalOf(() => dpop.check(theirs, shown("GET", "/protectedresource", rfc.proof)))).toBe(undefined);
  const again = refusalOf(() => dpop.check(theirs, shown("GET", "/protectedresource", rfc.proof)));
  expect(again?.message).toMatch(/used before/);
});

test("a proof is used up by its request, and whatever looks at that request again needs no other", () => {
  const { dpop, clock } = running();
  const proof = signProof(proofText(key, request, clock.wall()), key);
  const shown = shownWith(proof);
  dpop.check(bound(), shown);
  dpop.check(bound(), shown);
  // For another token the same request proves nothing.
  expect(refusalOf(() => dpop.check(bound("other"), shown))?.message).toMatch(/ath/);
  expect(refusalOf(() => dpop.check(bound(), shownWith(proof)))?.message).toMatch(/used before/);
  // Another jti, another proof; the same jti of another key, too.
  const fresh = proofText(key, request, clock.wall());
  dpop.check(bound(), shownWith(signProof(fresh, key)));
  const theirs = structuredClone(fresh);
  theirs.header["jwk"] = other.jwk;
  dpop.check(bound(token, { thumbprint: other.thumbprint }), shownWith(signProof(theirs, other)));
});

test("a bound token is refused as a bearer and without a proof, and an unbound one as a bound one", () => {
  const { dpop } = running();
  const bearer: PresentedToken = { scheme: "bearer", method: "GET", target, proofs: [] };
  const of = (given: BoundToken, shown: PresentedToken | undefined): unknown => {
    const error = refusalOf(() => dpop.check(given, shown));
    return error === undefined ? "taken" : [error.code, error.challenge.error];
  };
  const unbound = bound(token, { thumbprint: undefined });
  expect(of(bound(), bearer)).toEqual(["proof_missing", "invalid_token"]);
  expect(of(bound(), undefined)).toEqual(["proof_missing", "invalid_token"]);
  expect(of(bound(), shownWith())).toEqual(["proof_missing", "invalid_dpop_proof"]);
  expect(of(unbound, shownWith("x"))).toEqual(["token_unbound", "invalid_token"]);
  expect(of(unbound, bearer)).toBe("taken");
  expect(of(unbound, undefined)).toBe("taken");
});

test("a gateway that has just started demands its nonce, since proofs may have been used before it", () => {
  const clock = fakeClock();
  const dpop = createDpop({ clock, url, isShared: false });
  const at = clock.wall();
  const asked = refusalOf(() => dpop.check(bound(), shownWith(signProof(proofText(key, request, at), key))));
  expect(asked).toMatchObject({ code: "proof_nonce", challenge: { error: "use_dpop_nonce" } });
  const nonce = asked?.challenge.nonce ?? "";
  const withNonce = proofText(key, { ...request, nonce }, at);
  dpop.check(bound(), shownWith(signProof(withNonce, key)));
  expect(refusalOf(() => dpop.check(bound(), shownWith(signProof(withNonce, key))))?.message).toMatch(
    /used before/,
  );
  // One that the gateway before it may have taken, from a client whose clock is ahead, is refused for as long as it is good.
  const ahead = signProof(proofText(key, request, at + 30_000), key);
  for (let ms = 0; ms < 90_000; ms += 10_000) {
    expect(refusalOf(() => dpop.check(bound(), shownWith(ahead)))?.code).toBe("proof_nonce");
    clock.advance(10_000);
  }
  clock.advance(1000);
  expect(refusalOf(() => dpop.check(bound(), shownWith(ahead)))?.code).toBe("proof_invalid");
  // From then on nobody needs one.
  dpop.check(bound(), shownWith(signProof(proofText(key, request, clock.wall()), key)));
});

test("gateways that share a store each demand their own nonce, so that a proof is good at one of them", () => {
  const [here, there] = [running({ isShared: true }), running({ isShared: true })];
  const nonceOf = ({ dpop, clock }: typeof here, nonce?: string): string | undefined =>
    refusalOf(() =>
      dpop.check(
        bound(),
        shownWith(
          signProof(
            proofText(key, { ...request, ...(nonce === undefined ? {} : { nonce }) }, clock.wall()),
            key,
          ),
        ),
      ),
    )?.challenge.nonce;
  const [ours, theirs] = [nonceOf(here) ?? "", nonceOf(there) ?? ""];
  expect(ours).not.toBe(theirs);
  expect(nonceOf(here, ours)).toBe(undefined);
  expect(nonceOf(there, theirs)).toBe(undefined);
  expect(nonceOf(there, ours)).toBe(theirs);
  // It is good for a minute at least and a minute and a half at most, whatever the wall clock says.
  here.clock.advance(60_000);
  expect(nonceOf(here, ours)).toBe(undefined);
  here.clock.advance(30_000);
  expect(nonceOf(here, ours)).not.toBe(undefined);
  expect(nonceOf(here, "")).toBe(undefined);
});

test("a wall clock that was stepped back does not make a forgotten proof good again", () => {
  const { dpop, clock } = running();
  const proof = signProof(proofText(key, request, clock.wall()), key);
  dpop.check(bound(), shownWith(proof));
  clock.advance(91_000);
  // Forgets the first.
  dpop.check(bound(), shownWith(signProof(proofText(key, request, clock.wall()), key)));
  clock.stepWall(-91_000);
  expect(refusalOf(() => dpop.check(bound(), shownWith(proof)))?.code).toBe("proof_nonce");
});

test("a proof that is refused is not used up", () => {
  const { dpop, clock } = running();
  const text = proofText(key, request, clock.wall());
  for (const words of ["POST", "PUT", "DELETE"])
    expect(
      refusalOf(() =>
        dpop.check(bound(), shownWith(signProof({ ...text, claims: { ...text.claims, htm: words } }, key))),
      ),
    ).toBeDefined();
  expect(refusalOf(() => dpop.check(bound(), shownWith(signProof(text, key))))).toBe(undefined);
});

test("a loan stands for its token until it ends, and nothing else does", () => {
  const { dpop } = running();
  const shown = shownWith("x");
  const loan = dpop.loans.lend(token, shown);
  expect(dpop.loans.find(loan.bearer)).toEqual({ token, shown });
  expect(dpop.loans.find(`${loan.bearer.slice(0, -1)}!`)).toBe(undefined);
  expect(dpop.loans.find(token)).toBe(undefined);
  loan.end();
  expect(dpop.loans.find(loan.bearer)).toBe(undefined);
});
