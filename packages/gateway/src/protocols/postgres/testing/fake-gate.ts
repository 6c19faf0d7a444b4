import { createHmac, createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import type { ClientFacts, Gate, Outcome, Proof, Session, TurnSender } from "../../../gate/gate.ts";
import { mintPermit } from "../../../gate/permit.ts";
import { createScram } from "../../../gate/scram-server.ts";
import type { Denial } from "../../../gate/protocol.ts";
import { scopeSchema } from "../scope.ts";
import type { PostgresAct } from "../act.ts";

/** One line of the fake gate's log. */
export type Entry =
  | { readonly what: "intent" | "denied"; readonly sql: string; readonly detail: Record<string, unknown> }
  | { readonly what: "outcome"; readonly intent: number; readonly outcome: Outcome }
  | { readonly what: "opened" | "closed" | "refused"; readonly why: string };

/** A gate in memory, for the wire's own tests: it keeps the contract and records into a list. */
export interface FakeGate extends Gate<PostgresAct> {
  readonly log: Entry[];
  /** Ends every open session, as a deadline does. */
  end(reason: string): void;
  /** While true, the log takes nothing: turns are refused. */
  logFails: boolean;
  readonly sessions: number;
}

export interface FakeGateOptions {
  readonly target: unknown;
  readonly scopes?: Session<PostgresAct>["scopes"];
  /** A denial's message for texts that are not allowed. */
  readonly check?: (sql: string) => string | undefined;
  readonly principal?: string;
  readonly messageBytes?: number;
  readonly handshakeMs?: number;
  /** What the grant has left when a session opens; a minute when left out. The fake gate itself never cuts. */
  readonly leftMs?: number;
}

/** The one grant that the fake gate knows, and its secret and token. */
export const testGrant = "gr_test";
export const testSecret = "secret-of-the-test";
export const testToken = "header.payload.signature";

function verifierOf(secret: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(secret, salt, 4096, 32, "sha256");
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$4096:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}

export function denialOf(message: string): Denial {
  return {
    rule: "shop/read: statements",
    message,
    remedy: "ask",
    hint: "ask for an operation that covers it: mayfly operations",
  };
}

export function createFakeGate(options: FakeGateOptions): FakeGate {
  const log: Entry[] = [];
  const verifier = verifierOf(testSecret);
  const scram = createScram((grant) => Promise.resolve(grant === testGrant ? verifier : undefined));
  const open = new Set<AbortController>();
  let intents = 0;

  const proves = (proof: Proof): boolean =>
    proof.grant === testGrant && (proof.kind === "grant-secret" || proof.token === testToken);

  const openSession = (client: ClientFacts): Session<PostgresAct> => {
    const controller = new AbortController();
    let sender: TurnSender | undefined;
    let scheduled = false;
    let closed = false;
    open.add(controller);
    log.push({ what: "opened", why: client.software ?? "" });
    return {
      id: "ses_test",
      grant: testGrant,
      principal: options.principal ?? "agent",
      target: options.target,
      scopes: options.scopes ?? [
        { name: "shop/read", scope: scopeSchema.parse({ statements: ["select", "insert"] }) },
      ],
      endsAt: Date.now() + (options.leftMs ?? 60_000),
      ended: controller.signal,
      attach(added) {
        sender = added;
      },
      judge(act, detail) {
        const parsed = JSON.parse(detail) as Record<string, unknown>;
        const denied = controller.signal.aborted ? "over" : options.check?.(act.sql);
        if (denied !== undefined) {
          log.push({ what: "denied", sql: act.sql, detail: parsed });
          return { denial: denialOf(denied) };
        }
        log.push({ what: "intent", sql: act.sql, detail: parsed });
        if (!scheduled) {
          scheduled = true;
          setImmediate(() => {
            scheduled = false;
            if (gate.logFails) sender?.refuse(denialOf("could not be recorded"));
            else sender?.leave();
          });
        }
        return { permit: mintPermit(intents++, "shop/read"), obligations: [] };
      },
      complete(permit, outcome) {
        log.push({ what: "outcome", intent: permit.intent, outcome });
      },
      close(why) {
        if (closed) return;
        closed = true;
        open.delete(controller);
        log.push({ what: "closed", why });
        controller.abort({ reason: why });
      },
    };
  };

  const gate: FakeGate = {
    log,
    logFails: false,
    get sessions() {
      return open.size;
    },
    limits: { handshakeMs: options.handshakeMs ?? 10_000, messageBytes: options.messageBytes ?? 16_777_216 },
    scram,
    open(proof, connection, client) {
      if (proves(proof) && connection === "shop") return Promise.resolve(openSession(client));
      return Promise.resolve({ code: "no_grant", refused: denialOf("there is no active grant of that id") });
    },
    enter: () => Promise.reject(new Error("not for a protocol with a port of its own")),
    refused(_client, _connection, why) {
      log.push({ what: "refused", why });
    },
    end(reason) {
      for (const controller of open) controller.abort({ reason });
    },
  };
  return gate;
}
