/** Who goes through a door: with their own token, as any client of theirs does. */
interface Ask {
  /** The principal's own access token: the door verifies it again. */
  readonly bearer: string;
  readonly connection: string;
  /** The client's address, for records. */
  readonly address: string;
  /** Aborts when the client goes or the gateway stops. */
  readonly signal: AbortSignal;
}

/** One statement for the PostgreSQL door. */
export interface SqlAsk extends Ask {
  readonly grant: string;
  readonly sql: string;
  readonly params: readonly unknown[];
  /** How many rows come back at most. */
  readonly rows: number;
}

/** What a statement gave. */
export interface SqlResult {
  /** What ran, for example `SELECT 5`; left out where the rows were cut. */
  readonly command?: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Numbers, booleans and JSON as themselves, everything else as PostgreSQL writes it. */
  readonly rows: readonly (readonly unknown[])[];
  /** Why rows are missing. */
  readonly cut?: "rows" | "bytes";
}

/** One request for a door over HTTP. */
export interface WebAsk extends Ask {
  readonly kind: "http" | "kubernetes";
  readonly grant?: string;
  readonly method: string;
  /** What follows `/KIND/CONNECTION`, to the byte. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How much of the answer's body comes back at most, bytes. */
  readonly bytes: number;
}

/** What a door over HTTP answered. */
export interface WebResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether the body goes on. */
  readonly cut: boolean;
}

/** One command for a pod, without standard input and without a terminal. */
export interface ExecAsk extends Ask {
  readonly grant?: string;
  /** What follows `/kubernetes/CONNECTION`: the exec of a pod with its parameters. */
  readonly path: string;
  /** How much of its output comes back at most, bytes. */
  readonly bytes: number;
}

/** What a command wrote, and how it ended. */
export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Left out when it was cut, or the cluster did not say. */
  readonly exitCode?: number;
  /** What the cluster says of an end that is no exit code. */
  readonly why?: string;
  /** Whether there was more output: the command was ended. */
  readonly cut: boolean;
}

/**
 * The gateway's own doors, entered in memory: what comes through is authenticated, judged and recorded like every other
 * client, whose software is "mayfly-mcp".
 */
export interface Doors {
  /**
   * @throws GatewayRefusal what the gateway says, with `denied` or the SQLSTATE as its code; UpstreamError what the
   * database says; MayflyError when no answer comes
   */
  sql(ask: SqlAsk): Promise<SqlResult>;
  /** @throws MayflyError when no answer comes */
  web(ask: WebAsk): Promise<WebResult>;
  /** An answer instead where the command did not start. @throws MayflyError when no answer comes */
  exec(ask: ExecAsk): Promise<ExecResult | WebResult>;
}
