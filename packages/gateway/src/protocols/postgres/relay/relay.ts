import type { Socket } from "node:net";
import type { Session, SessionEnd } from "../../../gate/gate.ts";
import type { Deadline } from "../../../kernel/clock.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import type { DatabaseFacts } from "../guard/database.ts";
import type { Granted } from "../guard/granted.ts";
import { masksFor } from "../masks/session.ts";
import type { SessionOptions } from "../session-options.ts";
import type { Target } from "../target.ts";
import type { Upstream } from "../upstream/connect.ts";
import type { TimeLimits } from "../upstream/time-limits.ts";
import { createBackend } from "./backend/backend.ts";
import { cancel } from "./cancelling.ts";
import { goOn, leave, listenToClient, probe, refuseHeld } from "./client-side.ts";
import { end, endIfAtRest } from "./ending.ts";
import { createFrontend } from "./frontend/frontend.ts";
import { createOutbound } from "./outbound.ts";
import { forward, listenToServer } from "./server-side.ts";
import { RelayState } from "./state.ts";
import type { Text } from "./texts.ts";

/** Two sockets and the session between them. */
export interface RelayOptions extends SessionOptions {
  readonly client: Socket;
  readonly upstream: Upstream;
  readonly target: Target;
  readonly session: Session<PostgresAct, PostgresCover>;
  readonly granted: Granted;
  readonly pinned: ReadonlyMap<string, string>;
  /** What the database was found to have beside what is granted. */
  readonly database: DatabaseFacts;
  /** Whether the database's errors must not quote rows. */
  readonly hideQuotes: boolean;
  readonly limits: TimeLimits;
  readonly deadline: Deadline;
}

/**
 * Relays between a client that is logged in and its server until one of them, or the grant, ends.
 * @returns the key with which the client may ask to cancel
 */
export function startRelay(options: RelayOptions): { readonly key: Buffer } {
  const { client, upstream, target, session, memory, limits, deadline } = options;
  const who = session.principal;
  const relay = new RelayState({
    options,
    client,
    server: upstream.socket,
    outbound: createOutbound(upstream.socket),
    target,
    cancelKey: { key: upstream.key, tls: upstream.tls },
    session,
    limits,
    deadline,
    inbound: memory.inbound(who, options.clock),
    share: options.turns.join(who),
    name: upstream.parameters.get("application_name") ?? "",
  });
  connectHalves(relay, options);
  const { statements, portals } = relay.shared;
  const forget = memory.join(who, () => statements.weight + portals.weight);
  const unwatch = options.pausedClients.watch({
    isPaused: () => relay.isWaiting || relay.isFull,
    read: () => client.bytesRead,
    probe: () => probe(relay, upstream.parameters),
  });
  const registered = options.cancels.register(upstream.key, () => cancel(relay));
  relay.giveBack = () => {
    registered.forget();
    forget();
    relay.parts.share.leave(relay.goOn, relay.hear);
    unwatch();
  };
  session.attach({
    leave: () => leave(relay),
    refuse: (denial) => refuseHeld(relay, denial),
    endAtRest(why) {
      relay.atRest = why;
      endIfAtRest(relay);
    },
  });
  listenToClient(relay);
  listenToServer(relay);
  const ended = (): void => {
    const why = session.ended.reason as SessionEnd;
    end(relay, why, "57P01", options.lastWords(why.words));
  };
  if (session.ended.aborted) ended();
  else session.ended.addEventListener("abort", ended, { once: true });
  client.resume();
  upstream.socket.resume();
  return { key: registered.key };
}

/** Makes what reads the client's messages and what reads the server's. */
function connectHalves(relay: RelayState, options: RelayOptions): void {
  const { session, target, database, memory, limits } = options;
  const { shared, outgoing } = relay;
  const who = session.principal;
  const { channels, scopes, tables } = options.granted;
  const judge = options.judges.of(scopes, target.search_path, database);
  relay.backend = createBackend({
    shared,
    forward: (bytes) => forward(relay, bytes),
    complete: (permit, outcome) => relay.complete(permit, outcome),
    pinned: options.pinned,
    hideQuotes: options.hideQuotes,
    called(name) {
      relay.name = name;
    },
    limits,
    isGranted: (table) => tables.has(table),
    masks: masksFor(scopes, database.masks),
    hears: (channel) => channels.has(channel),
  });
  const judged = (): void => {
    relay.stopJudging = undefined;
    goOn(relay);
  };
  relay.frontend = createFrontend({
    shared,
    outgoing,
    texts: options.texts,
    messageBytes: options.messageBytes,
    statementBytes: options.statementBytes,
    judge: ({ sql, judged: known }, detail, earlier) =>
      session.judge({ sql, judged: known, database }, detail, earlier),
    ahead(text: Text) {
      const answer = options.judging.ahead(who, judge, text, judged);
      if (answer === true) return true;
      relay.stopJudging = answer;
      return false;
    },
    pause: () => session.pause(),
    share: relay.parts.share,
    largeWait: () => memory.time.wait(who),
    largeTook: (milliseconds) => memory.time.spend(who, milliseconds),
    heldByPrincipal: () => memory.heldBy(who),
  });
}
