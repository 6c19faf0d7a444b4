import type { Clock } from "../../../kernel/clock.ts";
import { endOf, type WebSession } from "../../../gate/gate.ts";
import type { McpAct, McpCover } from "../act.ts";
import type { AnswerShare } from "./reading/share.ts";
import type { McpTarget } from "../target.ts";
import { connectUpstream, type McpUpstream } from "./connect.ts";

/** The upstream connections of grants: one a grant, never shared, closed with it. */
export interface Upstreams {
  /** The connection of a session's grant, made when it is first needed; what its answers take counts in `share`. @throws Error when it cannot be made */
  of(session: WebSession<McpAct, McpCover>, share?: AnswerShare): Promise<McpUpstream>;
  /** Lets go of one that failed, unless there is another already: the next request connects anew. */
  drop(session: WebSession<McpAct, McpCover>, failed: McpUpstream): void;
}

/** A grant's upstream is kept this long after its last client connection has gone, milliseconds. */
const LINGER_MS = 30_000;

interface Entry {
  readonly target: McpTarget;
  readonly connecting: Promise<McpUpstream>;
  made: McpUpstream | undefined;
  readonly stop: AbortController;
  readonly sessions: Set<string>;
  cancel: (() => void) | undefined;
}

/** Makes them. */
export function createUpstreams(
  clock: Clock,
  connect: (
    target: McpTarget,
    signal: AbortSignal,
    share?: AnswerShare,
  ) => Promise<McpUpstream> = connectUpstream,
): Upstreams {
  const entries = new Map<string, Entry>();

  const close = (grant: string): void => {
    const entry = entries.get(grant);
    if (entry === undefined) return;
    entries.delete(grant);
    entry.cancel?.();
    entry.stop.abort();
    void entry.connecting.then((upstream) => upstream.close()).catch(() => undefined);
  };

  const follow = (session: WebSession<McpAct, McpCover>, entry: Entry): void => {
    if (entry.sessions.has(session.id)) return;
    entry.sessions.add(session.id);
    entry.cancel?.();
    entry.cancel = undefined;
    const left = (): void => {
      entry.sessions.delete(session.id);
      if (entries.get(session.grant) !== entry) return;
      // The client may come again on another connection, but not once its grant is over.
      if (endOf(session.ended)?.cause !== "client_gone") close(session.grant);
      else if (entry.sessions.size === 0)
        entry.cancel = clock.schedule(Math.max(0, Math.min(LINGER_MS, session.endsAt - clock.wall())), () =>
          close(session.grant),
        );
    };
    if (session.ended.aborted) left();
    else session.ended.addEventListener("abort", left, { once: true });
  };

  return {
    async of(session, share) {
      let entry = entries.get(session.grant);
      // A reload may have moved the target: what was connected before is not what this session was judged for.
      if (entry !== undefined && (entry.target !== session.target || entry.made?.isOver === true)) {
        close(session.grant);
        entry = undefined;
      }
      if (entry === undefined) {
        const stop = new AbortController();
        const target = session.target as McpTarget;
        entry = {
          target,
          connecting: connect(target, stop.signal, share),
          made: undefined,
          stop,
          sessions: new Set(),
          cancel: undefined,
        };
        entries.set(session.grant, entry);
        const made = entry;
        entry.connecting.then(
          (upstream) => (made.made = upstream),
          () => {
            if (entries.get(session.grant) === made) entries.delete(session.grant);
          },
        );
      }
      follow(session, entry);
      return entry.connecting;
    },
    drop(session, failed) {
      if (entries.get(session.grant)?.made === failed) close(session.grant);
    },
  };
}
