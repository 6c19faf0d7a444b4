import type { Duplex } from "node:stream";
import type { ProtocolSchema } from "../configuration/types.ts";
import type { Gate } from "./gate.ts";
import type { WebDoor } from "./web/door.ts";

/** What a scope makes of an act. Compare `verdict` with ===. */
export type Verdict =
  | {
      readonly verdict: "permit";
      readonly operation: string;
      /** At most so many permits of this operation in the grant's whole life; the gate counts. */
      readonly budget?: number;
    }
  | { readonly verdict: "deny"; readonly denial: Denial };

/**
 * What can help somebody who was denied, so that nobody asks a person for what no person can give:
 * - `correct`: the act itself is wrong (a typo, an unknown column, a missing WHERE); mend it and send it again
 * - `ask`: another operation, or a new grant, may cover it
 * - `never`: no operation grants it
 * - `operator`: only the gateway's operator can change it
 * - `retry`: it passes by itself
 */
export type Remedy = "correct" | "ask" | "never" | "operator" | "retry";

/** What the hint of a denial that asking may help against is made of. */
export interface AskParts {
  /** What the reader could do about this very act, in words; for example `qualify it with its table's name`. */
  readonly advice?: string;
  /** What the grant covers, in words, bounded. */
  readonly covers?: string;
  /** The connection, for the command that asks. */
  readonly connection: string;
  /** Whether a scope covers this kind of act, and something in this one alone keeps it out (its body, say). */
  readonly near?: boolean;
}

/** Operations that a denied act could be asked for under: they cover it, or they cover its kind and not its details. */
export interface Covering {
  readonly names: readonly string[];
  readonly exactly: boolean;
}

/** A refusal that the client's own protocol can carry. Plain data. */
export interface Denial {
  /** The rule that refused, for example `orders-db/read-orders: statements`. */
  readonly rule: string;
  /** What was refused and why; names tables and functions, never values. */
  readonly message: string;
  /** What can help. Behaviour follows this, and never the words. */
  readonly remedy: Remedy;
  /** The same in words, for people and models. */
  readonly hint: string;
  /** Where another operation may cover the act: what its hint is made of, for `hintWith`. */
  readonly ask?: AskParts;
}

/** One operation of a grant with its scope, as `compile` takes it. */
export interface NamedScope<Scope> {
  /** `connection/operation`. */
  readonly name: string;
  readonly scope: Scope;
}

/** A target that answered. */
export interface ProbeResult {
  /** From the first byte to the answer. */
  readonly milliseconds: number;
}

/** The contract between a protocol and the gate. */
export interface Protocol<Scope, Act> extends ProtocolSchema {
  /**
   * Turns a grant's scopes into one pure check; called once per grant.
   * @param target as the protocol's schema parsed it: how names resolve there is part of the check
   */
  compile(scopes: readonly NamedScope<Scope>[], target: unknown): (act: Act) => Verdict;
  /** One try-out session for `mayflyd judge`: acts in their text form, in order, no target touched. */
  trial(scopes: readonly NamedScope<Scope>[], target: unknown): (act: string) => Promise<Verdict> | Verdict;
  /** The scope in words, one line a fact, for reviewers and listings. */
  describe(scope: Scope): readonly string[];
  /** An act in words, for whoever looks at a live session. Left out: sessions say nothing of what they do. */
  words?(act: Act): string;
  /** Where a target is, for people to read. Holds no credential. */
  address?(target: unknown): string;
  /**
   * Looks whether a target can be reached with the gateway's own credential: one short answer, in bounded time.
   * Left out: its health is unknown.
   * @throws MayflyError whose message may be read by operators: no credential in it
   */
  probe?(target: unknown, signal: AbortSignal): Promise<ProbeResult>;
  /** Loads what it needs before it can judge or serve; called once, at start. */
  ready(): Promise<void>;
  /** Serves one client connection of a port of the protocol's own until it ends; left out where there is none. */
  serve?(client: Duplex, gate: Gate<Act>): void;
  /** Serves what comes over HTTPS under `/KIND/CONNECTION`; left out where nothing does. */
  readonly web?: WebDoor<Act>;
}
