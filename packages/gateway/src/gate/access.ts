/** A grant, as its ready-made access names it. */
export interface AccessGrant {
  readonly id: string;
  /** The connection's name. */
  readonly connection: string;
  /** The grant's secret, the one time it is given; left out: the client shows an access token. */
  readonly secret?: string | undefined;
}

/** Where clients reach the gateway. */
export interface Endpoints {
  /** The gateway's own URL, without a slash at its end. */
  readonly url: string;
  /** The protocol's own port, as clients see it; undefined where it has none, or none is configured. */
  readonly port?: number | undefined;
  /** PEM of the CA that the gateway made for itself, if it did. */
  readonly ca?: string | undefined;
}

/** The ready-made ways into a connection, in the words of its protocol's own clients. */
export interface Access {
  readonly protocol: string;
  /** A connection string. */
  readonly dsn?: string;
  /** A base URL, for protocols over HTTP. */
  readonly url?: string;
  /** A kubeconfig (YAML), for clusters. */
  readonly kubeconfig?: string;
  /** Variables that native clients read. */
  readonly env: Readonly<Record<string, string>>;
  /** The credential of the grant, given once. */
  readonly secret?: string;
}

/** The bearer that authenticates a grant to a protocol over HTTP. */
export function bearerOf({ id, secret }: AccessGrant): string | undefined {
  return secret === undefined ? undefined : `${id}.${secret}`;
}

/** The access of a protocol over HTTP: its URL and its bearer. */
export function webAccess(
  kind: string,
  grant: AccessGrant,
  endpoints: Endpoints,
): Access & { readonly url: string } {
  const url = `${endpoints.url}/${kind}/${grant.connection}`;
  const bearer = bearerOf(grant);
  return {
    protocol: kind,
    url,
    env: {
      [`MAYFLY_${kind.toUpperCase()}_URL`]: url,
      ...(bearer === undefined ? {} : { MAYFLY_BEARER: bearer }),
    },
    ...(bearer === undefined ? {} : { secret: bearer }),
  };
}
