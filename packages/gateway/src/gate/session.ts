import type { AuditLog } from "../audit/log.ts";
import type { RecordContext } from "../audit/records.ts";
import { canonicalJson } from "../kernel/canonical.ts";
import { remaining, type Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";
import { spend } from "./budgets.ts";
import type { LiveGrant } from "../grants/types.ts";
import type { ClientFacts, Decision, Session, SessionEnd, TurnSender } from "./gate.ts";
import { hintWith } from "./hints.ts";
import type { LiveSession } from "./live.ts";
import { mintPermit, type Permit } from "./permit.ts";
import type { Covering, Denial, Verdict } from "./protocol.ts";
import { unrecorded, type Turn } from "./turn.ts";

/** What a session is made of; the gate has verified the identity and found the grant. */
export interface SessionParts<Act> {
  readonly id: string;
  readonly live: LiveGrant;
  readonly client: ClientFacts;
  /** An act in words, for whoever looks at the session; called only then. */
  readonly words: (act: Act) => string;
  readonly target: unknown;
  readonly scopes: readonly { readonly name: string; readonly scope: unknown }[];
  readonly check: (act: Act) => Verdict;
  /** Which operations that the holder may request cover a denied act; undefined: not looked up. */
  readonly covering?: (act: Act) => Covering | undefined;
  readonly context: RecordContext;
  readonly log: AuditLog;
  readonly turn: Turn;
  readonly clock: Clock;
  /** Told once, when the session is over. */
  readonly closed: () => void;
  /** Told of each verdict, for metrics. */
  readonly judged: (verdict: "permit" | "deny") => void;
}

/** A session and the handle by which the gate ends it. */
export interface OpenSession<Act> {
  readonly session: Session<Act>;
  end(why: SessionEnd): void;
  /** What it is and what it is doing now. */
  look(): LiveSession;
}

/** An act as it is shown, in UTF-16 code units; statements can be megabytes. */
const longestShown = 2000;

/** Acts longer than this are not tried against other operations when they are denied, UTF-16 code units. */
const MAX_HELPED_CHARACTERS = 4000;

/** The beginning of a text that is too long to be shown. */
function shortened(text: string): string {
  if (text.length <= longestShown) return text;
  return `${text.slice(0, longestShown).toWellFormed()} … (${text.length} characters)`;
}

/** Makes a session. Every way to its end runs through `end`. */
export function createSession<Act>(parts: SessionParts<Act>): OpenSession<Act> {
  const { live, log, turn, clock, check } = parts;
  const records = log.writer(parts.context);
  const controller = new AbortController();
  const permits = new Map<string, string>();
  const started = clock.monotonic();
  const openedAt = clock.wall();
  /** The newest permitted act, as it came: it is put into words only for whoever looks. */
  let newest: Act | undefined;
  let newestIntent = -1;
  /** When it began; once it has completed, when it ended. Milliseconds since the epoch. */
  let since = openedAt;
  let isRunning = false;
  let sender: TurnSender | undefined;
  let closed = false;
  let acts = 0;
  let denied = 0;

  const end = (why: SessionEnd): void => {
    if (!controller.signal.aborted) controller.abort(why);
  };
  const followGrant = (): void => end(live.ended.reason as SessionEnd);
  if (live.ended.aborted) followGrant();
  else live.ended.addEventListener("abort", followGrant, { once: true });

  /** The constant end of an intent's detail, once an operation. */
  const permitted = (operation: string): string => {
    let text = permits.get(operation);
    if (text === undefined) {
      text = `,"decision":"permit","operation":${JSON.stringify(operation)}}`;
      permits.set(operation, text);
    }
    return text;
  };

  /** A denial with the operations that cover the act, where the holder may request any. */
  const helped = (denial: Denial, act: Act): Denial => {
    if (denial.ask === undefined || parts.covering === undefined) return denial;
    if (parts.words(act).length > MAX_HELPED_CHARACTERS) return denial;
    const covering = parts.covering(act);
    return covering === undefined ? denial : { ...denial, hint: hintWith(denial, covering) };
  };

  const deny = (denial: Denial, detail: string): Decision => {
    denied += 1;
    parts.judged("deny");
    try {
      records.append(
        "act.denied",
        `{"act":${detail},"decision":"deny","message":${JSON.stringify(denial.message)},"rule":${JSON.stringify(denial.rule)}}`,
      );
      turn.written();
    } catch (error) {
      return { denial: unrecorded(messageOf(error)) };
    }
    return { denial };
  };

  const session: Session<Act> = {
    id: parts.id,
    grant: live.grant.id,
    target: parts.target,
    scopes: parts.scopes,
    endsAt: live.grant.endsAt,
    ended: controller.signal,
    attach(added) {
      sender = {
        leave: () => added.leave(),
        refuse(denial) {
          // What was permitted in this turn did not happen.
          newest = undefined;
          newestIntent = -1;
          added.refuse(denial);
        },
      };
    },
    judge(act, detail) {
      if (sender === undefined) throw new TypeError("judge was called before attach");
      if (controller.signal.aborted || closed || remaining(clock, live.deadline) <= 0) {
        const why = controller.signal.aborted
          ? (controller.signal.reason as SessionEnd).reason
          : `grant ${live.grant.id} is over`;
        return deny(
          { rule: "deadline", message: why, remedy: "ask", hint: "ask again: mayfly request" },
          detail,
        );
      }
      const answer = check(act);
      if (answer.verdict !== "permit") return deny(helped(answer.denial, act), detail);
      const over = answer.budget === undefined ? undefined : spend(live, answer.operation, answer.budget);
      if (over !== undefined) return deny(over, detail);
      let permit: Permit;
      try {
        permit = mintPermit(
          records.append("act.intent", `{"act":${detail}${permitted(answer.operation)}`),
          answer.operation,
        );
      } catch (error) {
        parts.judged("deny");
        return { denial: unrecorded(messageOf(error)) };
      }
      acts += 1;
      newest = act;
      newestIntent = permit.intent;
      since = records.at;
      isRunning = true;
      parts.judged("permit");
      turn.leaves(sender);
      return { permit, obligations: [] };
    },
    complete(permit, outcome) {
      // Members in the order of RFC 8785, absent ones left out.
      let detail = "{";
      if (outcome.bytes !== undefined) detail += `"bytes":${outcome.bytes},`;
      if (outcome.copied !== undefined)
        detail += `"copied":{"bytes":${outcome.copied.bytes},"sha256":${JSON.stringify(outcome.copied.sha256)}},`;
      if (outcome.error !== undefined) detail += `"error":${JSON.stringify(outcome.error)},`;
      detail += `"intent":${permit.intent}`;
      if (outcome.masked !== undefined && outcome.masked.length > 0)
        detail += `,"masked":${canonicalJson([...outcome.masked])}`;
      if (outcome.milliseconds !== undefined) detail += `,"milliseconds":${outcome.milliseconds}`;
      if (outcome.more !== undefined) detail += `,"more":${canonicalJson(outcome.more)}`;
      if (outcome.rows !== undefined) detail += `,"rows":${outcome.rows}`;
      if (outcome.status !== undefined) detail += `,"status":${outcome.status}`;
      if (outcome.tag !== undefined) detail += `,"tag":${JSON.stringify(outcome.tag)}`;
      try {
        records.append("act.outcome", `${detail}}`);
        if (permit.intent === newestIntent) {
          since = records.at;
          isRunning = false;
        }
        turn.writtenSoon();
      } catch {
        if (permit.intent === newestIntent) isRunning = false;
        // The act has happened and its intent is in the log: without an outcome it reads as "unknown", as it should.
      }
    },
    close(why) {
      if (closed) return;
      closed = true;
      live.ended.removeEventListener("abort", followGrant);
      end({ reason: why });
      try {
        log.append({
          ...parts.context,
          type: "session.closed",
          detail: { acts, denied, milliseconds: Math.round(clock.monotonic() - started), reason: why },
        });
        turn.written();
      } catch {
        // A log that takes nothing must not keep a session open.
      }
      parts.closed();
    },
  };
  const look = (): LiveSession => ({
    id: parts.id,
    grant: live.grant.id,
    protocol: parts.client.protocol,
    address: parts.client.address,
    ...(parts.client.software === undefined ? {} : { software: parts.client.software.slice(0, 200) }),
    openedAt,
    acts,
    denied,
    ...(newest === undefined
      ? {}
      : {
          now: { text: shortened(parts.words(newest)), since, state: isRunning ? "running" : "idle" },
        }),
  });
  return { session, end, look };
}
