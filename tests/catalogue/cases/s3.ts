import { toServer, refusals, type archives, type Got } from "../acts/leaving.ts";
import type { Act, Case, Document } from "../case.ts";

const { untrusted, insecure } = refusals;

/** A place in a bucket of a server whose address is `{{url}}`. */
const s3 = {
  endpoint: "{{url}}",
  bucket: "checkpoints",
  access_key_id: { env: "SECRET" },
  secret_access_key: { env: "SECRET" },
  allow_insecure_loopback: true,
};
const { allow_insecure_loopback: _, ...secured } = s3;
/** A bucket that gives back what was put into it. */
const bucket = (): ((got: Got) => { status: number; body?: string }) => {
  let held = "";
  return ({ method, body }) => {
    if (method === "PUT") held = body;
    return { status: 200, ...(method === "PUT" ? {} : { body: held }) };
  };
};

/**
 * Each member of a place in a bucket.
 * @param at where it is written
 * @param base puts it there: `{ s3 }`, or nothing
 * @param via what brings something there
 * @param withoutIt what comes of it where no place is written
 */
export function s3Cases(
  at: readonly (string | number)[],
  base: (members: Document) => (document: Document) => void,
  via: typeof archives,
  withoutIt: RegExp,
): readonly Case[] {
  const toBucket =
    (show: (got: Got) => string): Act =>
    (load) =>
      toServer(bucket(), show, "plain", via)(load);
  const part = (got: Got, pattern: RegExp): string =>
    pattern.exec(got.headers.authorization ?? "")?.[1] ?? "none";

  return [
    { at, narrow: undefined, wide: s3, refused: withoutIt, act: toBucket(() => "passed"), base: base({}) },
    {
      at: [...at, "endpoint"],
      narrow: "http://127.0.0.1:1",
      wide: s3.endpoint,
      refused: /^failed \|.*ECONNREFUSED/,
      act: toBucket(() => "passed"),
      base: base({ s3 }),
    },
    {
      at: [...at, "region"],
      narrow: "us-west-2",
      wide: "eu-central-1",
      refused: /^us-west-2$/,
      passes: /^eu-central-1$/,
      act: toBucket((got) => part(got, /Credential=[^/]+\/\d+\/([^/]+)/)),
      base: base({ s3 }),
    },
    {
      at: [...at, "bucket"],
      narrow: "elsewhere",
      wide: s3.bucket,
      refused: /^\/elsewhere\//,
      passes: /^\/checkpoints\//,
      act: toBucket(({ path: where }) => where),
      base: base({ s3 }),
    },
    {
      at: [...at, "prefix"],
      narrow: "below/",
      wide: "",
      refused: /^\/checkpoints\/below\/gateway/,
      passes: /^\/checkpoints\/gateway/,
      act: toBucket(({ path: where }) => where),
      base: base({ s3 }),
    },
    {
      at: [...at, "access_key_id"],
      narrow: { env: "WRONG" },
      wide: { env: "SECRET" },
      refused: /^wrong$/,
      passes: /^correct$/,
      act: toBucket((got) => part(got, /Credential=([^/]+)/)),
      base: base({ s3 }),
    },
    {
      at: [...at, "secret_access_key"],
      narrow: { env: "ABSENT" },
      wide: { env: "SECRET" },
      refused: /^configuration \|.*ABSENT/,
      act: toBucket(() => "passed"),
      base: base({ s3 }),
    },
    {
      at: [...at, "session_token"],
      narrow: undefined,
      wide: { env: "SECRET" },
      refused: /^none$/,
      passes: /^correct$/,
      act: toBucket(({ headers }) => String(headers["x-amz-security-token"] ?? "none")),
      base: base({ s3 }),
    },
    {
      at: [...at, "ca"],
      narrow: "other-ca.pem",
      wide: "ca.pem",
      refused: untrusted,
      act: (load) => toServer(bucket(), undefined, "tls", via)(load),
      base: base({ s3: secured }),
    },
    {
      at: [...at, "allow_insecure_loopback"],
      narrow: false,
      wide: true,
      refused: insecure,
      act: toBucket(() => "passed"),
      base: base({ s3: secured }),
    },
  ];
}
