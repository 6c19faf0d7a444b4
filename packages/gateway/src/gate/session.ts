import type { AuditLog } from "../audit/log.ts";
import type { RecordContext } from "../audit/records.ts";
import { remaining, type Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import type { SessionTrace } from "../kernel/traceparent.ts";
import { type ActTimes, millisecondsBetween, tickOf } from "./act-times.ts";
import { notCountedYet, type Budgets } from "./limits/budgets.ts";
import type { Pace } from "./limits/pace.ts";
import type { GrantEnd, LiveGrant } from "../grants/types.ts";
import { createActRecords } from "./act-records.ts";
import { recordClosing } from "./closing.ts";
import type { DenialCounter } from "./denials.ts";
import { createDeny } from "./denying.ts";
import { endOf } from "./gate.ts";
import type { ClientFacts, Session, SessionEnd, StillRunning, TurnSender } from "./gate.ts";
import { hintWith } from "./hints.ts";
import { beginAct, beginProgress, endAct, type LiveSession, lookAt, type Progress } from "./live-session.ts";
import { createPaced, type Decide } from "./paced.ts";
import { mintPermit, type Permit } from "./permit.ts";
import type { Covering, Denial, Verdict } from "./protocol.ts";
import { unrecorded, type Turn } from "./turn.ts";

/** The parts of a session; the gate has verified the identity and found the grant. */
export interface SessionParts<Act, Cover> {
  readonly id: string;
  readonly live: LiveGrant;
  /** Who holds the grant, as a key to count by. */
  readonly principal: string;
  readonly client: ClientFacts;
  /** An act in words, for whoever looks at the session; called only then. */
  readonly words: (act: Act) => string;
  readonly target: unknown;
  readonly scopes: readonly { readonly name: string; readonly scope: unknown }[];
  readonly check: (act: Act) => Verdict<Cover>;
  /** Which operations that the holder may request cover a denied act; undefined: not looked up. */
  readonly covering?: (act: Act) => Covering | undefined;
  readonly context: RecordContext;
  /** Number of its opening record, which is written. */
  readonly opened: number;
  readonly log: AuditLog;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly budgets: Budgets;
  readonly pace: Pace;
  readonly denials: DenialCounter;
  /** Called once, when the session has ended. */
  readonly closed: () => void;
  /** Called for a session whose target still runs something of it, for the operator to know. */
  readonly stillRunning: (what: StillRunning) => void;
  /** Called with each verdict, for metrics. */
  readonly judged: (kind: "permit" | "deny") => void;
  readonly times: ActTimes;
  readonly trace?: SessionTrace | undefined;
}

/** A session and the handle by which the gate ends it. */
export interface OpenSession<Act, Cover> {
  readonly session: Session<Act, Cover>;
  end(why: SessionEnd): void;
  /** Ends the session once nothing of it is under way, where its protocol can tell when that is so. */
  endAtRest(why: SessionEnd): void;
  /** What the session is and what it is doing now. */
  look(): LiveSession;
}

/** Denied acts longer than this are not tried against other operations, UTF-16 code units. */
const MAX_HELPED_CHARACTERS = 4000;

/** Makes a session. Every way to its end runs through `end`. */
export function createSession<Act, Cover>(parts: SessionParts<Act, Cover>): OpenSession<Act, Cover> {
  const { live, log, turn, clock, check, times, pace } = parts;
  const records = createActRecords<Cover>(log, parts.opened, parts.context);
  const controller = new AbortController();
  const started = clock.monotonic();
  const openedAt = clock.wall();
  const progress = beginProgress<Act>(openedAt);
  let sender: TurnSender | undefined;
  let closed = false;
  let atRest: SessionEnd | undefined;

  const end = (why: SessionEnd): void => {
    if (!controller.signal.aborted) controller.abort(why);
  };
  const followGrant = (): void => {
    const { state, words } = live.ended.reason as GrantEnd;
    end({ cause: state, words });
  };
  if (live.ended.aborted) followGrant();
  else live.ended.addEventListener("abort", followGrant, { once: true });

  const deny = createDeny(parts, records, progress);

  /** @param came when the act came, by the monotonic clock */
  const decide = (
    came: number,
    act: Act,
    detail: string,
    repeats: Permit<Cover> | undefined,
    hasPlace = false,
  ): ReturnType<Decide<Act, Cover>> => {
    if (sender === undefined) throw new TypeError("judge was called before attach");
    if (controller.signal.aborted || closed || remaining(clock, live.deadline, came) <= 0)
      return deny(pastDeadline(controller.signal, live.grant.id), detail, repeats);
    const tooFast = hasPlace ? undefined : pace.refusal();
    if (tooFast !== undefined) return deny(tooFast, detail, repeats);
    const answer = check(act);
    if (answer.kind !== "permit") return deny(helped(parts, answer.denial, act), detail, repeats);
    const over =
      answer.budget === undefined ? undefined : parts.budgets.consume(live, answer.operation, answer.budget);
    if (over instanceof Promise) return { kind: "wait", until: over, hasPlace };
    if (over !== undefined) return deny(over, detail, repeats);
    let permit: Permit<Cover>;
    try {
      const intent = records.intent(detail, answer.operation, repeats);
      permit = mintPermit(intent, answer.operation, answer.cover, tickOf(clock.monotonic()));
    } catch (error) {
      parts.judged("deny");
      return { kind: "deny", denial: unrecorded(messageOf(error)) };
    }
    pace.spend(records.bytes, hasPlace);
    beginAct(progress, act, permit.intent, records.at);
    parts.judged("permit");
    turn.leaves(sender);
    return { kind: "permit", permit };
  };

  const timed: Decide<Act, Cover> = (act, detail, repeats, hasPlace) => {
    const came = clock.monotonic();
    const decision = decide(came, act, detail, repeats, hasPlace);
    if (decision.kind !== "wait") times.judged(clock.monotonic() - came);
    return decision;
  };

  const session: Session<Act, Cover> = {
    kind: "session",
    id: parts.id,
    grant: live.grant.id,
    principal: parts.principal,
    target: parts.target,
    scopes: parts.scopes,
    endsAt: live.grant.endsAt,
    ended: controller.signal,
    ...(parts.trace === undefined ? {} : { trace: parts.trace }),
    attach(added) {
      sender = senderOf(added, progress);
      // The gateway began to drain while the session was being set up.
      if (atRest !== undefined) sender.endAtRest?.(atRest);
    },
    judge(act, detail, repeats) {
      const decision = timed(act, detail, repeats);
      // The turn cannot wait.
      return decision.kind === "wait" ? deny(notCountedYet(live.grant.id), detail, repeats) : decision;
    },
    ...createPaced(parts, controller.signal, timed),
    complete(permit, outcome) {
      times.completed(millisecondsBetween(permit.tick, tickOf(clock.monotonic())));
      try {
        records.outcome(permit.intent, outcome);
        pace.wrote(records.bytes);
        endAct(progress, permit.intent, records.at);
        turn.writtenSoon();
      } catch {
        endAct(progress, permit.intent);
        // The act has happened and its intent is in the log: without an outcome it reads as "unknown", as it should.
      }
    },
    close(why, stillRunning) {
      if (closed) return;
      closed = true;
      live.ended.removeEventListener("abort", followGrant);
      end(why);
      const { cause } = controller.signal.reason as SessionEnd;
      const milliseconds = Math.round(clock.monotonic() - started);
      recordClosing(parts, progress, { ...why, cause, milliseconds, stillRunning });
      parts.closed();
    },
  };
  const endAtRest = (why: SessionEnd): void => {
    atRest = why;
    sender?.endAtRest?.(why);
  };
  return {
    session,
    end,
    endAtRest,
    look: () => lookAt({ ...parts, grant: live.grant.id, openedAt }, progress),
  };
}

/** A protocol's sender, which takes back what looks like the newest act when it is refused. */
function senderOf<Act>(added: TurnSender, progress: Progress<Act>): TurnSender {
  return {
    leave: () => added.leave(),
    refuse(denial) {
      // The acts permitted in this turn did not happen.
      progress.newest = undefined;
      progress.newestIntent = -1;
      added.refuse(denial);
    },
    ...(added.endAtRest === undefined ? {} : { endAtRest: (why) => added.endAtRest?.(why) }),
  };
}

/** The denial of an act whose session or grant has ended. */
function pastDeadline(ended: AbortSignal, grant: string): Denial {
  const message = endOf(ended)?.words ?? `grant ${grant} is over`;
  return { rule: "deadline", message, remedy: "ask", hint: "ask again: mayfly request" };
}

/** A denial with the operations that cover the act, where the holder may request any. */
function helped<Act, Cover>(parts: SessionParts<Act, Cover>, denial: Denial, act: Act): Denial {
  if (denial.ask === undefined || parts.covering === undefined) return denial;
  if (parts.words(act).length > MAX_HELPED_CHARACTERS) return denial;
  const covering = parts.covering(act);
  return covering === undefined ? denial : { ...denial, hint: hintWith(denial, covering) };
}
