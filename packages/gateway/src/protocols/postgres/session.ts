import type { Socket } from "node:net";
import { clientGone, type SessionEnd } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { deadlineAt, remaining, type Deadline } from "../../kernel/clock.ts";
import { boundClose } from "./close-grace.ts";
import type { Arrived } from "./login/handshake.ts";
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  parameterStatus,
  readyForQuery,
} from "./wire/messages.ts";
import { startRelay } from "./relay/relay.ts";
import type { PostgresScope } from "./scope.ts";
import { startSettings } from "./login/start-settings.ts";
import { sessionName } from "./login/session-name.ts";
import type { Target } from "./target.ts";
import { connectUpstream, UpstreamError, type Upstream } from "./upstream/connect.ts";
import {
  type DatabaseFacts,
  unknownDatabase,
  withColumns,
  withFound,
  withHiddenPlans,
  withMasks,
  withoutTemporary,
  withTimeouts,
} from "./guard/database.ts";
import { grantedBy, type Granted } from "./guard/granted.ts";
import { createTimeLimits, timeBounds, type TimeLimits } from "./upstream/time-limits.ts";
import { keepsPin, upstreamParameters } from "./upstream/parameters.ts";
import type { SessionOptions } from "./session-options.ts";

/** A server logged in to, with what holds for its session. */
interface Connected {
  readonly upstream: Upstream;
  readonly limits: TimeLimits;
  readonly pinned: ReadonlyMap<string, string>;
}

/** What a session reaches once its database has been asked. */
interface Reached {
  readonly granted: Granted;
  readonly database: DatabaseFacts;
}

/** SQLSTATE undefined_object: a start-up parameter that the server does not have. */
const UNKNOWN_SETTING = "42704";

/** A client that has arrived and has no server yet, with what holds for its session. */
interface Opening {
  readonly arrived: Arrived;
  readonly options: SessionOptions;
  readonly target: Target;
  /** As far as the scopes tell it before the database has been asked. */
  readonly granted: Granted;
  readonly deadline: Deadline;
}

/** Connects a client that has arrived with its target, and relays until either side or the grant ends. */
export async function serveSession(arrived: Arrived, options: SessionOptions): Promise<void> {
  const { client, session } = arrived;
  const { clock } = options;
  const target = session.target as Target;
  const asked = grantedBy(session.scopes as readonly NamedScope<PostgresScope>[]);
  const deadline = deadlineAt(clock, session.endsAt, Number.POSITIVE_INFINITY);
  const opening: Opening = { arrived, options, target, granted: asked, deadline };
  const connected = await connect(opening);
  if (connected === undefined) return;
  const { upstream, limits, pinned } = connected;
  const { socket } = upstream;
  const { granted, database } = await readDatabase(opening, socket);
  const columns = await options.readTableColumns(socket, target, granted, session.ended);
  const masks = await options.readMaskedColumns(socket, target, granted, session.ended);
  const plain = await options.readPlainTables(socket, target, granted.tables, session.ended);
  const isPlain = plain.size === granted.tables.size;
  const refusal = await options.refusesTemporary(socket, target, granted, isPlain, session.ended);
  if (client.destroyed) {
    socket.destroy();
    session.close(clientGone);
    return;
  }
  if (socket.destroyed) {
    if (session.ended.aborted) endAsGrant(opening);
    else endUnconnected(opening, "08006", "the database closed the connection", "connect again");
    return;
  }
  const { key } = startRelay({
    ...options,
    client: client as Socket,
    upstream,
    target,
    session,
    pinned,
    granted,
    database: withMasks(
      withoutTemporary(
        withColumns(
          withTimeouts(
            isPlain || granted.catalog ? database : withHiddenPlans(database, plain),
            limits.bounds,
          ),
          columns,
        ),
        refusal,
      ),
      masks,
    ),
    hideQuotes: granted.hidesColumns || !isPlain,
    limits,
    deadline,
  });
  const greeting = [authenticationOk()];
  for (const [name, value] of upstream.parameters) {
    // Its name upstream says whose session it is; the client reads the one that it gave.
    const isName = name === "application_name";
    greeting.push(parameterStatus(name, isName ? arrived.startup.applicationName : value));
  }
  greeting.push(backendKeyData(key), readyForQuery());
  client.write(Buffer.concat(greeting));
}

/** What the database has under the names that the scopes leave open, and what it adds to what is granted then. */
async function readDatabase(opening: Opening, socket: Socket): Promise<Reached> {
  const { options, target, arrived } = opening;
  const { ended } = arrived.session;
  const found = await options.readFound(socket, target, opening.granted, ended);
  if (found === undefined) return { granted: opening.granted, database: unknownDatabase };
  const granted = grantedBy(opening.granted.scopes, found);
  const facts = await options.readDatabaseFacts(socket, target, granted, ended);
  return facts.isUnknown
    ? { granted: opening.granted, database: facts }
    : { granted, database: withFound(facts, found) };
}

/** @returns undefined when the session ended instead: the client has been told why then */
async function connect(opening: Opening): Promise<Connected | undefined> {
  const { client, session } = opening.arrived;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  client.once("close", leave);
  const either = AbortSignal.any([gone.signal, session.ended]);
  let connected: Connected;
  try {
    connected = await logIn(opening, either).catch((error: unknown) => {
      if (!(error instanceof UpstreamError && error.code === UNKNOWN_SETTING)) throw error;
      // Another server than the one that was asked, an older one after a fail-over say.
      opening.options.servers.forget(opening.target);
      return logIn(opening, either);
    });
  } catch (error) {
    if (gone.signal.aborted) session.close(clientGone);
    else if (session.ended.aborted) endAsGrant(opening);
    else if (error instanceof UpstreamError) endUnconnected(opening, error.code, error.message, error.hint);
    else
      endUnconnected(
        opening,
        "XX000",
        "the gateway could not connect to the database",
        "tell the gateway's operator",
      );
    return undefined;
  } finally {
    client.off("close", leave);
  }
  const { upstream, pinned } = connected;
  for (const [name, value] of pinned) {
    const reported = upstream.parameters.get(name);
    if (reported === undefined || keepsPin(name, value, reported)) continue;
    upstream.socket.destroy();
    endUnconnected(opening, "08P01", `the database reports ${name} otherwise than the gateway set it`);
    return undefined;
  }
  return connected;
}

/** Logs in to the target with what the session is started with there. @throws UpstreamError */
async function logIn(opening: Opening, signal: AbortSignal): Promise<Connected> {
  const { arrived, options, target, granted, deadline } = opening;
  const { clock, servers, mark } = options;
  const server = await servers.limits(target, signal);
  const bounds = timeBounds(server, granted.timeout);
  const asked = startSettings(arrived.startup.settings, granted, target.search_path, bounds);
  const limits = createTimeLimits({
    bounds,
    server,
    asked: asked.timeouts,
    left: () => remaining(clock, deadline),
    name: sessionName(arrived.session.grant, mark, arrived.startup.applicationName),
  });
  const others =
    granted.showsStructure && server.compiles === true
      ? new Map([["jit", "off"], ...asked.others])
      : asked.others;
  const { start, pinned } = upstreamParameters(target, granted, limits, others);
  return { limits, pinned, upstream: await connectUpstream(target, start, clock, signal) };
}

/** The grant ended before there was a server. */
function endAsGrant(opening: Opening): void {
  const why = opening.arrived.session.ended.reason as SessionEnd;
  endWith(opening, opening.options.lastWords(why.words), why);
}

/** There is no server for the session. */
function endUnconnected(opening: Opening, code: string, message: string, hint?: string): void {
  const last = errorResponse({
    severity: "FATAL",
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  endWith(opening, last, { cause: "upstream_gone", words: message });
}

function endWith({ arrived, options }: Opening, last: Buffer, why: SessionEnd): void {
  const { client, session } = arrived;
  boundClose(client, options.clock);
  client.end(last, () => client.destroy());
  session.close(why);
}
