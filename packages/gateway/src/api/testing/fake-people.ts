import { memoryStore, type MemoryStore } from "../../identity/browser-sessions/testing/memory-store.ts";
import { createPeople, type ManagedPeople } from "../../identity/create-people.ts";
import { stubProvider, type StubProvider } from "../../identity/sign-in/testing/stub-provider.ts";
import type { Clock } from "../../kernel/clock.ts";

/** The real people, over a store in memory and providers without a protocol. */
export interface FakePeople {
  readonly people: ManagedPeople;
  readonly store: MemoryStore;
  readonly oidc: StubProvider;
  readonly saml: StubProvider;
  /** Sessions that ended, with the reason. */
  readonly ended: string[];
}

/** Groups of a role that a test's person has: `reviewers` and so on. */
export function fakePeople(clock: Clock): FakePeople {
  const store = memoryStore();
  const oidc = stubProvider(() => clock.wall());
  const saml = stubProvider(() => clock.wall(), "saml");
  const ended: string[] = [];
  const people = createPeople({
    store,
    clock,
    rules: {
      digest: "sha256:rules",
      providers: [oidc, saml],
      roles: { reviewer: ["reviewers"], operator: ["operators"], auditor: ["auditors"] },
      limits: { idle: 1_800_000, absolute: 28_800_000 },
      groupsMaxAge: 900_000,
    },
    onEnded: ({ session, reason }) => void ended.push(`${session.login}: ${reason}`),
  });
  return { people, store, oidc, saml, ended };
}

/** What a page of ours sends along from a browser in which somebody signed in. */
export interface BrowserHeaders {
  readonly cookie: string;
  readonly origin: string;
  readonly "x-mayfly-csrf": string;
  readonly "sec-fetch-site": string;
}

/** Signs somebody in without the routes. @param groups such as `reviewers` */
export async function signedIn(
  { people, oidc }: FakePeople,
  login: string,
  groups: readonly string[],
  own = "https://mayfly.test:8443",
): Promise<BrowserHeaders> {
  oidc.groups.set(login, groups);
  const begun = await people.begin("oidc", { returnTo: "/", binding: undefined, cookie: undefined });
  const state = new URL(begun.redirect).searchParams.get("state") ?? "";
  const browser = { binding: begun.binding, cookie: undefined, address: "10.0.0.1", name: "Firefox" };
  const { cookie } = await people.finish("oidc", { state, code: login }, browser, async () => {});
  const current = await people.authenticate(cookie, true);
  return {
    cookie: `__Host-mayfly=${cookie}`,
    origin: own,
    "x-mayfly-csrf": current?.csrf ?? "",
    "sec-fetch-site": "same-origin",
  };
}
