import type { Reload } from "../reload.ts";

/** What one worker may ask another. */
export type Subject = "cancel" | "proof" | "metrics" | "grant";

/** What a worker needs to start. */
export interface WorkerStart {
  /** From 1. */
  readonly number: number;
  readonly count: number;
  readonly config: string;
  readonly logLevel: string;
  readonly lockdown?: string;
  /** The ports that the first worker has taken: `https`, and those of protocols by their kind. */
  readonly ports?: Readonly<Record<string, number>>;
  /** The digest of the configuration that the others run: with another one it does not start. */
  readonly configuration?: string;
}

/** What a worker says of the configuration that it has in force. */
export interface InForceThere {
  readonly digest: string;
  /** How long it may take until all its sessions are gone once it leaves, milliseconds. */
  readonly leaveMs: number;
}

/** What the gateway says of itself once it serves. */
export interface WorkerReady {
  readonly url: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly caFile?: string;
}

/** From the supervisor to a worker. Between processes of one program: nothing of it comes from the network as it is. */
export type ToWorker =
  | { readonly kind: "start"; readonly start: WorkerStart }
  /** @property configuration the digest of what the others adopted: nothing else is adopted */
  | { readonly kind: "reload"; readonly configuration?: string }
  | { readonly kind: "stop"; readonly why: string; readonly mayDrain: boolean }
  /** Whatever is still waited for is waited for no longer. */
  | { readonly kind: "stop now" }
  /** Another worker asks. */
  | {
      readonly kind: "asked";
      readonly from: number;
      readonly id: number;
      readonly subject: Subject;
      readonly body: unknown;
    }
  /** What another worker answered. */
  | { readonly kind: "answered"; readonly from: number; readonly id: number; readonly body: unknown };

/** From a worker to the supervisor. */
export type FromWorker =
  | { readonly kind: "ready"; readonly ready: WorkerReady; readonly inForce: InForceThere }
  | { readonly kind: "reloaded"; readonly outcome: Reload; readonly inForce: InForceThere }
  /** It ends, since the file is not what the others run. */
  | { readonly kind: "differs" }
  /** It has drained: from now on its stop has a bound. */
  | { readonly kind: "stopping" }
  | {
      readonly kind: "ask";
      readonly to: number;
      readonly id: number;
      readonly subject: Subject;
      readonly body: unknown;
    }
  | { readonly kind: "answer"; readonly to: number; readonly id: number; readonly body: unknown };
