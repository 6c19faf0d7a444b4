import type { Prober, ProbedHost, ToldTarget } from "./types.ts";

/** A probe that an operator has offered. */
export interface KeptOffer {
  readonly id: string;
  /** SHA-256 of the token's secret, hexadecimal. */
  readonly tokenDigest: string;
  readonly expiresAt: number;
  /** The operator's subject. */
  readonly offeredBy: string;
  readonly connections: readonly string[];
}

/** What is kept when addresses are told. */
export interface KeptStart {
  /** SHA-256 of the nonce, hexadecimal. */
  readonly nonceDigest: string;
  readonly reportBy: number;
  /** `requesterKey` of whoever started it. */
  readonly requester: string;
  readonly prober: Prober;
  readonly address: string;
  /** As it was told: a configuration that changes meanwhile does not matter. */
  readonly targets: readonly ToldTarget[];
}

/** A probe as it stands. */
export interface KeptProbe extends KeptOffer {
  /** Left out: nobody has been told anything. */
  readonly start?: KeptStart;
  /** Whether its one report has been taken. */
  readonly isReported: boolean;
}

/** How many offers may wait. */
export interface OfferBound {
  readonly max: number;
  /** Now, milliseconds since the epoch. */
  readonly at: number;
  /** Makes what is thrown when there are as many. */
  refusal(): Error;
}

/** How long what is kept is kept, milliseconds since the epoch. */
export interface ProbesForgotten {
  /** Probes without a report that ended before. */
  readonly endedBefore: number;
  readonly reportedBefore: number;
}

/** Where probes are kept: gateways that share a store share them. */
export interface ProbeStore {
  /** @throws what `bound.refusal` makes */
  offer(offer: KeptOffer, bound: OfferBound): Promise<void>;
  find(id: string): Promise<KeptProbe | undefined>;
  findByNonce(digest: string): Promise<KeptProbe | undefined>;
  /** Whether this was the one start of an offer that has not expired. */
  start(id: string, start: KeptStart, at: number): Promise<boolean>;
  /** Whether this was the one report. */
  claim(id: string, at: number): Promise<boolean>;
  /**
   * Keeps the report in the place of an earlier one of the same requester, address and host.
   * @param maxHosts of the requester; the oldest beyond them are forgotten
   */
  keep(id: string, host: ProbedHost, maxHosts: number): Promise<void>;
  /** Newest first. */
  hosts(limit: number): Promise<readonly ProbedHost[]>;
  forget(times: ProbesForgotten): Promise<void>;
}
