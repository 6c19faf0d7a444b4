import type { OperationDraft, SeenActs } from "../../../gate/inventory/inventory.ts";
import type { NeededPart } from "../../../gate/inventory/notes.ts";
import type { Call } from "./calls.ts";

/** What of a scope is about tools, resources or prompts. */
export interface ScopePart {
  readonly tools?: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
  readonly prompts?: readonly string[];
}

/** Acts that one operation is to cover, with what it grants for them. */
export interface Unit {
  /** Units that share it may be in one operation. */
  readonly about: string;
  /** What is done, for people: `list orders`. */
  readonly words: string;
  /** What is done where units are together: `read orders`. */
  readonly together: string;
  readonly risk: OperationDraft["risk"];
  readonly scope: ScopePart;
  readonly acts: readonly SeenActs[];
  readonly parts: readonly NeededPart[];
  /** Arguments that take any text. */
  readonly anyText: readonly string[];
}

/** An act that nothing proposed covers. */
export interface Left {
  readonly reason: string;
  readonly seen: SeenActs;
  /** What could cover it: the call's tool, or the resource. Left out: nothing does. */
  readonly call?: Call;
  readonly uri?: string;
  /** Nothing speaks against it but how seldom it was. */
  readonly isRare?: true;
}

/** Acts against which nothing speaks but that they were seldom. */
export const rare = (minSeen: number, of: Pick<Left, "seen" | "call" | "uri">): Left => ({
  ...of,
  reason: `each kind of message was seen fewer than ${minSeen} times`,
  isRare: true,
});
