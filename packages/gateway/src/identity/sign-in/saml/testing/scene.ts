import { inflateRawSync } from "node:zlib";
import { encodeResponse, newSamlKey, samlIdentityProvider } from "@mayfly/okta-stand-in";
import type { Mint, SamlIdentityProvider } from "@mayfly/okta-stand-in";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { SignInAnswer, SignedIn } from "../../provider.ts";
import { SignInRefused } from "../../problems.ts";
import { createSamlSignIn } from "../create.ts";
import type { SamlSettings, SamlSignIn } from "../create.ts";
import { readIdpMetadata } from "../idp-metadata.ts";

// RSA keys take time to make; the tests of one file share them.
const keys = { okta: newSamlKey(), neighbour: newSamlKey(), mallory: newSamlKey() };
/** A key that nobody trusts. */
export const malloryKey: Promise<Awaited<typeof keys.mallory>> = keys.mallory;

export const gateway = { entityId: "gw", acs: "https://gw/acs" } as const;
export const people = [
  { login: "alice@example.com", name: "Alice", groups: ["support-leads", "sre"] },
  { login: "bob@example.com", name: "Bob", groups: ["support-leads"] },
  { login: "carol@example.com", name: "Carol", groups: [] },
] as const;

/** A gateway, its provider in Okta's shapes, another org that it does not trust, and one sign-in under way. */
export interface Scene {
  readonly clock: FakeClock;
  readonly idp: SamlIdentityProvider;
  readonly neighbour: SamlIdentityProvider;
  readonly signIn: SamlSignIn;
  /** Ids that were used. */
  readonly used: Set<string>;
  readonly begun: NonNullable<SignInAnswer["begun"]>;
  /** The id of the AuthnRequest of the sign-in under way. */
  readonly requestId: string;
  /** What the provider answers to the sign-in under way. */
  mint(more?: Partial<Mint>, idp?: SamlIdentityProvider): string;
  /** Posts a response to the sign-in under way. */
  post(xml: string, form?: Partial<SignInAnswer>): Promise<SignedIn>;
}

/** Sets a scene. @param more settings of the gateway that differ */
export async function setScene(
  more: Partial<SamlSettings> = {},
  provider: { readonly nameIdFormat?: "emailAddress"; readonly fresh?: number } = {},
): Promise<Scene> {
  const clock = fakeClock();
  const make = async (app: string, key: "okta" | "neighbour") => {
    const idp = await samlIdentityProvider({
      origin: "https://example.okta.com",
      app,
      people,
      key: await keys[key],
      now: () => clock.wall(),
      ...(provider.nameIdFormat === undefined ? {} : { nameIdFormat: provider.nameIdFormat }),
    });
    idp.register(gateway);
    return idp;
  };
  const idp = await make("exk1mayfly", "okta");
  const neighbour = await make("exk2other", "neighbour");
  const used = new Set<string>();
  const signIn = createSamlSignIn(
    {
      label: "Okta (SAML)",
      provider: readIdpMetadata(idp.metadata()),
      ...gateway,
      groupsAttribute: "groups",
      allowProviderInitiated: false,
      clockSkew: 30_000,
      ...more,
    },
    {
      clock,
      usedOnce: {
        async use(kind, id, until) {
          const key = `${kind} ${id}`;
          if (used.has(key) || until <= clock.wall()) return false;
          used.add(key);
          return true;
        },
      },
    },
  );
  const start = {
    handle: "h".repeat(43),
    binding: "b".repeat(43),
    ...(provider.fresh === undefined ? {} : { fresh: provider.fresh }),
  };
  const { redirect, keep } = await signIn.begin(start);
  const { id } = authnRequestIn(redirect);
  const begun = { ...start, keep, at: clock.wall() };
  return {
    clock,
    idp,
    neighbour,
    signIn,
    used,
    begun,
    requestId: id,
    mint: (mint = {}, from = idp) => from.response({ login: "alice@example.com", inResponseTo: id, ...mint }),
    post: (xml, form = {}) =>
      signIn.finish({
        parameters: { SAMLResponse: encodeResponse(xml), RelayState: start.handle },
        begun,
        ...form,
      }),
  };
}

/** What an attempt came to: the login, or the problem and the check that refused. */
export async function outcome(attempt: Promise<SignedIn>): Promise<string> {
  try {
    return (await attempt).login;
  } catch (error) {
    // Anything else is a crash, which the test shall show as one.
    if (!(error instanceof SignInRefused)) throw error;
    return `${error.problem}: ${error.why}`;
  }
}

/** The AuthnRequest that an address carries. */
export function authnRequestIn(redirect: string): { readonly id: string; readonly xml: string } {
  const parameter = new URL(redirect).searchParams.get("SAMLRequest") ?? "";
  const xml = inflateRawSync(Buffer.from(parameter, "base64")).toString("utf8");
  return { id: / ID="([^"]*)"/.exec(xml)?.[1] ?? "", xml };
}
