/** Something that another gateway has changed in a store that gateways share. */
export type StoreChange =
  | { readonly kind: "grant" | "request"; readonly id: string }
  | { readonly kind: "lockdown" }
  | { readonly kind: "cut_offs" | "memberships" }
  /** A log was asked something, or has answered. */
  | { readonly kind: "questions" }
  /** Something, not known what: the store could not be heard for a while, or a newer gateway changed it. */
  | { readonly kind: "all" };

/** Tells what other gateways change, as soon as they have. Whoever listens must look by themselves as well. */
export interface StoreChanges {
  /**
   * Listens from now on, and begins with `all`. Never throws: while the store cannot be heard it is tried again.
   * @returns stops it
   */
  listen(told: (change: StoreChange) => void): () => Promise<void>;
}

/** Of a store that belongs to one process: nobody else changes anything. */
export const noChanges: StoreChanges = { listen: () => () => Promise.resolve() };

/** The channel that the store's triggers notify (PostgreSQL's NOTIFY). */
export const CHANGES_CHANNEL = "mayfly_changes";
/** The channel of what logs are asked. */
export const QUESTIONS_CHANNEL = "mayfly_questions";

const kinds: ReadonlySet<string> = new Set(["lockdown", "cut_offs", "memberships"]);

/** Reads what a trigger says: `grant gr_1`, `lockdown`. */
export function parseChange(payload: string): StoreChange {
  const named = /^(grant|request) (\S{1,100})$/u.exec(payload);
  if (named !== null) return { kind: named[1] as "grant" | "request", id: named[2] as string };
  if (kinds.has(payload)) return { kind: payload as "lockdown" };
  return { kind: "all" };
}
