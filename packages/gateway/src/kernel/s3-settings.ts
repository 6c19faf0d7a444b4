import type { Secret } from "./secret.ts";

/** A place in a bucket of S3-compatible storage, and how it is reached. */
export interface S3Settings {
  /** Without a path: the bucket stands in it. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What the objects' names begin with; empty, or with a slash at its end. */
  readonly prefix: string;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
  /** PEM of the CA that signed the server's certificate, where it is not a public one. */
  readonly ca?: string;
}
