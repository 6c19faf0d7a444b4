import type { Configuration } from "../../../configuration/types.ts";
import { type Change, touchesIdentity } from "../../../configuration/changes.ts";
import type { Grants } from "../../../grants/grants.ts";
import type { Requester } from "../../../grants/types.ts";
import { createPeople, type ManagedPeople } from "../../../identity/create-people.ts";
import { createDpop, type Dpop } from "../../../identity/dpop/dpop.ts";
import { createMemberships, type Memberships } from "../../../identity/memberships/memberships.ts";
import { createProofs, type Proofs } from "../../../identity/proofs/proofs.ts";
import { createCutOffs, type CutOffs } from "../../../identity/signals/cut-offs.ts";
import { deliverWithRetry } from "../../../identity/signals/deliver-with-retry.ts";
import type { SignalSink } from "../../../identity/signals/signal.ts";
import { createShownTokens } from "../../../identity/watches.ts";
import { answerForNonces, issuersAmong } from "../../workers/proofs.ts";
import type { Siblings } from "../../workers/siblings.ts";
import type { Boot, InForce } from "../boot.ts";
import type { Records } from "../records.ts";
import type { KnownNow } from "../requester-now.ts";
import { identityOf } from "./identity.ts";
import { type OktaApis, createOktaApis, oktaTroubleLog } from "./okta-api.ts";
import { peopleOf, recordSignOut } from "./people.ts";
import { endLearned } from "./signals.ts";
import { type SwappableIdentity, swappableIdentity } from "./swappable-identity.ts";

/** Who agents and people are, and what is known of them beside their tokens. */
export interface IdentityServices {
  readonly memberships: Memberships;
  readonly cutOffs: CutOffs;
  readonly dpop: Dpop;
  readonly proofs: Proofs;
  readonly okta: OktaApis;
  /** Where what Okta's API tells is carried out: resolved once that stands. */
  readonly sinkReady: PromiseWithResolvers<SignalSink>;
  readonly identity: SwappableIdentity;
  readonly people: ManagedPeople;
  /** What the rules of grants know of a requester. */
  readonly known: KnownNow;
  /**
   * Makes what another configuration needs, and swaps nothing.
   * @returns puts it in force
   */
  prepare(next: Configuration, changes: readonly Change[]): () => Promise<void>;
}

/** What the provider said about people and agents, as this gateway and those beside it heard it. */
async function startHeard(
  { clock, fault, onStop }: Boot,
  inForce: InForce,
  { store }: Records,
  grants: () => Grants,
  people: () => ManagedPeople,
): Promise<Pick<IdentityServices, "memberships" | "cutOffs">> {
  const isShared = inForce.adopted.configuration.store.kind !== "sqlite";
  const memberships = createMemberships({
    store: store.memberships,
    clock,
    isShared,
    // What the gateway that heard of it did not know of yet is to be judged here.
    learned: (isMeant) =>
      void grants().judgeAgain(
        ({ person, ...requester }) => isMeant(requester) || (person !== undefined && isMeant(person)),
        "another gateway was told that somebody joined or left a group",
      ),
    fault,
  });
  onStop(() => memberships.stop());
  await memberships.start();
  const cutOffs = createCutOffs({
    store: store.cutOffs,
    clock,
    isShared,
    learned: (cutOff) =>
      endLearned(
        {
          grants: grants(),
          people: people(),
          configuration: () => inForce.adopted.configuration,
          fault,
        },
        cutOff,
      ),
    fault,
  });
  onStop(() => cutOffs.stop());
  await cutOffs.start();
  return { memberships, cutOffs };
}

/** Okta's API, whose word ends and changes grants. */
function startOkta(
  { clock, logger, fault, onStop }: Boot,
  first: Configuration,
  proofs: Proofs,
  sinkReady: Promise<SignalSink>,
  grants: () => Grants,
): OktaApis {
  const okta = createOktaApis({
    configuration: first,
    clock,
    proofs,
    news: {
      changed(issuer, client) {
        const matches = (holder: Requester): boolean => holder.issuer === issuer && holder.client === client;
        void grants().judgeAgain(matches, "Okta's API says other groups, owners or state of the agent");
      },
      ended: (signal) => void sinkReady.then((sink) => deliverWithRetry(sink, [signal], clock)).catch(fault),
      failed: oktaTroubleLog(logger),
    },
  });
  onStop(() => okta.close());
  return okta;
}

/**
 * @param grants asked only once they stand
 * @param siblings the other processes behind the same port; left out: there are none
 */
export async function startIdentity(
  boot: Boot,
  inForce: InForce,
  records: Records,
  grants: () => Grants,
  siblings?: Siblings,
): Promise<IdentityServices> {
  const { clock, logger, fault, onStop } = boot;
  const { store } = records;
  const first = inForce.adopted.configuration;
  const { memberships, cutOffs } = await startHeard(boot, inForce, records, grants, () => people);
  const dpop = createDpop({
    clock,
    url: first.url,
    isShared: first.store.kind !== "sqlite",
    ...(siblings === undefined ? {} : { issuers: issuersAmong(siblings) }),
  });
  if (siblings !== undefined) answerForNonces(siblings, dpop);
  // Every channel by which the provider says that somebody is still good tells it to the proofs.
  const proofs = createProofs(clock);
  // Okta may be heard before everything stands that its word ends.
  const sinkReady = Promise.withResolvers<SignalSink>();
  const okta = startOkta(boot, first, proofs, sinkReady.promise, grants);
  const shown = createShownTokens();
  const kept = { memberships, cutOffs, proofs, shown, dpop, okta: okta.asked, askAgain: okta.confirm };
  const identity = swappableIdentity(identityOf(first, clock, logger, kept));
  onStop(() => identity.close());
  const signInParts = { url: first.url, clock, usedOnce: store.browserSessions };
  let rules = peopleOf(first, signInParts);
  const people = createPeople({
    store: store.browserSessions,
    clock,
    rules,
    memberships,
    cutOffs,
    onEnded: (end) => recordSignOut(records.audit.log, fault, end),
    fault,
  });
  onStop(() => people.close());
  return {
    memberships,
    cutOffs,
    dpop,
    proofs,
    okta,
    sinkReady,
    identity,
    people,
    known: { memberships, cutOffs, agent: okta.agent, learn: okta.learn },
    prepare(next, changes) {
      const isSame = !changes.some(touchesIdentity);
      const nextIdentity = isSame ? undefined : identityOf(next, clock, logger, kept);
      const before = { configuration: inForce.adopted.configuration, rules };
      const nextRules = isSame ? undefined : peopleOf(next, signInParts, before);
      return async () => {
        if (nextIdentity !== undefined) identity.swap(nextIdentity);
        void identity.warm();
        if (nextRules === undefined) return;
        rules = nextRules;
        await people.adopt(nextRules);
      };
    },
  };
}
