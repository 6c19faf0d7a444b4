import type { NamedScope, Verdict } from "../protocol.ts";
import type { ActSource, Recorded } from "./seen.ts";

/** Acts that are alike: they need the same of a scope. */
export interface SeenActs {
  /** One of them, as it was done. */
  readonly act: string;
  readonly times: number;
  /** Who did them, with how often each. */
  readonly by: ReadonlyMap<string, number>;
  /** When, milliseconds since the epoch; left out: no source said so. */
  readonly first?: number;
  readonly last?: number;
}

/** An operation as a configuration says it, without its place. Plain data. */
export interface OperationDraft {
  readonly name: string;
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  /** The members of its scope, as they are written in a configuration. */
  readonly scope: Readonly<Record<string, unknown>>;
}

/** Acts together. */
export interface Evidence {
  readonly kinds: number;
  readonly times: number;
  readonly by: ReadonlyMap<string, number>;
  readonly first?: number;
  readonly last?: number;
}

/** An operation that covers acts which were seen, and no more than it must. */
export interface ProposedOperation extends OperationDraft {
  readonly evidence: Evidence;
  /** What whoever reads it should look at: parts that few acts needed, or one agent alone. One line each, no value of an act. */
  readonly notes: readonly string[];
}

/** Acts that nothing proposed covers. */
export interface SetApart {
  /** Why not. */
  readonly reason: string;
  readonly evidence: Evidence;
  /** Some of them, without their values, one line each. */
  readonly examples: readonly string[];
  /** What would cover them, where anything can: for a person to decide. */
  readonly draft?: OperationDraft;
}

export interface Proposal {
  readonly operations: readonly ProposedOperation[];
  readonly apart: readonly SetApart[];
  /** Acts that need no operation of their own. */
  readonly freely: Evidence;
}

/** What operations are proposed from beside the acts. */
export interface ProposalParts {
  /** Where the acts were done, as the protocol's schema parsed it; left out: it is not configured yet. */
  readonly target?: unknown;
  /** A description of what the target holds, in the protocol's own form; left out: what the acts themselves tell. */
  readonly structure?: string;
  /** Acts that were seen less often are set apart. */
  readonly minSeen: number;
  /** Names that no operation may have. */
  readonly taken: readonly string[];
}

/** How operations are proposed from acts that a target's own records show, and held against those that there are. */
export interface Inventory<Scope> {
  /** What its acts are called, for people: `statement`. */
  readonly act: string;
  /** What the part of a target is called that acts are done in: `database`, an option's name too; left out: a target is one. */
  readonly part?: string;
  /** What a structure is, for people: `what pg_dump --schema-only prints`; left out: it takes none. */
  readonly structure?: string;
  /** What needs no operation of its own, for people; left out: there is nothing that does not. */
  readonly freely?: string;
  readonly sources: readonly ActSource[];
  /** What `act` of a record of Mayfly's own says was done. */
  recorded(act: Readonly<Record<string, unknown>>): Recorded;
  /** What may be amiss where the sources hold no act at all. */
  readonly emptyHint: string;
  /** How a target is made to write one of the formats; left out: nothing is to be said. */
  readonly formatHint?: string;
  /** Why more may be refused without a structure than a session would refuse; left out: nothing is to be said. */
  readonly checkHint?: string;
  /** The part of a target that its acts are done in, as sources name it; undefined: it does not say. */
  within(target: unknown): string | undefined;
  /** How a connection would say how the target is reached, with values to be filled in. @param target what is known of it */
  targetDraft(
    connection: string,
    within: string | undefined,
    target: unknown,
  ): Readonly<Record<string, unknown>>;
  /** What stands for all acts that are like this one; bounded by its length. */
  likeness(act: string): string;
  /** An act as one line without its values. */
  shown(act: string): string;
  /** Judges acts, each whatever came before it in its session. */
  judge(
    scopes: readonly NamedScope<Scope>[],
    parts: Pick<ProposalParts, "target" | "structure">,
  ): (act: string) => Verdict<unknown>;
  /** @throws MayflyError when the structure cannot be read */
  propose(seen: readonly SeenActs[], parts: ProposalParts): Proposal;
  /**
   * What a scope grants beyond what acts needed that it covers, in words, a line each; undefined: they needed nothing of it.
   * @throws MayflyError, as `propose`
   */
  unused(
    seen: readonly SeenActs[],
    scope: Scope,
    parts: Pick<ProposalParts, "target" | "structure">,
  ): readonly string[] | undefined;
}
