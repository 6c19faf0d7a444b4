import type { Socket } from "node:net";
import type { SessionEnd } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Cancels } from "./cancels.ts";
import { endedResponse } from "./denials.ts";
import type { Arrived } from "./handshake.ts";
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  parameterStatus,
  readyForQuery,
} from "./messages.ts";
import { startRelay } from "./relay.ts";
import type { Judging } from "./judging.ts";
import type { Memory } from "./memory.ts";
import type { PostgresScope } from "./scope.ts";
import type { Target } from "./target.ts";
import type { Texts } from "./texts.ts";
import { connectUpstream, UpstreamError, type Upstream } from "./upstream.ts";
import { arePlainTables } from "./plain-tables.ts";
import { hidesColumns, tablesOf } from "./quoted-rows.ts";
import { upstreamParameters } from "./upstream-parameters.ts";

/** What all sessions share. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly cancels: Cancels;
  readonly texts: Texts;
  readonly messageBytes: number;
  /** Left out where the gate knows all verdicts by itself, as in tests of the wire. */
  readonly judging?: Judging | undefined;
  readonly memory: Memory;
}

/** How long a client may take to read the last words, milliseconds. */
const farewell = 1000;

/** Connects a client that has arrived with its target, and relays until either side or the grant ends. */
export async function serveSession(arrived: Arrived, options: SessionOptions): Promise<void> {
  const { client, startup, session } = arrived;
  const { clock } = options;
  const target = session.target as Target;
  const scopes = session.scopes as readonly NamedScope<PostgresScope>[];
  const { start, pinned } = upstreamParameters(target, scopes, session.grant, startup);
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

  let upstream: Upstream;
  try {
    upstream = await connectUpstream(target, start, clock, AbortSignal.any([gone.signal, session.ended]));
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
  for (const [name, value] of pinned) {
    const reported = upstream.parameters.get(name);
    if (reported === undefined || reported === value) continue;
    upstream.socket.destroy();
    const message = `the database reports ${name} otherwise than the gateway set it`;
    end(errorResponse({ severity: "FATAL", code: "08P01", message }), message);
    return;
  }
  const isPlain = await arePlainTables(upstream.socket, target, tablesOf(scopes), clock, session.ended);
  if (client.destroyed) {
    upstream.socket.destroy();
    session.close("the client went away");
    return;
  }
  const { key } = startRelay({
    ...options,
    client: client as Socket,
    upstream,
    target,
    session,
    pinned,
    hideQuotes: hidesColumns(scopes) || !isPlain,
    hidesPlans: !isPlain && !scopes.some(({ scope }) => scope.catalog),
  });
  const greeting = [authenticationOk()];
  for (const [name, value] of upstream.parameters) greeting.push(parameterStatus(name, value));
  greeting.push(backendKeyData(key), readyForQuery());
  client.write(Buffer.concat(greeting));
}
