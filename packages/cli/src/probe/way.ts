import type { Finding, outcomes } from "./ways/finding.ts";

/** One way that was tried, and what became of it. */
export interface TriedWay extends Finding {
  /** Left out: it leads beside all connections. */
  readonly connection?: string;
  readonly kind: "direct" | "proxy" | "metadata" | "socket" | "credential";
  readonly to: string;
  readonly by: string;
  /** Of a direct way to an endpoint: what was connected to. */
  readonly address?: string;
  readonly port?: number;
  readonly outcome: (typeof outcomes)[keyof typeof outcomes];
  /** Places of credentials that would be used there. */
  readonly credentials: readonly string[];
}

/** A way that is to be tried. */
export type Job = Omit<TriedWay, keyof Finding | "outcome"> & { readonly run: () => Promise<Finding> };
