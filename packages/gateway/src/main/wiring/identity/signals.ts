import type { Logger } from "pino";
import type { SignalServices } from "../../../api/services.ts";
import type { AuditLog } from "../../../audit/log.ts";
import type { NewRecord } from "../../../audit/records.ts";
import type { Configuration } from "../../../configuration/types.ts";
import type { Grants } from "../../../grants/grants.ts";
import type { Withdrawal } from "../../../grants/lifecycle/withdraw.ts";
import type { BrowserSessionStore } from "../../../identity/browser-sessions/store.ts";
import type { Memberships } from "../../../identity/memberships/memberships.ts";
import type { People } from "../../../identity/people.ts";
import { readIdpMetadata } from "../../../identity/sign-in/saml/idp-metadata.ts";
import type { CutOff, CutOffs } from "../../../identity/signals/cut-offs.ts";
import type { Signal, SignalOutcome, SignalSink } from "../../../identity/signals/signal.ts";
import {
  createSignalSink,
  type Reach,
  type Receipt,
  type Withdrawing,
} from "../../../identity/signals/sink.ts";
import { concerns, saidAtProvider } from "../../../identity/signals/subjects.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { providerHolder } from "./provider-holder.ts";
import { inGroupsStill } from "../requester-now.ts";

/** What the sink of a gateway is made of. */
export interface SignalParts {
  readonly clock: Clock;
  readonly log: AuditLog;
  readonly logger: Logger;
  readonly configuration: () => Configuration;
  readonly cutOffs: CutOffs;
  readonly memberships: Pick<Memberships, "left" | "joined" | "foresee">;
  readonly grants: Pick<Grants, "reach" | "withdrawAll" | "judgeAgain">;
  readonly people: Pick<People, "endAbout">;
  readonly seen: Pick<BrowserSessionStore, "mark" | "marked">;
  /** Told of each signal's subject, so that whoever remembers something of it asks anew; resolves when they know. */
  readonly refresh: (signal: Signal) => Promise<void>;
  readonly counted: (outcome: SignalOutcome, delayMs: number) => void;
  readonly fault: (error: unknown) => void;
}

/** The issuers at the org: those of agents, where people sign in, and SAML's, whose sign-on page is there. */
export function issuersOf({ identity }: Configuration): readonly string[] {
  const { agents, people, signals } = identity;
  if (signals === undefined) return [];
  const isOrgs = (url: string): boolean => signals.org.includes(URL.parse(url)?.origin ?? "");
  const named = [
    ...agents.map(({ issuer }) => issuer),
    ...(people.oidc === undefined ? [] : [people.oidc.issuer]),
  ];
  const saml = people.saml === undefined ? undefined : readIdpMetadata(people.saml.metadata);
  return [
    ...new Set([
      ...named.filter(isOrgs),
      ...(saml !== undefined && (isOrgs(saml.ssoUrl) || isOrgs(saml.entityId)) ? [saml.entityId] : []),
    ]),
  ];
}

/** What a signal ends of grants and requests, whose holders are known here by other names than at the provider. */
const withdrawalOf = ({ matches, reason }: Withdrawing, { identity }: Configuration): Withdrawal => ({
  matches: (requester, issuedAt) => matches(providerHolder(requester, identity), issuedAt),
  reason: `identity withdrawn: ${reason}`,
});

/** Ends what a cut-off ends that another gateway of the store has kept. */
export function endLearned(
  parts: Pick<SignalParts, "grants" | "people" | "configuration" | "fault">,
  { at, reason, ...about }: CutOff,
): void {
  const { grants, people, fault } = parts;
  const matches: Withdrawing["matches"] = (holder, issuedAt) =>
    saidAtProvider(holder, issuedAt) <= at && concerns(about, holder);
  void grants.withdrawAll(withdrawalOf({ about, at, matches, reason }, parts.configuration())).requests;
  people.endAbout(about, at, reason).catch(fault);
}

/** The record of a receipt. */
function receivedRecord({ signal, reach, reason }: Receipt, configuration: string): NewRecord {
  const { channel, event, id, at, subject, effect, membership, through } = signal;
  return {
    type: "signal.received",
    principal: { kind: "system", issuer: "mayfly", subject: "mayfly", name: "mayfly" },
    configuration,
    detail: {
      channel,
      event,
      id,
      published: new Date(at).toISOString(),
      subject: { ...subject },
      effect,
      reason,
      ...(through === undefined ? {} : { through }),
      ...(membership === undefined ? {} : { group: { ...membership.group }, is_member: membership.isMember }),
      ...(reach === undefined
        ? {}
        : { grants: reach.grants, requests: reach.requests, sessions: reach.sessions }),
    },
  };
}

/** Makes the sink. It outlives a reload. */
export function signalSinkOf(parts: SignalParts): SignalSink {
  const { clock, log, grants, people, seen, fault, logger } = parts;
  const sessionsOf = async ({ about, at, reason }: Withdrawing, isDryRun: boolean): Promise<string[]> =>
    (await people.endAbout(about, at, reason, { isDryRun })).map(({ id }) => id);
  return createSignalSink({
    clock,
    cutOffs: parts.cutOffs,
    memberships: parts.memberships,
    seen: {
      has: async (id) => ((await seen.marked("signal", id)) ?? 0) > clock.wall(),
      add: (id, until) => seen.mark("signal", id, until),
    },
    async record(receipts) {
      const { digest } = parts.configuration();
      for (const receipt of receipts) log.append(receivedRecord(receipt, digest));
      await log.sync();
    },
    async reach(all) {
      const [reached, sessions] = await Promise.all([
        grants.reach(all.map((each) => withdrawalOf(each, parts.configuration()))),
        Promise.all(all.map((each) => sessionsOf(each, true))),
      ]);
      return reached.map((each, at): Reach => ({ ...each, sessions: sessions[at] ?? [] }));
    },
    withdraw(withdrawing) {
      const { grants: ended, requests } = grants.withdrawAll(
        withdrawalOf(withdrawing, parts.configuration()),
      );
      const sessions = sessionsOf(withdrawing, false);
      const done = Promise.all([requests, sessions]).then(([closed, over]): Reach => ({
        grants: ended,
        requests: closed,
        sessions: over,
      }));
      return { grants: ended, done };
    },
    judgeAgain(matches, cause, isDryRun, foreseen) {
      const { identity } = parts.configuration();
      return grants.judgeAgain((requester) => matches(providerHolder(requester, identity)), cause, {
        isDryRun,
        ...(foreseen === undefined
          ? {}
          : { foreseen: (requester) => inGroupsStill(requester, { memberships: { still: foreseen } }) }),
      });
    },
    refresh: (signal) => parts.refresh(signal).catch(fault),
    told(outcome, delayMs) {
      const { signal, grants: ended, requests, sessions } = outcome;
      const { channel, event, id, subject, effect } = signal;
      logger.info(
        {
          channel,
          event,
          id,
          subject,
          effect,
          delay_ms: delayMs,
          grants: ended,
          requests: requests.length,
          sessions: sessions.length,
        },
        "signal carried out",
      );
      parts.counted(outcome, delayMs);
    },
    fault,
  });
}

/** What the API's channels need of it; undefined where none is configured. */
export function signalServices(
  configuration: Configuration,
  sink: SignalSink,
  refused: SignalServices["refused"],
): SignalServices | undefined {
  const { signals } = configuration.identity;
  return signals === undefined
    ? undefined
    : { sink, settings: signals, issuers: issuersOf(configuration), refused };
}
