import type { SignalSubject } from "../signals/signal.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";
import type { AgentFacts } from "./agent-facts.ts";
import { agentMemory, type KnownAgent, type OktaAgentsParts } from "./agent-memory.ts";
import type { OktaApiFailure } from "./failure.ts";
import { oktaScopes } from "./settings.ts";

/** The agents of one authorization server, as Okta's API knows them. */
export interface OktaAgents {
  /** What is known; asks Okta first where that is older than the bound. Simultaneous callers share one call. */
  ask(client: string): Promise<KnownAgent>;
  /** Asks again, whatever is remembered, for proof that the agent is still good; one call at a time. */
  confirm(client: string): Promise<void>;
  /** What is known without asking. */
  known(client: string): KnownAgent;
  /** Keeps what is known about an agent fresh while it holds something. @returns a function that stops this */
  watch(client: string): () => void;
  /**
   * A signal reported a change: what is remembered about the subject is not used again. An agent that holds something
   * is asked about at once. Resolves after the answer, or after a bounded time.
   */
  forget(subject: SignalSubject): Promise<void>;
  /** Whether Okta answered the last call, and the failure if not; undefined before the first. */
  readonly trouble: OktaApiFailure | undefined;
  close(): void;
}

/** Minimum time between two calls about an agent that holds something, milliseconds. */
const MIN_LOOK_MS = 2000;
/** Calls within the bound, so that one may fail. */
const LOOKS_WITHIN_BOUND = 3;

interface Watch {
  count: number;
  cancel: () => void;
}

/** Makes the memory of one authorization server's agents. On its own it asks only about agents that hold something. */
export function oktaAgents(parts: OktaAgentsParts): OktaAgents {
  const { settings, clock } = parts;
  const watches = new Map<string, Watch>();
  const memory = agentMemory(parts, (client) => watches.has(client));
  const every = Math.max(
    Math.min(settings.maxAge, parts.reverify ?? Number.POSITIVE_INFINITY) / LOOKS_WITHIN_BOUND,
    MIN_LOOK_MS,
  );

  function plan(client: string, watch: Watch): void {
    watch.cancel();
    const of = memory.entry(client);
    const found = memory.usable(of);
    const due = found === undefined ? 0 : every - found.age;
    const wait = Math.max(due, of.notBefore - clock.monotonic(), 0);
    watch.cancel = clock.schedule(Math.min(wait, every), () => {
      if (watches.get(client) !== watch) return;
      void memory.refresh(client).finally(() => {
        if (watches.get(client) === watch) plan(client, watch);
      });
    });
  }

  return {
    ask: (client) => memory.ask(client),
    async confirm(client) {
      const found = memory.usable(memory.entry(client));
      if (found !== undefined && found.age < MIN_LOOK_MS) return;
      await memory.confirm(client);
    },
    known: (client) => memory.known(client),
    watch(client) {
      let watch = watches.get(client);
      if (watch === undefined) {
        watch = { count: 0, cancel: () => {} };
        watches.set(client, watch);
        plan(client, watch);
      }
      watch.count += 1;
      let isOver = false;
      return () => {
        const now = watches.get(client);
        if (isOver || now === undefined) return;
        isOver = true;
        now.count -= 1;
        if (now.count > 0) return;
        now.cancel();
        watches.delete(client);
      };
    },
    async forget(subject) {
      const asking: Promise<void>[] = [];
      for (const [client, of] of memory.all()) {
        if (!concerns(subject, client, of.answer?.facts)) continue;
        of.isDoubtful = true;
        of.doubts += 1;
        const watch = watches.get(client);
        if (watch === undefined) continue;
        asking.push(memory.ask(client).then(() => undefined));
        plan(client, watch);
      }
      await Promise.all(asking);
    },
    get trouble() {
      return memory.trouble;
    },
    close() {
      memory.close();
      for (const { cancel } of watches.values()) cancel();
      watches.clear();
    },
  };
}

/** Whether a signal about a subject may make what is remembered about an agent wrong. */
function concerns(subject: SignalSubject, client: string, facts: AgentFacts | undefined): boolean {
  if (subject.kind === "client") return subject.client === client || subject.client === facts?.app;
  if (subject.kind === "user")
    return subject.uid === undefined || facts?.owners.includes(subject.uid) === true;
  // A group was renamed or deleted: its id does not say whose it was.
  return true;
}

/** Why Okta's answer keeps an agent from doing anything; undefined for an active one. */
export function whyNotActive(
  facts: AgentFacts,
  settings: Pick<OktaApiSettings, "scopes">,
): string | undefined {
  if (facts.state === "ACTIVE") return undefined;
  if (facts.kind !== "none") return `Okta says that this agent is ${facts.state}, not ACTIVE`;
  const asksAgents = settings.scopes.some((scope) => scope.startsWith("okta.aiAgents."));
  return asksAgents
    ? "Okta knows no app and no AI agent of this client id"
    : `Okta knows no app of this client id, and registered AI agents are not asked for: add ${oktaScopes.aiAgents} to okta_api.scopes`;
}
