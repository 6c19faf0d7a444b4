import { minute } from "../../../packages/gateway/src/grants/testing/harness.ts";
import { ellipticKey } from "../acts/agents.ts";
import { byOidc, bySaml, signedIn } from "../acts/people.ts";
import { loads, type Case, type Document } from "../case.ts";

const oidcAt = (...member: string[]): string[] => ["identity", "people", "oidc", ...member];
const samlAt = (...member: string[]): string[] => ["identity", "people", "saml", ...member];

const oidc = {
  issuer: "http://127.0.0.1:{{port}}",
  client_id: "gw",
  client_secret: { env: "SECRET" },
  allow_insecure_loopback: true,
};
const saml = { metadata: "idp.xml" };
/** Writes how people sign in. */
const people =
  (written: Document) =>
  (document: Document): void => {
    document.identity.people = structuredClone(written);
  };

type Row = readonly [
  member: string,
  narrow: unknown,
  wide: unknown,
  refused: RegExp,
  act: Case["act"],
  passes?: RegExp | undefined,
  settings?: Document,
];

const nobody = /^nobody can sign in$/;
const asAlice = byOidc({ say: ({ login }) => login });

const oidcRows: readonly Row[] = [
  ["issuer", "http://127.0.0.1:{{port}}/other", oidc.issuer, /^\w+ \|/, byOidc()],
  ["client_id", "somebody", "gw", /^not_verified \| .*invalid_client/, byOidc()],
  ["client_secret", { env: "WRONG" }, oidc.client_secret, /^not_verified \| .*invalid_client/, byOidc()],
  [
    "groups_claim",
    "teams",
    "groups",
    /^in platform$/,
    byOidc({ say: ({ groups }) => `in ${groups.join(" ")}` }),
    /^in sre$/,
  ],
  ["login_claim", "email", "preferred_username", /^a\.smith@/, asAlice, /^alice@/],
  [
    "scopes",
    ["openid"],
    ["openid", "groups"],
    /^asks for openid$/,
    byOidc({ say: (_, asked) => `asks for ${asked.get("scope") ?? ""}` }),
    /^asks for openid groups$/,
  ],
  ["algorithms", ["RS256"], ["RS256", "ES256"], /^not_verified \|/, byOidc({ key: ellipticKey })],
  ["algorithms", ["ES256"], ["RS256", "ES256"], /^not_verified \|/, byOidc()],
  [
    "ca",
    "other-ca.pem",
    "ca.pem",
    /^provider_away \|/,
    byOidc({ speech: "tls" }),
    undefined,
    { ...oidc, issuer: "https://127.0.0.1:{{port}}" },
  ],
  [
    "allow_insecure_loopback",
    false,
    true,
    /^configuration \| this must start with https:\/\//,
    loads,
    undefined,
    { ...oidc, issuer: "http://127.0.0.1:9" },
  ],
  ["label", "Sign in", "Okta", /^Sign in$/, byOidc({ say: (_, __, label) => label }), /^Okta$/],
];

const unasked = bySaml({ unasked: true });
/** The provider's clock is ahead. */
const ahead = bySaml({
  mint: (now) => ({
    edit: (xml) => xml.replace(/NotBefore="[^"]*"/g, `NotBefore="${new Date(now + 20_000).toISOString()}"`),
  }),
});

const samlRows: readonly Row[] = [
  ["metadata", "other.xml", "idp.xml", /^not_verified \|/, bySaml()],
  [
    "entity_id",
    "another",
    "https://mayfly.internal:8443/sign-in/saml/metadata",
    /^not_verified \|/,
    bySaml(),
  ],
  [
    "groups_attribute",
    "teams",
    "groups",
    /^in no group$/,
    bySaml({ say: ({ groups }) => `in ${groups[0] ?? "no group"}` }),
    /^in sre$/,
  ],
  ["login_attribute", "absent", undefined, /^\w+ \|/, bySaml()],
  ["id_attribute", "absent", undefined, /^not_verified \|.*id attribute/, bySaml()],
  ["allow_provider_initiated", false, true, /^\w+ \|/, unasked],
  ["clock_skew", "0s", "30s", /^\w+ \|/, ahead],
  ["label", "Sign in", "Okta (SAML)", /^Sign in$/, bySaml({ say: (_, label) => label }), /^Okta \(SAML\)$/],
];

const sessions: readonly Case[] = [
  {
    at: ["identity", "people", "sessions", "idle"],
    narrow: "5m",
    wide: "30m",
    refused: /^the session is over$/,
    act: signedIn(async ({ people: at, clock, done }) => {
      clock.advance(10 * minute);
      return (await at.authenticate(done.cookie, true)) === undefined ? "the session is over" : "passed";
    }),
  },
  {
    at: ["identity", "people", "sessions", "absolute"],
    narrow: "15m",
    wide: "30m",
    refused: /^the session is over$/,
    act: signedIn(async ({ people: at, clock, done }) => {
      for (let i = 0; i < 4; i++) {
        clock.advance(5 * minute);
        if ((await at.authenticate(done.cookie, true)) === undefined) return "the session is over";
      }
      return "passed";
    }),
    base: people({ sessions: { idle: "10m" } }),
  },
  {
    at: ["identity", "people", "groups_max_age"],
    narrow: "5m",
    wide: "15m",
    refused: /^sign_in_again \|/,
    act: signedIn(async ({ people: at, clock, done }) => {
      clock.advance(10 * minute);
      await at.current(done.verified);
      return "passed";
    }),
  },
];

const rowOf =
  (where: (...member: string[]) => string[], usualSettings: Document) =>
  ([member, narrow, wide, refused, act, passes, settings = usualSettings]: Row): Case => ({
    at: where(member),
    narrow,
    wide,
    refused,
    ...(passes === undefined ? {} : { passes }),
    act,
    base: people({ [where().at(-1) ?? ""]: settings }),
  });

export const signInCases: readonly Case[] = [
  { at: oidcAt(), narrow: undefined, wide: oidc, refused: nobody, act: byOidc() },
  ...oidcRows.map(rowOf(oidcAt, oidc)),
  { at: samlAt(), narrow: undefined, wide: saml, refused: nobody, act: bySaml() },
  ...samlRows.map(rowOf(samlAt, saml)),
  ...sessions,
];
