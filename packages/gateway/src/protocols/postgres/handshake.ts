import { TLSSocket, type SecureContext } from "node:tls";
import type { Duplex } from "node:stream";
import type { ClientFacts, Gate, Session } from "../../gate/gate.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { PostgresAct } from "./act.ts";
import type { Arrivals, HandshakePlace } from "./arrivals.ts";
import { authenticate } from "./authenticate.ts";
import { refusalResponse } from "./denials.ts";
import { WireError } from "./framing.ts";
import { errorResponse, negotiateProtocolVersion, type ErrorText } from "./messages.ts";
import { firstPacketLength, longestPacket, parseFirstPacket, type Startup } from "./startup.ts";

/** What the handshake needs of the process. */
export interface HandshakeOptions {
  readonly clock: Clock;
  readonly secureContext: () => SecureContext;
  /** Lets a client on the loopback address in without TLS, by SCRAM-SHA-256 alone. */
  readonly allowInsecureLoopback: boolean;
  readonly cancel: (key: Buffer) => void;
  readonly arrivals: Arrivals;
}

/** A client that has proved itself, with the session that the gate opened for it. Its socket is paused. */
export interface Arrived {
  readonly client: Duplex;
  readonly startup: Startup;
  readonly session: Session<PostgresAct>;
}

const handshakeByte = 0x16;
/** How long a client may take to read why it was refused, milliseconds. */
const farewell = 1000;

/** Only one kind of address may do without TLS. */
function isLoopback(address: string): boolean {
  return /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(address);
}

/**
 * Says why and closes. What the client still sends is read and dropped for a moment: closing a socket with unread
 * bytes resets it, and the client would lose the last words.
 */
function dismiss(client: Duplex, clock: Clock, last?: Buffer): void {
  const unschedule = clock.schedule(farewell, () => client.destroy());
  client.once("close", unschedule);
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
export function shakeHands(
  accepted: Duplex,
  gate: Gate<PostgresAct>,
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
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: options.secureContext(),
      ALPNProtocols: ["postgresql"],
    });
    client = secured;
    tls = true;
    secured.on("error", () => undefined);
    secured.once("close", gone);
    secured.once("secure", () => {
      // Direct TLS must name the protocol, so that no other protocol's client can be led here (manual, "SSL").
      if (direct && secured.alpnProtocol !== "postgresql") {
        done();
        secured.destroy();
        return;
      }
      secured.on("data", onData);
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
    if ("refused" in session) {
      if (over) return;
      if (session.code === "unauthenticated") await failed();
      if (over) return;
      done();
      dismiss(client, options.clock, refusalResponse(session));
      return;
    }
    if (over || client.destroyed) {
      done();
      session.close("the client went away during the handshake");
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
        options.cancel(parsed.key);
        dismiss(client, options.clock);
        return;
      case "refused":
        refuse(parsed.error);
        return;
      case "startup": {
        const { startup } = parsed;
        if (!tls && !(options.allowInsecureLoopback && isLoopback(address))) {
          refuse(
            {
              severity: "FATAL",
              code: "28000",
              message: "no encryption: Mayfly is reached over TLS only",
              hint: "connect with sslmode=verify-full (or at least sslmode=require)",
            },
            startup.connection,
          );
        } else if (!tls && startup.method === "token") {
          refuse(
            {
              severity: "FATAL",
              code: "28000",
              message: "an access token is taken over TLS only",
              hint: "connect with sslmode=verify-full",
            },
            startup.connection,
          );
        } else {
          start(startup).catch((error: unknown) => {
            if (over) return;
            refuse(
              error instanceof WireError
                ? { severity: "FATAL", code: error.code, message: error.message }
                : { severity: "FATAL", code: "XX000", message: "the gateway could not open the session" },
              startup.connection,
            );
          });
        }
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
    if (length === 0 || seen.length > 2 * longestPacket) {
      refuse({ severity: "FATAL", code: "08P01", message: "invalid length of start-up packet" });
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
