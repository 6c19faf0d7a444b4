import * as z from "zod";
import type { S3Settings } from "../kernel/s3-settings.ts";
import { secretSchema, textFileSchema } from "../kernel/secret.ts";
import { text } from "./fields.ts";

/** Where a server is, and how it is known. */
export const server = { ca: textFileSchema.optional(), allow_insecure_loopback: z.boolean().default(false) };

/** Bucket names: letters, digits, dots and hyphens (S3's own rules, and those of what speaks like it). */
const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "this is not the name of a bucket");

/** A place in a bucket, as it is written. */
export const s3 = z.strictObject({
  endpoint: text.meta({ description: "https://HOST; the bucket stands in the path" }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, "this is not a region, for example eu-central-1")
    .default("us-east-1"),
  bucket,
  prefix: z
    .string()
    .regex(/^(?:[\w.=-]+\/)*$/, "a prefix ends in a slash, for example mayfly/checkpoints/")
    .refine((written) => !/(?:^|\/)\.{1,2}\//.test(written), "a prefix holds no . and no .. between slashes")
    .default(""),
  access_key_id: secretSchema,
  secret_access_key: secretSchema,
  session_token: secretSchema.optional(),
  ...server,
});

/** What was written, once its secrets are loaded. */
export function s3SettingsOf(written: z.output<typeof s3>): S3Settings {
  const { endpoint, region, bucket: name, prefix, session_token: sessionToken, ca } = written;
  return {
    endpoint: new URL(endpoint).origin,
    region,
    bucket: name,
    prefix,
    accessKeyId: written.access_key_id,
    secretAccessKey: written.secret_access_key,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(ca === undefined ? {} : { ca: ca.text() }),
  };
}
