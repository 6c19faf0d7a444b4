import type { S3Destination } from "../../kernel/checkpoint-settings.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createBucket } from "./bucket.ts";
import { nameOfCheckpoint, type Destination } from "./destination.ts";

/** Puts each checkpoint into a bucket, as `PREFIX ORIGIN/SIZE.checkpoint`, and reads it back. */
export function s3Destination(settings: S3Destination, clock: Clock): Destination {
  const bucket = createBucket(settings, clock);
  return {
    deliver: (checkpoint, signal) =>
      bucket.store(
        {
          key: `${checkpoint.origin}/${nameOfCheckpoint(checkpoint)}`,
          body: Buffer.from(checkpoint.note),
          contentType: "text/plain; charset=utf-8",
          what: "the checkpoint",
        },
        signal,
      ),
    close: () => bucket.close(),
  };
}
