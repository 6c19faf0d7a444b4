import { sameBytes } from "@mayfly/audit-verifier/browser";

/** A head of the log that somebody kept: in this browser, or anywhere the gateway cannot reach. */
export interface KeptHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** How the log's head of now relates to a head that was kept. */
export type Growth =
  /** The same size and root. */
  | "same"
  /** Larger: an inclusion proof decides whether it only grew. */
  | "larger"
  /** Records are gone. */
  | "shrank"
  /** As many records, and not the same ones. */
  | "forked";

/** Compares two heads by what can be seen without a proof. */
export function growthSince(kept: KeptHead, now: KeptHead): Growth {
  if (now.size < kept.size) return "shrank";
  if (now.size > kept.size) return "larger";
  return sameBytes(now.root, kept.root) ? "same" : "forked";
}
