import { backoffOf } from "../../kernel/backoff.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { Clock } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";
import { readAgent } from "./agent-facts.ts";
import type { AgentFacts } from "./agent-facts.ts";
import { type AgentNews, safely, tell } from "./agent-news.ts";
import type { OktaClient } from "./client.ts";
import { failureOf } from "./failure.ts";
import type { OktaApiFailure } from "./failure.ts";

/** What is known about an agent now: Okta's answer, or why no usable answer exists. */
export type KnownAgent =
  | { readonly isKnown: true; readonly facts: AgentFacts }
  | { readonly isKnown: false; readonly why: string };

export interface OktaAgentsParts {
  readonly issuer: string;
  readonly okta: OktaClient;
  readonly settings: OktaApiSettings;
  readonly clock: Clock;
  /** Maximum age of an agent's last proof while it holds something, milliseconds. */
  readonly reverify?: number;
  readonly news: AgentNews;
}

/** Agents whose answer is remembered. */
const MAX_AGENTS = 10_000;
/** Pause after a failure before Okta is asked about the same agent again, milliseconds; doubled each time. */
const RETRY = { first: 1000, max: 32_000 };
/** How long a caller waits for an answer, milliseconds; less where the last call failed. */
const MAX_WAIT_MS = 8000;
const MAX_WAIT_IN_TROUBLE_MS = 1500;
/** What Okta said about an agent, and when it was asked. */
export interface DatedFacts {
  readonly facts: AgentFacts;
  readonly wall: number;
  readonly monotonic: number;
}

/** What is remembered about one agent. */
export interface KeptAgent {
  /** The last answer, however old; not used once a signal has made it doubtful. */
  answer: DatedFacts | undefined;
  /** Whether a signal came since that may have changed it. */
  isDoubtful: boolean;
  failures: number;
  failure: OktaApiFailure | undefined;
  /** The earliest time of the next call; on the monotonic clock. */
  notBefore: number;
  asking: Promise<void> | undefined;
  /** Counts signals: an answer requested before a signal may be as old as the one it replaces. */
  doubts: number;
  /** When the last answer arrived, on the wall clock, whether it was used or not. */
  lastAnswer: number | undefined;
}

/** Remembers agents and asks Okta about them on demand; never on its own. */
export interface AgentMemory {
  entry(client: string): KeptAgent;
  all(): Iterable<readonly [string, KeptAgent]>;
  /** The usable answer, with its age in milliseconds. */
  usable(of: KeptAgent): { readonly answer: DatedFacts; readonly age: number } | undefined;
  /** What is known without asking. */
  known(client: string): KnownAgent;
  /** What is known; asks Okta first where that is older than the bound. */
  ask(client: string): Promise<KnownAgent>;
  /** Asks Okta, unless a call failed just now; one call at a time. Never rejects. */
  refresh(client: string): Promise<void>;
  /** Asks again, and waits a bounded time for the answer. */
  confirm(client: string): Promise<void>;
  readonly trouble: OktaApiFailure | undefined;
  /** Ignores every answer from now on. */
  close(): void;
}

/** @param holds whether an agent holds something now */
export function agentMemory(parts: OktaAgentsParts, holds: (client: string) => boolean): AgentMemory {
  const { okta, settings, clock, news } = parts;
  const kept = boundedMap<KeptAgent>(MAX_AGENTS);
  let trouble: OktaApiFailure | undefined;
  let isClosed = false;

  function entry(client: string): KeptAgent {
    const found = kept.get(client);
    if (found !== undefined) return found;
    const fresh = unasked();
    kept.set(client, fresh);
    return fresh;
  }

  function usable({ answer, isDoubtful }: KeptAgent): ReturnType<AgentMemory["usable"]> {
    if (answer === undefined || isDoubtful) return undefined;
    const age = ageOf(clock, answer);
    return age <= settings.maxAge ? { answer, age } : undefined;
  }

  function known(client: string): KnownAgent {
    const of = kept.get(client);
    const found = of === undefined ? undefined : usable(of);
    return found === undefined
      ? { isKnown: false, why: whyUnknown(of, settings.maxAge) }
      : { isKnown: true, facts: found.answer.facts };
  }

  async function look(client: string, of: KeptAgent): Promise<void> {
    const at = { wall: clock.wall(), monotonic: clock.monotonic() };
    const { doubts, answer: before } = of;
    try {
      const facts = await readAgent(okta, settings, client, before?.facts.kind);
      if (isClosed) return;
      trouble = undefined;
      of.answer = { facts, ...at };
      // An answer requested before the signal may be the very one that the signal made wrong.
      of.isDoubtful = of.doubts !== doubts;
      of.lastAnswer = at.wall;
      of.failures = 0;
      of.failure = undefined;
      of.notBefore = Number.NEGATIVE_INFINITY;
      tell(parts, client, before?.facts, facts, at, () => holds(client));
    } catch (thrown) {
      if (isClosed) return;
      const failure = failureOf(thrown);
      trouble = failure;
      of.failure = failure;
      of.failures += 1;
      const wait = Math.max(backoffOf(of.failures, RETRY), failure.retryIn);
      of.notBefore = clock.monotonic() + wait;
      safely(() => news.failed?.(client, failure));
    }
  }

  /** Asks Okta, unless a call failed just now; one call at a time. Never rejects. */
  async function refresh(client: string): Promise<void> {
    const of = entry(client);
    if (of.asking === undefined && of.notBefore > clock.monotonic()) return;
    of.asking ??= look(client, of).finally(() => {
      of.asking = undefined;
    });
    await of.asking;
  }

  /** Waits a bounded time for an answer. */
  async function patiently(client: string, asked: Promise<void>): Promise<void> {
    const { failures } = entry(client);
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.schedule(failures === 0 ? MAX_WAIT_MS : MAX_WAIT_IN_TROUBLE_MS, resolve);
    });
    await Promise.race([asked, late]);
    cancel();
  }

  async function ask(client: string): Promise<KnownAgent> {
    const first = known(client);
    if (first.isKnown) return first;
    // A signal made this answer doubtful on its way: ask once more, and only once.
    const asked = refresh(client).then(() => (known(client).isKnown ? undefined : refresh(client)));
    await patiently(client, asked);
    return known(client);
  }

  return {
    entry,
    all: () => kept.all(),
    usable,
    known,
    ask,
    refresh,
    confirm: (client) => patiently(client, refresh(client)),
    get trouble() {
      return trouble;
    },
    close() {
      isClosed = true;
    },
  };
}

function unasked(): KeptAgent {
  return {
    answer: undefined,
    isDoubtful: false,
    failures: 0,
    failure: undefined,
    notBefore: Number.NEGATIVE_INFINITY,
    asking: undefined,
    doubts: 0,
    lastAnswer: undefined,
  };
}

/** An answer's age, by the clock that says more: the wall clock can be stepped, the monotonic one stops during sleep. */
function ageOf(clock: Clock, { wall, monotonic }: DatedFacts): number {
  return Math.max(clock.wall() - wall, clock.monotonic() - monotonic);
}

/** Why what is remembered about an agent cannot be used. */
function whyUnknown(of: KeptAgent | undefined, maxAge: number): string {
  const since =
    of?.lastAnswer === undefined
      ? "Okta has not said yet what groups this agent has"
      : `Okta could not be asked about this agent since ${new Date(of.lastAnswer).toISOString()}`;
  const bound = `, and an answer is good for ${formatDuration(maxAge)}`;
  const failure = of?.failure;
  return `${since}${of?.lastAnswer === undefined ? "" : bound}${failure === undefined ? "" : `: ${failure.message}`}`;
}
