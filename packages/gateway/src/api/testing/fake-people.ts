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
