import type { Duplex } from "node:stream";
import type { ProtocolSchema } from "../configuration/types.ts";
import type { Access, AccessGrant, Endpoints } from "./access.ts";
import type { ClosingQuestion, DirectPaths, Endpoint } from "./direct-paths.ts";
import type { Gate } from "./gate.ts";
import type { Inventory } from "./inventory/inventory.ts";
import type { Reach } from "./reach.ts";
import type { Tool } from "./tools/tool.ts";
import type { WebHandler } from "./web/handler.ts";

/**
 * The verdict of a grant's scopes on an act. Compare `kind` with ===. `cover` is what the check learned: everything
 * done under the permit uses it, so that nothing is judged, parsed or looked up twice.
 */
export type Verdict<Cover> =
  | {
      readonly kind: "permit";
      /** `connection/operation`; of an act that several cover together all of them, with a comma and a space between. */
      readonly operation: string;
      readonly cover: Cover;
      /** The most permits of this operation in the grant's whole life; the gate counts. */
      readonly budget?: number;
    }
  | { readonly kind: "deny"; readonly denial: Denial };

/**
 * What can help somebody who was denied, so that nobody asks a person for what no person can give:
 * - `correct`: the act itself is wrong (a typo, an unknown column, a missing WHERE); mend it and send it again
 * - `ask`: another operation, or a new grant, may cover it
 * - `never`: no operation grants it
 * - `operator`: only the gateway's operator can change it
 * - `retry`: it passes by itself
 */
export type Remedy = "correct" | "ask" | "never" | "operator" | "retry";

/** The facts for the hint of a denial that asking may resolve. */
export interface AskParts {
  /** What the reader could do about this very act, in words; for example `qualify it with its table's name`. */
  readonly advice?: string;
  /** What the grant covers, in words, bounded. */
  readonly covers?: string;
  /** The connection, for the command that asks. */
  readonly connection: string;
  /** Whether a scope covers this kind of act, and only a detail of this act (its body, say) keeps it out. */
  readonly near?: boolean;
}

/** Operations that could be requested for a denied act: they cover it, or they cover its kind but not its details. */
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
  /** The remedy. Behaviour follows this, never the words. */
  readonly remedy: Remedy;
  /** The same in words, for people and models. */
  readonly hint: string;
  /** What `hintWith` makes the hint from, where another operation may cover the act. */
  readonly ask?: AskParts;
  /** Of an act that its target would refuse itself, whatever is granted: how the target says that. */
  readonly fault?: Fault;
}

/** A client's mistake as the target words it, so that the client reads what it would read without a gateway. */
export interface Fault {
  /** The target's own code, an SQLSTATE for example. */
  readonly code: string;
  readonly message: string;
  /** Where in the act's text, in characters from 1. */
  readonly position?: number;
}

/** One operation of a grant with its scope, as `compile` takes it. */
export interface NamedScope<Scope> {
  /** `connection/operation`. */
  readonly name: string;
  readonly scope: Scope;
}

/** A target that answered. */
export interface ProbeResult {
  /** The response time, from the first byte to the answer. */
  readonly milliseconds: number;
}

/** What a pattern, or an exception of one, matches on a target now. */
export interface PatternMatch {
  /** The member and the pattern, in words. */
  readonly what: string;
  readonly names: readonly string[];
}

/** What of an operation no session would be granted, the way its target is now. */
export interface ScopeProblem {
  /** The member and the name, in words. */
  readonly what: string;
  readonly problem: string;
  readonly hint: string;
}

/** Work that an earlier run of this gateway left running on a target, because it did not end in order. */
export interface LeftBehind {
  /** The grant that it was begun under. */
  readonly grant: string;
  /** The target's name for it, for people. */
  readonly what: string;
  /** Identifies it, whichever connection leads to it. */
  readonly process: string;
  /** Whether an act was under way when it was found. */
  readonly wasRunning: boolean;
  /** Whether it was confirmed to be gone. */
  readonly confirmed: boolean;
}

/** The contract between a protocol and the gate. `Cover`: what covers a permitted act. */
export interface Protocol<Scope, Act, Cover> extends ProtocolSchema {
  /**
   * Turns a grant's scopes into one pure check; called once per grant.
   * @param target as the protocol's schema parsed it: how names resolve there is part of the check
   */
  compile(scopes: readonly NamedScope<Scope>[], target: unknown): (act: Act) => Verdict<Cover>;
  /**
   * A trial session for `mayflyd judge`: acts as text, in order; no target is contacted.
   * @param online has the target asked first what a session would ask it, until the signal aborts; a protocol whose
   * sessions ask nothing leaves it
   */
  trial(
    scopes: readonly NamedScope<Scope>[],
    target: unknown,
    online?: AbortSignal,
  ): (act: string) => Promise<Verdict<Cover>> | Verdict<Cover>;
  /** What leaves in the place of an act's text, undefined where it leaves as it came. Left out: all acts do. */
  sent?(act: string, cover: Cover): Buffer | undefined;
  /** The scope in words, one line a fact, for reviewers and listings. */
  describe(scope: Scope): readonly string[];
  /** What a scope lets through, to be compared with another. Left out: nobody can tell which of two scopes is wider. */
  reach?(scope: Scope): Reach;
  /** How operations are proposed from what was done. Left out: nothing can be. */
  readonly inventory?: Inventory<Scope>;
  /** An act in words, for whoever looks at a live session. Left out: sessions say nothing of what they do. */
  words?(act: Act): string;
  /** Where a target is, for people to read. Holds no credential. */
  address?(target: unknown): string;
  /**
   * Where the gateway connects to for a target; holds no credential. Empty: nowhere by itself, as it starts the target.
   * Left out: nothing is known of it.
   */
  endpoints?(target: unknown): readonly Endpoint[];
  /**
   * The ways to a target beside the gateway, and what closes them; asks nobody. Left out: nothing is known of them.
   * @throws MayflyError when a name in the target cannot stand in such a file
   */
  directPaths?(target: unknown, question: ClosingQuestion): DirectPaths;
  /**
   * Checks whether a target can be reached with the gateway's own credential: one short answer, in bounded time. Left
   * out: its health is unknown.
   * @throws MayflyError whose message may be read by operators: no credential in it
   */
  probe?(target: unknown, signal: AbortSignal): Promise<ProbeResult>;
  /**
   * What a scope comes to on a target now: what its patterns match, and what is wrong with what it names. Left out: that
   * is certain without asking.
   * @throws MayflyError whose message may be read by operators: no credential in it
   */
  findings?(
    target: unknown,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<readonly (PatternMatch | ScopeProblem)[]>;
  /**
   * Ends the work that earlier runs of this gateway left running on a target, and nothing of this run or of other
   * gateways. Left out: such work ends by itself, or nobody can tell.
   * @throws MayflyError when the target cannot be asked now
   */
  endLeftBehind?(target: unknown, signal: AbortSignal): Promise<readonly LeftBehind[]>;
  /** The ready-made access of a grant, in the form of the protocol's own clients: a DSN, a URL, a kubeconfig. */
  access(grant: AccessGrant, endpoints: Endpoints): Access;
  /** The tools of Mayfly's own MCP server for it; left out: none. */
  readonly tools?: readonly Tool[];
  /**
   * How to use a grant with Mayfly's own MCP server alone, in words for a model. Left out: by `tools`, or by the
   * protocol's own client.
   * @param url the gateway's own, without a slash at its end
   */
  usage?(connection: string, url: string): string;
  /** Loads what it needs before it can judge or serve; called once, at start. */
  ready(): Promise<void>;
  /** Serves one client connection of the protocol's own port (`port`) until it ends; left out where there is none. */
  serve?(client: Duplex, gate: Gate<Act, Cover>): void;
  /** Serves HTTPS requests under `/KIND/CONNECTION`; left out where there are none. */
  readonly web?: WebHandler<Act, Cover>;
}

/** Any protocol, whatever its types: the members that all of them share. */
export type AnyProtocol = Protocol<unknown, never, unknown>;
