import type { ConnectionVerdict, KeptTarget, Prober, ProbedHost } from "./types.ts";

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
  /** The thumbprint of the key that their token was bound to; left out: a bearer token. */
  readonly key?: string;
  /** As it was told: a configuration that changes meanwhile does not matter. */
  readonly targets: readonly KeptTarget[];
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

/** From where somebody probed: a host. */
export interface ProbedFrom {
  /** `requesterKey`. */
  readonly requester: string;
  readonly address: string;
  /** The thumbprint of the key that the report is signed with; left out: a bearer token. */
  readonly key?: string;
}

/** What a host's last report says of one connection, for policies. */
export interface ProbedPath {
  /** Left out: the ways of no connection. */
  readonly connection?: string;
  readonly verdict: ConnectionVerdict;
  readonly probe: string;
  readonly reportedAt: number;
  /** `targetDigest` of where it led. */
  readonly target: string;
  /** The hosts and ports that it led to. */
  readonly places: readonly string[];
  /** Ways of no connection that are not closed, in words. */
  readonly why: readonly string[];
}

/** A path, as it is kept. */
export interface KeptPath extends ProbedPath {
  /** Which report of the host it came with: a later one has a higher number, whatever the clocks say. */
  readonly arrival: number;
}

/** A report, as it is kept. */
export interface KeptReport {
  /** As it is shown: cut where it is long. */
  readonly host: ProbedHost;
  /** Whole. */
  readonly paths: readonly ProbedPath[];
}

/** How a report is kept beside earlier ones. */
export interface ReportBound {
  /** Hosts of the requester that are shown; the oldest beyond them are forgotten. */
  readonly maxHosts: number;
  /** Hosts of the requester whose paths are kept. */
  readonly maxPlaces: number;
  /** Puts a report and what is kept of the same host together; the newest of those comes first. */
  readonly merge: (host: ProbedHost, earlier: readonly ProbedHost[]) => ProbedHost;
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
  /** Lets a report that was claimed, and is not kept, be claimed again. */
  unclaim(id: string): Promise<void>;
  /** Keeps the report in the place of earlier ones of the same requester, address, key and host, put together with them; its paths in the place of what was known of each. */
  keep(id: string, kept: KeptReport, bound: ReportBound): Promise<void>;
  /** What is kept of a host for a connection: of it, of no connection, and of whatever else is not closed. */
  paths(from: ProbedFrom, connection: string): Promise<readonly KeptPath[]>;
  /** Whether anything is kept of the same requester from the same address, under whatever key. */
  isProbedFrom(from: ProbedFrom): Promise<boolean>;
  /** Newest first. */
  hosts(limit: number): Promise<readonly ProbedHost[]>;
  forget(times: ProbesForgotten): Promise<void>;
}
