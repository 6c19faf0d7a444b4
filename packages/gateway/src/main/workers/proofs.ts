import type { Consumed, Dpop, NoncedProof, NonceIssuers } from "../../identity/dpop/dpop.ts";
import type { Siblings } from "./siblings.ts";

const consumed: ReadonlySet<unknown> = new Set<Consumed>(["taken", "used", "full", "stale"]);
const isConsumed = (said: unknown): said is Consumed => consumed.has(said);

/** Has every proof judged by the worker that issued its nonce, whose number the nonce begins with. */
export function issuersAmong(siblings: Siblings): NonceIssuers {
  const issuerOf = (nonce: string): number => Number(/^([1-9]\d?)\./.exec(nonce)?.[1] ?? 0);
  return {
    mark: `${siblings.own}.`,
    isOther(nonce) {
      const issuer = issuerOf(nonce);
      return issuer >= 1 && issuer <= siblings.count && issuer !== siblings.own;
    },
    async consume(proof) {
      const said = await siblings.ask(issuerOf(proof.nonce), "proof", proof);
      // Without an answer nobody knows whether it was used before.
      return isConsumed(said) ? said : "stale";
    },
  };
}

/** Judges for the other workers the proofs that have this one's nonces. */
export function answerForNonces(siblings: Siblings, dpop: Pick<Dpop, "consume">): void {
  siblings.answer("proof", (proof) => dpop.consume(proof as NoncedProof));
}
