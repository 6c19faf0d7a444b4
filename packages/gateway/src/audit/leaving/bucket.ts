import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../../kernel/clock.ts";
import type { S3Settings } from "../../kernel/s3-settings.ts";
import { createExchange, refusal, type Answer, type ExchangeBounds } from "./exchange.ts";

/** An object to store. */
export interface StoredObject {
  /** Below the prefix. */
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** For errors: "the checkpoint". */
  readonly what: string;
  /** It may take the place of none but this: told what is held there. Left out: it takes the place of whatever is. */
  readonly isOther?: (held: Buffer) => boolean;
}

/** A place in a bucket of S3-compatible storage. */
export interface Bucket {
  /** Endpoint, bucket and prefix, for people. */
  readonly place: string;
  /**
   * Puts an object and reads it back: what an endpoint says it stored proves nothing.
   * @throws Error in words that hold nothing of what was sent
   */
  store(object: StoredObject, signal: AbortSignal): Promise<void>;
  /** @param bytes how many are expected. @returns undefined where there is none. @throws Error when that cannot be known */
  read(key: string, bytes: number, signal: AbortSignal): Promise<Buffer | undefined>;
  close(): void;
}

/** What the answer may hold beside an object that is expected, bytes: an error's words. */
const MAX_MORE_BYTES = 65_536;

/** Where a bucket's objects are, in words: what their names begin with. */
export const placeOf = ({ endpoint, bucket, prefix }: S3Settings): string =>
  `${endpoint}/${bucket}/${prefix}`;

/** Requests are signed by AWS Signature Version 4, body included; the bucket stands in the path. */
export function createBucket(settings: S3Settings, clock: Clock, bounds?: ExchangeBounds): Bucket {
  const { endpoint, region, ca } = settings;
  const exchange = createExchange(endpoint, ca, clock, bounds);

  async function ask(
    method: "GET" | "PUT",
    key: string,
    signal: AbortSignal,
    object?: Pick<StoredObject, "body" | "contentType"> & { readonly onlyNew?: boolean },
    expectedBytes = 0,
  ): Promise<Answer> {
    const body = object?.body ?? "";
    const signed = await new AwsV4Signer({
      method,
      url: `${endpoint}/${pathOf(settings, key)}`,
      service: "s3",
      region,
      accessKeyId: settings.accessKeyId.reveal(),
      secretAccessKey: settings.secretAccessKey.reveal(),
      ...(settings.sessionToken === undefined ? {} : { sessionToken: settings.sessionToken.reveal() }),
      headers: {
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
        ...(object === undefined ? {} : { "content-type": object.contentType }),
        ...(object?.onlyNew === true ? { "if-none-match": "*" } : {}),
      },
      datetime: new Date(clock.wall()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    }).sign();
    const headers = Object.fromEntries(signed.headers);
    const maxAnswerBytes = expectedBytes + MAX_MORE_BYTES;
    return exchange.ask({ method, url: signed.url.href, headers, body, maxAnswerBytes }, signal);
  }

  async function read(key: string, bytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
    const answer = await ask("GET", key, signal, undefined, bytes);
    if (answer.status === 200) return answer.bytes;
    // Without leave to list, S3 says 403 of what is not there: that is no knowledge of it.
    if (answer.status === 404) return undefined;
    throw refusal(answer.status, codeOf(answer));
  }

  /** Puts an object where there is none, or nothing other. S3 knows conditional writes; 501: this endpoint does not. */
  async function putNew(
    { key, body, contentType, isOther }: StoredObject & Required<Pick<StoredObject, "isOther">>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const put = await ask("PUT", key, signal, { body, contentType, onlyNew: true });
    if (put.status !== 412 && put.status !== 501) return put;
    const held = await read(key, body.length, signal);
    if (held?.equals(body) === true) return { ...put, status: 200 };
    if (held !== undefined && isOther(held)) throw new Error(`the bucket holds something else as ${key}`);
    return ask("PUT", key, signal, { body, contentType });
  }

  return {
    place: placeOf(settings),
    read,
    async store(object, signal) {
      const { key, what, isOther } = object;
      const put = await (isOther === undefined
        ? ask("PUT", key, signal, object)
        : putNew({ ...object, isOther }, signal));
      if (put.status !== 200) throw refusal(put.status, codeOf(put));
      const back = await ask("GET", key, signal, undefined, object.body.length);
      if (back.status !== 200)
        throw new Error(
          `said that it stored ${what}, and does not give it back: ${refusal(back.status, codeOf(back)).message}`,
        );
      if (!back.bytes.equals(object.body))
        throw new Error(`said that it stored ${what}, and gives back something else`);
    },
    close: () => exchange.close(),
  };
}

/** Every byte but the unreserved ones is escaped (RFC 3986), so that the path that is signed is the path that is sent. */
function pathOf({ bucket, prefix }: S3Settings, key: string): string {
  return [bucket, ...`${prefix}${key}`.split("/")].map(escaped).join("/");
}

function escaped(part: string): string {
  return encodeURIComponent(part).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** S3's own word for an error. */
function codeOf({ body }: Answer): string | undefined {
  return /<Code>([A-Za-z]{1,60})<\/Code>/.exec(body)?.[1];
}
