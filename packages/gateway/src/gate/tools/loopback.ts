import type { Duplex } from "node:stream";

/** One request to the protocol's handler under `/KIND/CONNECTION`. */
export interface LoopbackRequest {
  readonly connection: string;
  readonly grant?: string | undefined;
  readonly method: string;
  /** What follows `/KIND/CONNECTION`, to the byte. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How much of the answer's body comes back at most, bytes. */
  readonly bytes: number;
}

/** What a handler answered. */
export interface LoopbackAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether the body goes on. */
  readonly cut: boolean;
}

/** A connection that was upgraded. */
export interface Upgraded {
  readonly socket: Duplex;
  /** The first bytes after the answer's head. */
  readonly head: Buffer;
}

/** The result of a request to upgrade. Compare `kind` with ===. */
export type UpgradeResult<T> =
  | { readonly kind: "upgraded"; readonly result: T }
  /** Refused here or failed upstream: the answer instead. */
  | { readonly kind: "answer"; readonly answer: LoopbackAnswer };

/** A connection in memory to the protocol's own port. */
export interface PortConnection {
  /** The client's end; the gateway serves the other one already. */
  readonly client: Duplex;
  /** The certificate that the gateway shows now, PEM: the only one that may be trusted on this connection. */
  readonly certificate: string;
}

/**
 * One protocol's own endpoints, in memory, for one caller: what comes through is authenticated, judged and recorded like
 * every other client, whose software is "mayfly-mcp".
 */
export interface Loopback {
  /** @throws MayflyError when no answer comes */
  request(ask: LoopbackRequest): Promise<LoopbackAnswer>;
  /**
   * Asks for an upgrade (RFC 9110, section 7.8) and uses what it opens; the connection ends with `use`.
   * @param ask its headers name the protocol to upgrade to
   * @throws MayflyError when no answer comes, or `use` does not end in time
   */
  upgrade<T>(
    ask: Pick<LoopbackRequest, "connection" | "grant" | "path" | "headers" | "bytes">,
    use: (opened: Upgraded) => Promise<T>,
  ): Promise<UpgradeResult<T>>;
  /** @throws MayflyError where the protocol has no port that is served here */
  connect(): PortConnection;
}

/** The caller of an endpoint in memory: they authenticate with their own token, as any client of theirs does. */
export interface LoopbackCaller {
  /** The principal's own access token: the endpoint verifies it again. */
  readonly bearer: string;
  /** The principal that these calls count for. */
  readonly principal: string;
  /** The client's address, for records. */
  readonly address: string;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
}

/** Every protocol's endpoints in memory. */
export interface LoopbackClients {
  /**
   * Lends one protocol's endpoints to a caller for one call.
   * @throws MayflyError when the caller has too many calls under way
   */
  lend<T>(kind: string, caller: LoopbackCaller, use: (loopback: Loopback) => Promise<T>): Promise<T>;
}
