import type { Requester } from "../kernel/requester.ts";

// A probe: somebody at a host tries every way to the real addresses of targets beside the gateway, and reports it.

/** Where a way leads by. */
export const wayKinds = ["direct", "proxy", "metadata", "socket", "credential"] as const;
/** What became of a way: `open` leads past the gateway. */
export const wayOutcomes = ["closed", "open", "undecided"] as const;
/** How a try ended. */
export const wayFindings = [
  "refused",
  "timeout",
  "unreachable",
  "denied",
  "no_name",
  "rejected",
  "absent",
  "answered",
  "reset",
  "silent",
  "other",
] as const;
export const connectionVerdicts = [
  "closed",
  "open",
  "open_with_credential",
  "undecided",
  "no_address",
] as const;
export const targetStates = ["up", "down", "unknown"] as const;

export type WayOutcome = (typeof wayOutcomes)[number];
export type WayFinding = (typeof wayFindings)[number];
export type ConnectionVerdict = (typeof connectionVerdicts)[number];
/** The verdict on a host. */
export type HostVerdict = WayOutcome;
/** How the gateway itself finds a target. */
export type TargetState = (typeof targetStates)[number];

/** Which findings bear out an outcome; left out: any. */
const borneOutBy: Partial<Record<WayOutcome, readonly WayFinding[]>> = {
  open: ["answered"],
  closed: ["refused", "timeout", "unreachable", "denied", "no_name", "rejected", "absent"],
};

/** Whether an outcome follows from what was found. */
export function isBorneOut({ outcome, found }: Pick<ProbeWay, "outcome" | "found">): boolean {
  return borneOutBy[outcome]?.includes(found) ?? true;
}

/** Where a target is, as the configuration says. */
export interface ProbedEndpoint {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly speaks: "postgres" | "https" | "http";
  /** Of PostgreSQL: the database, and the role that the gateway logs in as. */
  readonly database?: string;
  readonly user?: string;
}

/** A real address of a target, as it is told to whoever probes. */
export interface ToldEndpoint extends ProbedEndpoint {
  /** As the gateway's own resolver says; an address is itself. */
  readonly addresses: readonly string[];
  /** How many more it has, which are not told. */
  readonly leftOut?: number;
}

/** A connection's target, as it is told to whoever probes. */
export interface ToldTarget {
  readonly connection: string;
  readonly protocol: string;
  readonly state: TargetState;
  /** Empty: the gateway starts it itself, so that no address leads there. */
  readonly endpoints: readonly ToldEndpoint[];
  /** Nobody knows where it is: that there are no endpoints says nothing. */
  readonly isUnknown?: true;
}

/** An endpoint as it is kept: with what the gateway found itself, which nobody is told. */
export interface KeptEndpoint extends ToldEndpoint {
  /** Those of `addresses` that the gateway could connect to when the probe began. */
  readonly reached?: readonly string[];
  /**
   * Those of `addresses` that are no address of the endpoint, but of the gateway's own interfaces: it means the gateway's
   * machine by an address that means the probing host's machine there.
   */
  readonly own?: readonly string[];
}

/** A target as it is kept. */
export interface KeptTarget extends ToldTarget {
  readonly endpoints: readonly KeptEndpoint[];
}

/** How the gateway finds targets at one moment. */
export interface FoundNow {
  /** By connection. */
  readonly states: ReadonlyMap<string, TargetState>;
  /** The places that it could connect to, as `placeKey` names them. */
  readonly reached: ReadonlySet<string>;
}

/** One way that was tried. All texts are whatever the host says. */
export interface ProbeWay {
  /** Whose target it leads to; left out: no connection's. */
  readonly connection?: string | undefined;
  /** `10.0.0.7:5432`, say. */
  readonly to: string;
  /** `address 10.0.0.7`, `proxy HTTPS_PROXY`, `metadata address`. */
  readonly by: string;
  readonly kind: (typeof wayKinds)[number];
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly outcome: WayOutcome;
  readonly found: WayFinding;
  readonly detail: string;
  /** Places of the standing credentials that it would be used with. */
  readonly credentials?: readonly string[] | undefined;
}

/** A credential that lies at a host. Its value is never sent. */
export interface ProbeCredential {
  readonly kind: string;
  readonly place: string;
  readonly name: string;
  readonly leadsTo?: string | undefined;
}

/** What a host found. */
export interface ProbeReport {
  readonly nonce: string;
  /** The machine's own name. */
  readonly host: string;
  readonly ways: readonly ProbeWay[];
  readonly credentials: readonly ProbeCredential[];
}

/** How the key that a report's token is bound to signed the report. */
export interface ReportSignature {
  /** Thumbprint (RFC 7638). */
  readonly key: string;
  /** SHA-256 of the report as it came, base64url. */
  readonly digest: string;
  /** The DPoP proof (RFC 9449) that has the digest as `body_sha256`. */
  readonly proof: string;
}

/** An operator's word that somebody may be told real addresses, once. */
export interface ProbeOffer {
  readonly probe: string;
  /** Given once, stored nowhere. */
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly connections: readonly string[];
}

/** Where agents reach the gateway. */
export interface GatewayPlace {
  readonly host: string;
  /** Of its URL. */
  readonly port: number;
  /** This one, and those that protocols of their own listen at. */
  readonly ports: readonly number[];
}

/** What is to be tried, and until when it is to be reported. */
export interface ProbeTask {
  readonly probe: string;
  /** Given once, stored nowhere. */
  readonly nonce: string;
  readonly reportBy: number;
  readonly gateway: GatewayPlace;
  readonly targets: readonly ToldTarget[];
}

/** Who probed, as they are kept and shown. */
export type Prober = Pick<
  Requester,
  "kind" | "issuer" | "subject" | "client" | "name" | "owner" | "groups" | "person" | "actors" | "uid"
>;

/** What a report comes to for one connection. */
export interface ProbedConnection {
  readonly connection: string;
  readonly verdict: ConnectionVerdict;
  /** The ways that stand open, in words; of very many the first, and how many there are beside them. */
  readonly open: readonly string[];
  /** Why the verdict is not more certain, in words. */
  readonly undecided: readonly string[];
  /** When that was reported: a later report of the host may have been of other connections. */
  readonly probedAt: number;
}

/** A host that was probed, each connection as it was last. */
export interface ProbedHost {
  readonly probe: string;
  readonly host: string;
  /** Where it came from, as the gateway saw it. */
  readonly address: string;
  readonly principal: Prober;
  /** The thumbprint of the key that the report is signed with, where its token was bound to one. */
  readonly key?: string;
  /** The operator who offered the probe. */
  readonly offeredBy: string;
  /** When it was last. */
  readonly probedAt: number;
  /** The worst of all that is kept of it. */
  readonly verdict: HostVerdict;
  readonly connections: readonly ProbedConnection[];
  /** Ways of no connection that stand open, as the last report has them. */
  readonly open: readonly string[];
  /** Those that nobody could decide about. */
  readonly undecided: readonly string[];
  readonly credentials: readonly ProbeCredential[];
  /** How many more credentials the report had; the record has them. */
  readonly credentialsLeftOut?: number;
}
