import type { SignInMethod, SignInProvider, SignedIn } from "../provider.ts";
import { SignInRefused } from "../problems.ts";

/** A provider without a protocol, for tests of what surrounds one: `code` is the login that it vouches for. */
export interface StubProvider extends SignInProvider {
  /** Groups by login, as it says them now. */
  readonly groups: Map<string, readonly string[]>;
  /** What it says beside. */
  readonly extra: Partial<SignedIn>;
  state: "up" | "away" | "forgot";
  /** Whether it can be asked about groups again. */
  canAsk: boolean;
  readonly asked: string[];
}

/** Makes one. @param now the wall clock */
export function stubProvider(now: () => number, method: SignInMethod = "oidc"): StubProvider {
  const stub: StubProvider = {
    method,
    label: method === "oidc" ? "Okta" : "Okta (SAML)",
    issuer: "https://okta.test",
    groups: new Map(),
    extra: {},
    state: "up",
    canAsk: method === "oidc",
    asked: [],
    async begin({ handle, fresh }) {
      if (stub.state === "away") throw new SignInRefused("provider_away", "stub");
      const max = fresh === undefined ? "" : `&max_age=${fresh / 1000}`;
      return { redirect: `https://okta.test/authorize?state=${handle}${max}`, keep: {} };
    },
    async finish({ parameters }) {
      if (stub.state === "away") throw new SignInRefused("provider_away", "stub");
      const login = parameters["code"];
      if (login === undefined) throw new SignInRefused("refused", String(parameters["error"]));
      return {
        issuer: stub.issuer,
        login,
        providerSubject: `00u-${login}`,
        groups: stub.groups.get(login) ?? [],
        groupsAsOf: now(),
        authenticatedAt: now(),
        ...(stub.canAsk
          ? {
              live: {
                async groupsNow() {
                  stub.asked.push(login);
                  if (stub.state === "away") throw new SignInRefused("provider_away", "stub");
                  if (stub.state === "forgot") throw new SignInRefused("refused", "stub");
                  return { groups: stub.groups.get(login) ?? [], asOf: now() };
                },
                signOutUrl: () => "https://okta.test/logout",
              },
            }
          : {}),
        ...stub.extra,
      };
    },
    ...(method === "saml" ? { metadata: () => "<EntityDescriptor/>" } : {}),
    async readLogoutToken(token) {
      const [id = "", subject = "", session] = token.split(" ");
      if (id === "forged") throw new SignInRefused("not_verified", "token_signature");
      return {
        id,
        until: now() + 60_000,
        providerSubject: subject,
        ...(session === undefined ? {} : { providerSession: session }),
      };
    },
    close() {},
  };
  return stub;
}
