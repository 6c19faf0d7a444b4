/** A network address that the gateway connects to. */
export interface Endpoint {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** What is spoken there. */
  readonly speaks: "postgres" | "https" | "http";
  /** Of PostgreSQL: the database, and the role that the gateway logs in as. */
  readonly database?: string;
  readonly user?: string;
}

/** A file that closes ways around the gateway. Mayfly prints it and never applies it. */
export interface ClosingFile {
  /** What `--only` calls it. */
  readonly name: string;
  /** Where it goes, in words. */
  readonly place: string;
  /** Its text, or the Kubernetes objects that it holds. */
  readonly content: string | readonly object[];
  /** What whoever applies it should know first: what it leaves open, and what it needs. */
  readonly notes: readonly string[];
  /** Commands of a shell, which can be pasted as they are. They know the file as `savedAs` names it. */
  readonly look: readonly string[];
  readonly apply: readonly string[];
  readonly check: readonly string[];
  readonly takeBack: readonly string[];
}

/** A file that cannot be printed yet. */
export interface MissingFile {
  readonly name: string;
  /** Why not, and which option changes that. */
  readonly why: string;
}

/** A role that keeps a way of its own. */
export interface KeptRole {
  readonly role: string;
  /** Addresses as a CIDR block; left out: the server's own socket alone. */
  readonly from?: string;
}

/** Who somebody is in a cluster. */
export type ClusterAccount =
  | { readonly kind: "ServiceAccount"; readonly namespace: string; readonly name: string }
  | { readonly kind: "User"; readonly name: string };

/** The name under which a printed file is saved; no connection's name holds a dot. */
export function savedAs(connection: string, file: string): string {
  return `${connection}.${file}`;
}

/** What a protocol is told about the installation, to say what closes the ways around the gateway. */
export interface ClosingQuestion {
  /** The connection's name. */
  readonly connection: string;
  /** Where the gateway's connections come from, as CIDR blocks. Empty: it was not said. */
  readonly gateways: readonly string[];
  readonly kept: readonly KeptRole[];
  /** The gateway's account in a cluster; left out: it was not said. */
  readonly account?: ClusterAccount;
  /** The scopes of the connection's operations, by operation. */
  readonly scopes: ReadonlyMap<string, unknown>;
  /** The targets of all connections of this kind, this one among them, by connection. */
  readonly targets: ReadonlyMap<string, unknown>;
}

/** The ways to a target beside the gateway, and what closes them. */
export interface DirectPaths {
  /** As the protocol's own `endpoints`. */
  readonly endpoints: readonly Endpoint[];
  /** Whether others than the gateway and its agents use the same endpoints, so that only the agents' side can be closed. */
  readonly isShared: boolean;
  /** Other connections to the same endpoints, by name. */
  readonly neighbours: readonly string[];
  /** Files that only this protocol knows. */
  readonly files: readonly (ClosingFile | MissingFile)[];
  /** What no file can do, in words. */
  readonly byHand: readonly string[];
}
