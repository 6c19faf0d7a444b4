import type { Socket } from "node:net";
import type { SessionEnd } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { deadlineAt, remaining, type Clock } from "../../kernel/clock.ts";
import type { BackendEndings } from "./backend-endings.ts";
import type { Cancels } from "./cancels.ts";
import { readDatabaseFacts } from "./database-facts.ts";
import { endedResponse } from "./denials.ts";
import type { Arrived } from "./handshake.ts";
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  parameterStatus,
  readyForQuery,
} from "./messages.ts";
import type { Pacing } from "./pacing.ts";
import { startRelay } from "./relay.ts";
import type { Judging } from "./judging.ts";
import type { Memory } from "./memory.ts";
import type { PostgresScope } from "./scope.ts";
import type { ServerLimits, Servers } from "./server-limits.ts";
import { sessionName, type GatewayMark } from "./session-name.ts";
import type { Target } from "./target.ts";
import type { Texts } from "./texts.ts";
import { connectUpstream, UpstreamError, type Upstream } from "./upstream.ts";
import { arePlainTables } from "./plain-tables.ts";
import { hidesColumns, tablesOf } from "./quoted-rows.ts";
import { createTimeLimits, type TimeLimits } from "./time-limits.ts";
import { shortestTimeout, upstreamParameters } from "./upstream-parameters.ts";

/** What all sessions share. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly cancels: Cancels;
  readonly texts: Texts;
  readonly messageBytes: number;
  readonly servers: Servers;
  readonly endings: BackendEndings;
  readonly pacing: Pacing;
  readonly mark: GatewayMark;
  /** Left out where the gate knows all verdicts by itself, as in tests of the wire. */
  readonly judging?: Judging | undefined;
  readonly memory: Memory;
}

/** A server logged in to, with what holds for its session. */
interface Connected {
  readonly upstream: Upstream;
  readonly limits: TimeLimits;
  readonly pinned: ReadonlyMap<string, string>;
}

/** SQLSTATE undefined_object: a start-up parameter that the server does not have. */
const UNKNOWN_SETTING = "42704";
/** How long a client may take to read the last words, milliseconds. */
const farewell = 1000;

/** Connects a client that has arrived with its target, and relays until either side or the grant ends. */
export async function serveSession(arrived: Arrived, options: SessionOptions): Promise<void> {
  const { client, startup, session } = arrived;
  const { clock } = options;
  const target = session.target as Target;
  const scopes = session.scopes as readonly NamedScope<PostgresScope>[];
  const deadline = deadlineAt(clock, session.endsAt, Number.POSITIVE_INFINITY);
  const limitsOf = (server: ServerLimits): TimeLimits =>
    createTimeLimits({
      server,
      timeout: shortestTimeout(scopes),
      left: () => remaining(clock, deadline),
      name: sessionName(session.grant, options.mark, startup.applicationName),
    });
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  client.once("close", leave);

  /** Ends a session that has no upstream yet. */
  const end = (last: Buffer, why: string): void => {
    const unschedule = clock.schedule(farewell, () => client.destroy());
    client.once("close", unschedule);
    client.end(last, () => client.destroy());
    session.close(why);
  };

  const either = AbortSignal.any([gone.signal, session.ended]);
  const connect = async (): Promise<Connected> => {
    const limits = limitsOf(await options.servers.limits(target, either));
    const { start, pinned } = upstreamParameters(target, scopes, limits, startup);
    return { limits, pinned, upstream: await connectUpstream(target, start, clock, either) };
  };
  let connected: Connected;
  try {
    connected = await connect().catch((error: unknown) => {
      if (!(error instanceof UpstreamError && error.code === UNKNOWN_SETTING)) throw error;
      // Another server than the one that was asked, an older one after a fail-over say.
      options.servers.forget(target);
      return connect();
    });
  } catch (error) {
    if (gone.signal.aborted) {
      session.close("the client went away");
    } else if (session.ended.aborted) {
      end(endedResponse((session.ended.reason as SessionEnd).reason), "ended");
    } else {
      const { code, message, hint } =
        error instanceof UpstreamError
          ? error
          : new UpstreamError(
              "XX000",
              "the gateway could not connect to the database",
              "tell the gateway's operator",
            );
      end(errorResponse({ severity: "FATAL", code, message, hint }), message);
    }
    return;
  } finally {
    client.off("close", leave);
  }
  const { upstream, limits, pinned } = connected;
  for (const [name, value] of pinned) {
    const reported = upstream.parameters.get(name);
    if (reported === undefined || reported === value) continue;
    upstream.socket.destroy();
    const message = `the database reports ${name} otherwise than the gateway set it`;
    end(errorResponse({ severity: "FATAL", code: "08P01", message }), message);
    return;
  }
  const database = await readDatabaseFacts(upstream.socket, target, scopes, clock, session.ended);
  const isPlain = await arePlainTables(upstream.socket, target, tablesOf(scopes), clock, session.ended);
  if (client.destroyed) {
    upstream.socket.destroy();
    session.close("the client went away");
    return;
  }
  if (upstream.socket.destroyed) {
    if (session.ended.aborted) {
      end(endedResponse((session.ended.reason as SessionEnd).reason), "ended");
      return;
    }
    const message = "the database closed the connection";
    end(errorResponse({ severity: "FATAL", code: "08006", message, hint: "connect again" }), message);
    return;
  }
  const { key } = startRelay({
    ...options,
    client: client as Socket,
    upstream,
    target,
    session,
    pinned,
    database,
    hideQuotes: hidesColumns(scopes) || !isPlain,
    hidesPlans: !isPlain && !scopes.some(({ scope }) => scope.catalog),
    limits,
    deadline,
  });
  const greeting = [authenticationOk()];
  for (const [name, value] of upstream.parameters) greeting.push(parameterStatus(name, value));
  greeting.push(backendKeyData(key), readyForQuery());
  client.write(Buffer.concat(greeting));
}
