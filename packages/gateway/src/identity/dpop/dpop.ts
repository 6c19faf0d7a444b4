import type { Clock } from "../../kernel/clock.ts";
import { DpopError, badProof } from "./error.ts";
import { createLoans } from "./loans.ts";
import type { Loans } from "./loans.ts";
import { createNonces } from "./nonces.ts";
import type { PresentedToken } from "./presented-token.ts";
import { readProofClaims, splitProof } from "./proof.ts";
import { type BoundToken, createProofReader } from "./read-proof.ts";
import { createReplays } from "./replays.ts";
import type { Replays } from "./replays.ts";

/** Checks that whoever presents a token holds its key (RFC 9449). It outlives a reload. */
export interface Dpop {
  /**
   * Checks the proof of a bound token, and that another token needs none. The first check of a request consumes the
   * proof; later checks of the same request pass.
   * @param shown left out where no proof can be shown, as at PostgreSQL's port
   * @throws DpopError
   */
  check(token: BoundToken, shown: PresentedToken | undefined): void;
  /**
   * Has a proof judged by the process that issued its nonce, where that is another one: `check` refuses it otherwise.
   * @returns undefined where nobody has to be asked; rejects with a DpopError when the proof is not good
   */
  askIssuer(token: BoundToken, shown: PresentedToken | undefined): Promise<void> | undefined;
  /** Consumes a proof with a nonce of this process, which was shown to another one. */
  consume(proof: NoncedProof): Consumed;
  /** A nonce for the proofs after this one, where they need one. */
  nonceFor(shown: PresentedToken): string | undefined;
  readonly loans: Loans;
}

/** A proof, as far as whoever issued its nonce needs it. */
export interface NoncedProof {
  readonly nonce: string;
  readonly principal: string;
  /** The thumbprint of its key. */
  readonly key: string;
  readonly jti: string;
  /** Milliseconds since the epoch. */
  readonly iat: number;
}

/** What became of a proof; `stale`: its nonce is none that counts now. */
export type Consumed = "taken" | "used" | "full" | "stale";

/**
 * The other processes behind the same port. A client's next connection may come to any of them: with the nonce that one
 * issued, and once more to a second one with a proof that was used. So whoever issued a nonce judges every proof that has
 * it, and no proof is good twice.
 */
export interface NonceIssuers {
  /** What this one's nonces begin with. */
  readonly mark: string;
  /** Whether another one may have issued it: its text says so. */
  isOther(nonce: string): boolean;
  /** @returns `stale` when whoever issued it does not answer */
  consume(proof: NoncedProof): Promise<Consumed>;
}

/** What the checks depend on. */
export interface DpopParts {
  readonly clock: Clock;
  /** The gateway's own URL, which proofs must be made for, whatever a proxy or a Host header says. */
  readonly url: string;
  /**
   * Whether other gateways accept proofs of the same tokens. Each then demands its own nonces, so that a proof is good
   * at one gateway alone.
   */
  readonly isShared: boolean;
  /** Left out: no other process has the same port. */
  readonly issuers?: NonceIssuers;
  /** Left out: as many as there should be. */
  readonly replays?: Replays;
}

/** Makes the checks. */
export function createDpop({
  clock,
  url,
  isShared,
  issuers,
  replays = createReplays(clock),
}: DpopParts): Dpop {
  const { origin } = new URL(url);
  const nonces = createNonces(clock, issuers?.mark);
  const readProof = createProofReader(clock, origin);
  /** Requests whose proof was good, and for which token. */
  const passed = new WeakMap<PresentedToken, string>();
  /** Requests about whose proof another process is asked: it counts it once. */
  const underWay = new WeakMap<PresentedToken, { readonly digest: string; readonly done: Promise<void> }>();

  /** Whether that nonce, or the proof's own time, says that it cannot have been used where nobody here remembers. */
  const isKnownFresh = (iat: number, nonce: string | undefined): boolean =>
    (nonce !== undefined && nonces.isFresh(nonce)) || (!isShared && iat > replays.unknownUntil);

  const mustBeTaken = (consumed: Consumed): void => throwUnlessTaken(consumed, () => nonces.current());

  /** The one proof that a request came with, if it did as it should. */
  const onlyProof = ({ scheme, proofs }: PresentedToken): string | undefined =>
    scheme === "dpop" && proofs.length === 1 ? proofs[0] : undefined;

  const judgedByIssuer = async (
    text: string,
    token: BoundToken,
    shown: PresentedToken,
    by: NonceIssuers,
  ): Promise<void> => {
    const { nonce, ...proof } = readProof(text, token, shown);
    if (nonce === undefined) return;
    mustBeTaken(await by.consume({ ...proof, nonce, principal: token.principal }));
    passed.set(shown, token.digest);
  };

  return {
    check(token, shown) {
      if (token.thumbprint === undefined) {
        if (shown?.scheme === "dpop")
          throw new DpopError(
            "token_unbound",
            { error: "invalid_token" },
            "the access token is not bound to a key, and came with the scheme DPoP",
            "send it as 'Authorization: Bearer …'",
          );
        return;
      }
      if (shown === undefined)
        throw new DpopError(
          "proof_missing",
          { error: "invalid_token" },
          "the access token is bound to a key (DPoP), which cannot be proved here",
          "use the grant's secret instead: mayfly run CONNECTION/OPERATION -- COMMAND sets it",
        );
      if (passed.get(shown) === token.digest) return;
      if (shown.scheme !== "dpop")
        throw new DpopError(
          "proof_missing",
          { error: "invalid_token" },
          "the access token is bound to a key (DPoP), and came as a bearer",
          "send 'Authorization: DPoP …' with a proof, as the SDK and the mayfly CLI do; or use the grant's secret, as mayfly run does for curl, kubectl and psql",
        );
      const [proof, ...more] = shown.proofs;
      if (proof === undefined)
        throw new DpopError(
          "proof_missing",
          { error: "invalid_dpop_proof" },
          "the request has no DPoP header",
          "send a proof with every request, or use the grant's secret, as mayfly run does",
        );
      if (more.length > 0) throw badProof("the request has more than one DPoP header");
      const { nonce, ...read } = readProof(proof, token, shown);
      const isFresh = isKnownFresh(read.iat, nonce);
      mustBeTaken(isFresh ? replays.consume({ ...read, principal: token.principal }) : "stale");
      passed.set(shown, token.digest);
    },
    askIssuer(token, shown) {
      if (issuers === undefined || token.thumbprint === undefined || shown === undefined) return undefined;
      if (passed.get(shown) === token.digest) return undefined;
      const asked = underWay.get(shown);
      if (asked?.digest === token.digest) return asked.done;
      const text = onlyProof(shown);
      if (text === undefined) return undefined;
      const { nonce } = readProofClaims(splitProof(text).claims);
      if (nonce === undefined || !issuers.isOther(nonce)) return undefined;
      const done = judgedByIssuer(text, token, shown, issuers);
      underWay.set(shown, { digest: token.digest, done });
      return done;
    },
    consume({ nonce, ...proof }) {
      return nonces.isFresh(nonce) ? replays.consume(proof) : "stale";
    },
    nonceFor: ({ scheme }) => (isShared && scheme === "dpop" ? nonces.current() : undefined),
    loans: createLoans(),
  };
}

/** @throws DpopError unless it was taken */
function throwUnlessTaken(consumed: Consumed, nonce: () => string): void {
  switch (consumed) {
    case "taken":
      return;
    case "stale":
      throw new DpopError(
        "proof_nonce",
        { error: "use_dpop_nonce", nonce: nonce() },
        "the DPoP proof needs this gateway's nonce",
        "send the request again with a proof that has the DPoP-Nonce of this answer as its nonce",
      );
    case "used":
      throw badProof("it was used before (jti)");
    case "full":
      throw new DpopError(
        "proofs_too_many",
        { error: "invalid_dpop_proof" },
        "more requests with proofs than can be remembered",
        "send fewer requests a second, or use the grant's secret, which needs no proofs",
      );
  }
}
