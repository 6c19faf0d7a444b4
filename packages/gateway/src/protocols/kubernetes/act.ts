import type { MaskStep } from "../../gate/web/proxy/json-mask.ts";
import type { ExecRequest } from "./request/exec.ts";
import {
  type DiscoveryRequest,
  type KubernetesRequest,
  readRequest,
  type ResourceRequest,
  type Unreadable,
} from "./request/read.ts";
import type { KubernetesScope, PodsScope } from "./scope.ts";
import type { JudgedWrite, Write } from "./write/write.ts";

/** One request to the cluster, as it is judged. `readAct` makes it: nothing after it reads the target again. */
export interface KubernetesAct extends RawAct {
  /** What the target says, read once. */
  readonly request: KubernetesRequest | Unreadable;
  /**
   * What a write makes of the object that it is about, where the cluster was asked for that. Left out: nobody asked, and what
   * the act makes of an object that nothing is known of is judged; such an act is never sent.
   */
  readonly write?: Write;
}

/** A request as it came. */
export interface RawAct {
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

/** Reads a request as it came. */
export function readAct(raw: RawAct): KubernetesAct {
  return { ...raw, request: readRequest(raw.method, raw.target) };
}

/**
 * Lets go of what an act held in order to be judged and sent: a session keeps its newest act for as long as it lives, to
 * say what it does.
 */
export function letGo(act: KubernetesAct): void {
  const held = act as { body: Body; write?: Write };
  held.body = { kind: "none" };
  delete held.write;
}

/** What covers a permitted request: the scope it leaves by, the request as it was read, and what it takes to serve it. */
export type KubernetesCover =
  | { readonly kind: "discovery"; readonly scope: KubernetesScope; readonly request: DiscoveryRequest }
  | {
      readonly kind: "resource";
      readonly scope: KubernetesScope;
      readonly request: ResourceRequest;
      /** What of the answer is masked; undefined: nothing. */
      readonly mask: MaskStep | undefined;
      /** What a write makes, as it was judged; undefined: it is none. */
      readonly write: JudgedWrite | undefined;
    }
  | ExecCover
  | PortForwardCover;

/** A command that may run. */
export interface ExecCover {
  readonly kind: "exec";
  readonly scope: KubernetesScope;
  readonly request: ResourceRequest;
  /** Which pods: for judging the pod again once it was entered. */
  readonly pods: PodsScope;
  readonly exec: ExecRequest;
}

/** A way to ports that may be opened, or one connection on it. */
export interface PortForwardCover {
  readonly kind: "port_forward";
  readonly scope: KubernetesScope;
  readonly request: ResourceRequest;
  /** Which pods: for judging the pod again once it was entered. */
  readonly pods: PodsScope;
  /** The port of one connection; undefined: the way for them, each of which is judged by itself. */
  readonly port: number | undefined;
}
