/** The outcome of a SCRAM exchange that succeeded. Only the gate can make one. */
export interface GrantSecretProof {
  readonly kind: "grant-secret";
  readonly grant: string;
}

/** What a client may choose: with or without binding the exchange to the TLS channel. */
export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";

/**
 * The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677) for a grant's secret. The protocol carries
 * the messages; the rules stand here once.
 */
export interface ScramExchange {
  /** What is offered, the strongest first. */
  readonly mechanisms: readonly ScramMechanism[];
  /**
   * @param message the client-first message
   * @param mechanism the one of those that the client chose; left out: the one without channel binding
   * @returns the server-first message, or undefined when the client's message is malformed
   */
  first(message: string, mechanism?: ScramMechanism): Promise<string | undefined>;
  /**
   * @param message the client-final message
   * @returns the server-final message and the proof for `Gate.open`, or undefined when the secret is wrong
   */
  final(message: string): { readonly message: string; readonly proof: GrantSecretProof } | undefined;
}
