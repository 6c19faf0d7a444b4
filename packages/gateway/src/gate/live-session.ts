import type { ClientFacts } from "./gate.ts";

/** An open session, as operators and auditors see it. */
export interface LiveSession {
  readonly id: string;
  /** The grant that it uses. */
  readonly grant: string;
  readonly protocol: string;
  readonly address: string;
  /** What the client calls itself, for example PostgreSQL's application_name. */
  readonly software?: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Acts that were permitted. */
  readonly acts: number;
  readonly denied: number;
  /** Its newest permitted act; absent before the first. */
  readonly now?: {
    /** In the protocol's own words, shortened. */
    readonly text: string;
    /** When it began, or, after it, when the session became idle. */
    readonly since: number;
    readonly state: "running" | "idle";
  };
}

/** What a session has done so far. */
export interface Progress<Act> {
  /** The newest permitted act, unformatted: it is put into words only when somebody looks. */
  newest: Act | undefined;
  newestIntent: number;
  /** When it began; once it has completed, when it ended. Milliseconds since the epoch. */
  since: number;
  isRunning: boolean;
  acts: number;
  denied: number;
}

/** Nothing yet. @param at milliseconds since the epoch */
export function beginProgress<Act>(at: number): Progress<Act> {
  return { newest: undefined, newestIntent: -1, since: at, isRunning: false, acts: 0, denied: 0 };
}

/** An act was permitted. @param at when its intent was recorded */
export function beginAct<Act>(progress: Progress<Act>, act: Act, intent: number, at: number): void {
  progress.acts += 1;
  progress.newest = act;
  progress.newestIntent = intent;
  progress.since = at;
  progress.isRunning = true;
}

/** An act ended. @param at when its outcome was recorded; left out: it could not be */
export function endAct<Act>(progress: Progress<Act>, intent: number, at?: number): void {
  if (intent !== progress.newestIntent) return;
  progress.since = at ?? progress.since;
  progress.isRunning = false;
}

/** The longest act in a listing, UTF-16 code units; statements can be megabytes. */
const MAX_SHOWN_CHARACTERS = 2000;

/** The beginning of a text that is too long to be shown. */
function shortened(text: string): string {
  if (text.length <= MAX_SHOWN_CHARACTERS) return text;
  return `${text.slice(0, MAX_SHOWN_CHARACTERS).toWellFormed()} … (${text.length} characters)`;
}

/** What a session is and what it is doing now. */
export function lookAt<Act>(
  session: Pick<LiveSession, "id" | "grant" | "openedAt"> & {
    readonly client: ClientFacts;
    readonly words: (act: Act) => string;
  },
  { acts, denied, newest, since, isRunning }: Progress<Act>,
): LiveSession {
  const { id, grant, openedAt, client } = session;
  return {
    id,
    grant,
    protocol: client.protocol,
    address: client.address,
    ...(client.software === undefined ? {} : { software: client.software.slice(0, 200) }),
    openedAt,
    acts,
    denied,
    ...(newest === undefined
      ? {}
      : { now: { text: shortened(session.words(newest)), since, state: isRunning ? "running" : "idle" } }),
  };
}
