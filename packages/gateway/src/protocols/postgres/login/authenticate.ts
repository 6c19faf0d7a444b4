import type { Duplex } from "node:stream";
import type { Gate, Proof } from "../../../gate/gate.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import { channelBinding } from "./channel-binding.ts";
import { createMessageReader, type, u32, WireError } from "../wire/framing.ts";
import {
  authenticationCleartext,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  type ErrorText,
} from "../wire/messages.ts";
import { MAX_PACKET_BYTES, type Startup } from "./startup.ts";

/** How authentication ended: a proof for the gate, or what to tell the client. */
export type Authenticated = { readonly proof: Proof } | { readonly error: ErrorText };

function wrong(grant: string): Authenticated {
  return {
    error: {
      severity: "FATAL",
      code: "28P01",
      message: `password authentication failed for user "${grant}"`,
    },
  };
}

/**
 * Carries the authentication messages (manual, "SASL Authentication"); the rules are the gate's. Reads no byte more
 * than it needs, and leaves the client paused.
 * @param early bytes that came behind the start-up packet
 * @throws WireError when the client breaks the protocol
 */
export async function authenticate(
  client: Duplex,
  startup: Startup,
  gate: Gate<PostgresAct, PostgresCover>,
  early: Buffer,
): Promise<Authenticated> {
  const reader = createMessageReader(MAX_PACKET_BYTES);
  const next = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const tryNext = (): boolean => {
        const message = reader.next();
        if (message === undefined) return false;
        if (message.type !== type.password) throw new WireError("08P01", "expected a password message");
        resolve(message.body);
        return true;
      };
      const onData = (chunk: Buffer): void => {
        try {
          reader.add(chunk);
          if (!tryNext()) return;
        } catch (error) {
          reject(error);
        }
        stop();
      };
      const onClose = (): void => {
        stop();
        reject(new WireError("08006", "the client went away"));
      };
      const stop = (): void => {
        client.pause();
        client.off("data", onData);
        client.off("close", onClose);
      };
      client.on("data", onData);
      client.once("close", onClose);
      client.resume();
    });
  const behind = (): void => {
    if (reader.rest().length > 0) throw new WireError("08P01", "bytes came before authentication was over");
  };

  // A client has nothing to say before it is asked.
  if (early.length > 0) throw new WireError("08P01", "bytes came before authentication was asked for");
  if (startup.method === "token") {
    client.write(authenticationCleartext());
    const body = await next();
    behind();
    if (body.indexOf(0) !== body.length - 1) throw new WireError("08P01", "invalid password message");
    return {
      proof: { kind: "token", token: body.toString("utf8", 0, body.length - 1), grant: startup.grant },
    };
  }

  const exchange = gate.scram(startup.grant, channelBinding(client));
  client.write(authenticationSasl(exchange.mechanisms));
  const initial = await next();
  behind();
  const nul = initial.indexOf(0);
  if (nul < 0 || nul + 5 > initial.length || initial.length - nul - 5 !== u32(initial, nul + 1)) {
    throw new WireError("08P01", "invalid SASL initial response");
  }
  const chosen = initial.toString("latin1", 0, nul);
  const mechanism = exchange.mechanisms.find((offered) => offered === chosen);
  if (mechanism === undefined)
    throw new WireError("08P01", "client selected an invalid SASL authentication mechanism");
  const challenge = await exchange.first(initial.toString("utf8", nul + 5), mechanism);
  if (challenge === undefined) throw new WireError("08P01", "malformed SCRAM message");
  client.write(authenticationSaslContinue(challenge));
  const response = await next();
  behind();
  const final = exchange.final(response.toString("utf8"));
  if (final === undefined) return wrong(startup.grant);
  client.write(authenticationSaslFinal(final.message));
  return { proof: final.proof };
}
