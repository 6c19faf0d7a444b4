import type { S3Settings } from "./s3-settings.ts";
import type { Secret } from "./secret.ts";

/** Where the log's checkpoints go, so that whoever holds the log's folder cannot shorten the log unseen. */
export interface CheckpointSettings {
  /** Milliseconds between two checkpoints that leave, while records come in. */
  readonly every: number;
  readonly to: readonly CheckpointDestination[];
}

/** One place outside. */
export type CheckpointDestination =
  | FileDestination
  | FolderDestination
  | WebhookDestination
  | S3Destination
  | WitnessDestination;

interface Named {
  /** For log lines and metrics. */
  readonly name: string;
}

/** One file, to which each checkpoint is appended. */
export interface FileDestination extends Named {
  readonly kind: "file";
  readonly path: string;
}

/** A folder, with a file a checkpoint. */
export interface FolderDestination extends Named {
  readonly kind: "folder";
  readonly path: string;
}

/** An address that checkpoints are posted to. */
export interface WebhookDestination extends Named {
  readonly kind: "webhook";
  readonly url: string;
  readonly headers: ReadonlyMap<string, Secret>;
  /** PEM of the CA that signed the server's certificate, where it is not a public one. */
  readonly ca?: string;
}

/** A bucket of S3-compatible storage, with an object a checkpoint. */
export interface S3Destination extends Named, S3Settings {
  readonly kind: "s3";
}

/** A witness (C2SP tlog-witness), which cosigns. */
export interface WitnessDestination extends Named {
  readonly kind: "witness";
  /** Its submission prefix. */
  readonly url: string;
  /** Its key (C2SP tlog-cosignature): `name+id+base64`. */
  readonly key: string;
  readonly ca?: string;
}
