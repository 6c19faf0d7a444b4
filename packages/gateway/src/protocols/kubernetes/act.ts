/** One request to the cluster, as it is judged. */
export interface KubernetesAct {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: Body;
  /** What the client asks to change to, in lower case. */
  readonly upgrade?: string;
  /** Of a request that enters a pod: what the cluster says of that pod now. Left out: nothing that is known. */
  readonly pod?: PodFacts;
  /** Of a forwarded connection: the port it goes to. Left out: the request that opens the way for them. */
  readonly port?: number;
}

/** A body: none, or read whole. */
export type Body = { readonly kind: "none" } | { readonly kind: "read"; readonly bytes: Buffer };

/** What the cluster says of a pod. */
export interface PodFacts {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
}
