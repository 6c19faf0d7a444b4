import type { SecureContext } from "node:tls";
import type { Duplex } from "node:stream";
import type { ClientFacts, Gate, Session } from "../../../gate/gate.ts";
import type { HandshakeTurns } from "../../../gate/limits/handshake-turns.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import type { Arrivals, HandshakePlace } from "./arrivals.ts";
import { boundClose } from "../close-grace.ts";
import { authenticate } from "./authenticate.ts";
import { refusalResponse } from "../relay/denials.ts";
import { errorResponse, negotiateProtocolVersion, type ErrorText } from "../wire/messages.ts";
import { POSTGRES_ALPN, secureClient } from "./secure-client.ts";
import { firstPacketLength, MAX_PACKET_BYTES, parseFirstPacket, type Startup } from "./startup.ts";
import { openingProblem, startupProblem } from "./startup-problem.ts";

/** What the handshake needs of the process. */
export interface HandshakeOptions {
  readonly clock: Clock;
  readonly secureContext: () => SecureContext;
  /** Lets a client on the loopback address in without TLS, by SCRAM-SHA-256 alone. */
  readonly allowInsecureLoopback: boolean;
  /** Settles when the server has been told. */
  readonly cancel: (key: Buffer) => Promise<void>;
  readonly arrivals: Arrivals;
  readonly turns: HandshakeTurns;
}

/** A client that has proved itself, with the session that the gate opened for it. Its socket is paused. */
export interface Arrived {
  readonly client: Duplex;
  readonly startup: Startup;
  readonly session: Session<PostgresAct, PostgresCover>;
}

const handshakeByte = 0x16;
/** How long one that has not signed in may take to read why, however much it sends: it has left its place, milliseconds. */
const DISMISSED_MS = 1000;

/** Only one kind of address may do without TLS. */
function isLoopback(address: string): boolean {
  return /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(address);
}

/**
 * Says why and closes. What the client still sends is read and dropped for a moment: closing a socket with unread
 * bytes resets it, and the client would lose the last words.
 */
function dismiss(client: Duplex, clock: Clock, last?: Buffer): void {
  boundClose(client, clock, DISMISSED_MS);
  client.removeAllListeners("data");
  client.on("data", () => undefined);
  client.resume();
  client.end(last ?? Buffer.alloc(0));
}

/**
 * Takes a client from its first byte to an open session: TLS (by SSLRequest, or direct), start-up, authentication.
 * One deadline covers it all, `gate.limits.handshakeMs`. Bytes are bounded as PostgreSQL bounds them.
 * @param arrived called once, when the client is in; never when it is refused
 */
export function performHandshake(
  accepted: Duplex,
  gate: Gate<PostgresAct, PostgresCover>,
  options: HandshakeOptions,
  arrived: (arrived: Arrived) => void,
): void {
  // A pair of streams in memory says whose it is, as a socket does.
  const address = "remoteAddress" in accepted ? String(accepted.remoteAddress) : "";
  let client = accepted;
  let tls = false;
  let asked = 0;
  let seen: Buffer = Buffer.alloc(0);
  let over = false;
  /** Among the handshakes under way; taken with the client's first bytes. */
  let place: HandshakePlace | undefined;

  accepted.on("error", () => undefined);
  const unschedule = options.clock.schedule(gate.limits.handshakeMs, () => {
    over = true;
    place?.leave();
    gate.refused(facts(), "", "the handshake took too long");
    client.destroy();
    accepted.destroy();
  });
  const facts = (software?: string): ClientFacts => ({
    protocol: "postgres",
    address,
    tls,
    ...(software === undefined || software === "" ? {} : { software }),
  });
  const done = (): void => {
    over = true;
    unschedule();
    place?.leave();
  };
  const gone = (): void => {
    if (!over) done();
  };
  accepted.once("close", gone);

  const refuse = (error: ErrorText, connection = ""): void => {
    done();
    gate.refused(facts(), connection, error.message);
    dismiss(client, options.clock, errorResponse(error));
  };

  const secure = (socket: Duplex, direct: boolean): void => {
    client.off("data", onData);
    accepted.pause();
    if (direct) accepted.unshift(seen);
    seen = Buffer.alloc(0);
    options.turns.enter(accepted, () => {
      const secured = secureClient(socket, options.secureContext());
      client = secured;
      tls = true;
      secured.once("close", gone);
      secured.once("secure", () => {
        // Direct TLS must name the protocol, so that no other protocol's client can be led here (manual, "SSL").
        if (direct && secured.alpnProtocol !== POSTGRES_ALPN) {
          done();
          secured.destroy();
          return;
        }
        secured.on("data", onData);
      });
    });
  };

  /** Secrets and tokens are not tried out faster than this lets them. */
  const failed = (): Promise<void> => {
    const ms = place?.failed() ?? 0;
    return ms === 0 ? Promise.resolve() : new Promise((resolve) => options.clock.schedule(ms, resolve));
  };

  const start = async (startup: Startup): Promise<void> => {
    client.off("data", onData);
    client.pause();
    const { connection, applicationName } = startup;
    if (startup.newer || startup.unknownOptions.length > 0) {
      client.write(negotiateProtocolVersion(startup.unknownOptions));
    }
    const about = facts(applicationName);
    const outcome = await authenticate(client, startup, gate, seen);
    if (over) return;
    if ("error" in outcome) {
      await failed();
      if (!over) refuse(outcome.error, connection);
      return;
    }
    const session = await gate.open(outcome.proof, connection, about);
    if (session.kind === "refused") {
      if (over) return;
      if (session.code === "unauthenticated") await failed();
      if (over) return;
      done();
      dismiss(client, options.clock, refusalResponse(session));
      return;
    }
    if (over || client.destroyed) {
      done();
      session.close({ cause: "client_gone", words: "the client went away during the handshake" });
      return;
    }
    done();
    arrived({ client, startup, session });
  };

  const first = (packet: Buffer): void => {
    const parsed = parseFirstPacket(packet);
    switch (parsed.kind) {
      case "ssl":
      case "gss": {
        asked += 1;
        // Unprotected bytes behind the request would be taken for protected ones (CVE-2021-23222).
        if (seen.length > 0 || asked > 2 || tls) {
          refuse({
            severity: "FATAL",
            code: "08P01",
            message: "received unencrypted data after an encryption request",
          });
        } else if (parsed.kind === "gss") {
          client.write("N");
        } else {
          client.write("S");
          secure(accepted, false);
        }
        return;
      }
      case "cancel":
        done();
        // As PostgreSQL does: a client that waits for the close knows that its next statement is not meant.
        void options.cancel(parsed.key).finally(() => dismiss(client, options.clock));
        return;
      case "refused":
        refuse(parsed.error);
        return;
      case "startup": {
        const { startup } = parsed;
        const isTrustedLoopback = options.allowInsecureLoopback && isLoopback(address);
        const problem = startupProblem(startup, { tls, isTrustedLoopback });
        if (problem !== undefined) {
          refuse(problem, startup.connection);
          return;
        }
        start(startup).catch((error: unknown) => {
          if (over) return;
          refuse(openingProblem(error), startup.connection);
        });
        return;
      }
    }
  };

  const onData = (chunk: Buffer): void => {
    if (over) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    if (place !== undefined) return onBytes();
    client.pause();
    options.arrivals.enter(accepted, (taken) => {
      place = taken;
      if (over) return taken.leave();
      client.resume();
      return onBytes();
    });
    return undefined;
  };

  const onBytes = (): void => {
    if (asked === 0 && !tls && seen[0] === handshakeByte) {
      secure(accepted, true);
      return;
    }
    const length = firstPacketLength(seen);
    if (length === 0 || seen.length > 2 * MAX_PACKET_BYTES) {
      // As PostgreSQL does: whoever sends that does not speak its protocol, and is told nothing.
      done();
      gate.refused(facts(), "", "invalid length of start-up packet");
      dismiss(client, options.clock);
      return;
    }
    if (length === undefined || seen.length < length) return;
    const packet = seen.subarray(0, length);
    seen = seen.subarray(length);
    first(packet);
    return;
  };
  client.on("data", onData);
}
