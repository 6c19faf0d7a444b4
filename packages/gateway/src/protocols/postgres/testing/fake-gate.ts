import { createHmac, createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import type {
  ClientFacts,
  Gate,
  Outcome,
  Proof,
  Session,
  SessionEnd,
  StillRunning,
  TurnSender,
} from "../../../gate/gate.ts";
import { mintPermit } from "../../../gate/permit.ts";
import { createScram } from "../../../gate/scram/server.ts";
import type { Denial } from "../../../gate/protocol.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { scopeSchema } from "../scope.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import type { Target } from "../target.ts";

/** One line of the fake gate's log. */
export type Entry =
  | {
      readonly what: "intent" | "denied";
      readonly sql: string;
      readonly detail: Record<string, unknown>;
      /** The intent that it refers to for what it does not say itself. */
      readonly repeats?: number | undefined;
    }
  | { readonly what: "outcome"; readonly intent: number; readonly outcome: Outcome }
  | { readonly what: "closed"; readonly why: string; readonly stillRunning?: StillRunning | undefined }
  | { readonly what: "opened" | "refused"; readonly why: string };

/** A gate in memory, for the wire's own tests: it keeps the contract and records into a list. */
export interface FakeGate extends Gate<PostgresAct, PostgresCover> {
  readonly log: Entry[];
  /** Ends every open session, as a deadline does. */
  end(reason: string): void;
  /** While true, the log takes nothing: turns are refused. */
  logFails: boolean;
  readonly sessions: number;
}

export interface FakeGateOptions {
  readonly target: unknown;
  readonly scopes?: Session<PostgresAct, PostgresCover>["scopes"];
  /** A denial's message for texts that are not allowed. */
  readonly check?: (sql: string) => string | undefined;
  /** Whether the real guard is asked of every text. */
  readonly isGuarded?: boolean;
  readonly principal?: string;
  readonly messageBytes?: number;
  readonly statementBytes?: number;
  readonly handshakeMs?: number;
  /** How long the next act has to wait, milliseconds; not at all when left out. */
  readonly pause?: () => number;
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
  const details: Record<string, unknown>[] = [];
  const verifier = verifierOf(testSecret);
  const scram = createScram((grant) => Promise.resolve(grant === testGrant ? verifier : undefined));
  const open = new Set<AbortController>();
  let intents = 0;
  const guardOf = (scopes: unknown): ReturnType<typeof compileScopes> | undefined =>
    options.isGuarded === true
      ? compileScopes(
          scopes as Parameters<typeof compileScopes>[0],
          (options.target as Partial<Target>).search_path,
        )
      : undefined;

  const proves = (proof: Proof): boolean =>
    proof.grant === testGrant && (proof.kind === "grant-secret" || proof.token === testToken);

  const openSession = (client: ClientFacts): Session<PostgresAct, PostgresCover> => {
    const controller = new AbortController();
    let sender: TurnSender | undefined;
    let scheduled = false;
    let closed = false;
    const guard = guardOf(options.scopes);
    open.add(controller);
    log.push({ what: "opened", why: client.software ?? "" });
    return {
      kind: "session",
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
      judge(act, detail, repeats) {
        const said = JSON.parse(detail) as Record<string, unknown>;
        // As a reader of the log has it.
        const parsed = { ...(repeats === undefined ? {} : details[repeats.intent]), ...said };
        const verdict = guard?.(act);
        const refused = controller.signal.aborted ? "over" : options.check?.(act.sql);
        const guarded = verdict?.kind === "deny" ? verdict.denial : undefined;
        const denial = refused === undefined ? guarded : denialOf(refused);
        if (denial !== undefined) {
          log.push({ what: "denied", sql: act.sql, detail: parsed });
          return { kind: "deny", denial };
        }
        log.push({ what: "intent", sql: act.sql, detail: parsed, repeats: repeats?.intent });
        details[intents] = parsed;
        if (!scheduled) {
          scheduled = true;
          setImmediate(() => {
            scheduled = false;
            if (gate.logFails) sender?.refuse(denialOf("could not be recorded"));
            else sender?.leave();
          });
        }
        const cover =
          act.judged?.verdict.kind === "permit" ? act.judged.verdict.cover : { operations: [], effects: [] };
        return { kind: "permit", permit: mintPermit(intents++, "shop/read", cover) };
      },
      pause: () => options.pause?.() ?? 0,
      payload() {
        throw new TypeError("sessions of PostgreSQL keep nothing beside the log");
      },
      goesOn: () => true,
      judgeOrWait() {
        throw new TypeError("sessions of PostgreSQL do not wait");
      },
      complete(permit, outcome) {
        log.push({ what: "outcome", intent: permit.intent, outcome });
      },
      close(why, stillRunning) {
        if (closed) return;
        closed = true;
        open.delete(controller);
        log.push({
          what: "closed",
          why: why.words,
          ...(stillRunning === undefined ? {} : { stillRunning }),
        });
        controller.abort(why);
      },
    };
  };

  const gate: FakeGate = {
    log,
    logFails: false,
    get sessions() {
      return open.size;
    },
    limits: {
      handshakeMs: options.handshakeMs ?? 10_000,
      messageBytes: options.messageBytes ?? 16_777_216,
      statementBytes: options.statementBytes ?? 1_048_576,
    },
    scram,
    open(proof, connection, client) {
      if (proves(proof) && connection === "shop") return Promise.resolve(openSession(client));
      return Promise.resolve({
        kind: "refused",
        code: "no_grant",
        denial: denialOf("there is no active grant of that id"),
      });
    },
    enter: () => Promise.reject(new Error("not for a protocol with a port of its own")),
    refused(_client, _connection, why) {
      log.push({ what: "refused", why });
    },
    end(reason) {
      for (const controller of open)
        controller.abort({ cause: "revoked", words: reason } satisfies SessionEnd);
    },
  };
  return gate;
}
