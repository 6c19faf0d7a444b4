import { type HarHeaders, type HarObject, objectIn, textIn } from "./har-members.ts";

/** The largest body that stands in an act, bytes. */
const MAX_BODY_BYTES = 65_536;
/** The most that an act says beside its body, characters. */
const MAX_HEAD_CHARACTERS = 65_536;

/** What an act says of these it does not say by their names. */
const saidOtherwise: ReadonlySet<string> = new Set([
  "content-length",
  "content-type",
  "host",
  "transfer-encoding",
  "upgrade",
  // Meant for the proxy that recorded the request.
  "proxy-authorization",
  "proxy-connection",
]);

const typeForm = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/;
const jsonType = /^application\/json$|\+json$/;

/** A media type in lower case, without parameters; empty: it is none. */
function mediaType(written: string): string {
  const type = (written.split(";", 1)[0] ?? "").trim().toLowerCase();
  return typeForm.test(type) ? type : "";
}

/** What is known of a request's body. */
interface HarBody {
  /** `streamed`: there is one, and nobody counted it; undefined: nobody knows whether there is one. */
  readonly bytes: number | "streamed" | undefined;
  readonly type: string;
  /** The body, where it is a text and whole. */
  readonly text: string;
}

/**
 * The largest count of a body's bytes counts: tools cut texts, decode them, leave out what is uploaded from a file, and write
 * 0 or -1 for what they do not know.
 */
function bodyOf(method: string, request: HarObject, headers: HarHeaders): HarBody {
  const post = objectIn(request, "postData");
  const written = textIn(post, "text");
  const isEncoded = textIn(post, "encoding") === "base64";
  const { bodySize } = request;
  const size = typeof bodySize === "number" && Number.isSafeInteger(bodySize) ? bodySize : 0;
  const length = headers.get("content-length") ?? "";
  const bytes = Math.max(
    Buffer.byteLength(written, isEncoded ? "base64" : "utf8"),
    size,
    /^\d{1,15}$/.test(length) ? Number(length) : 0,
  );
  const { params } = post;
  const isStreamed = headers.has("transfer-encoding") || (Array.isArray(params) && params.length > 0);
  const isUnknown = size < 0 && method !== "GET" && method !== "HEAD";
  return {
    bytes: bytes > 0 ? bytes : isStreamed ? "streamed" : isUnknown ? undefined : 0,
    type: mediaType(textIn(post, "mimeType")) || mediaType(headers.get("content-type") ?? ""),
    text: isEncoded ? "" : written,
  };
}

/**
 * The text of an act, as `readSeenRequest` takes it: of headers the names alone.
 * @param line method and target
 * @returns undefined: its headers are too many
 */
export function harAct(
  line: string,
  method: string,
  request: HarObject,
  headers: HarHeaders,
  isWebSocket: boolean,
): string | undefined {
  // Where headers are told, all of them are, and a host's is among them.
  const lines = headers.size > 0 ? [line, "host:"] : [line];
  const { bytes, type, text } = bodyOf(method, request, headers);
  if (isWebSocket) lines.push("upgrade: websocket");
  if (type !== "" && bytes !== 0) lines.push(`content-type: ${type}`);
  for (const name of headers.keys()) if (!saidOtherwise.has(name)) lines.push(`${name}:`);
  if (bytes === "streamed") lines.push("transfer-encoding: chunked");
  else if (bytes !== undefined) lines.push(`content-length: ${bytes}`);
  const head = lines.join("\n");
  if (head.length > MAX_HEAD_CHARACTERS) return undefined;
  const isShown = text !== "" && jsonType.test(type) && Buffer.byteLength(text) <= MAX_BODY_BYTES;
  return isShown ? `${head}\n\n${text}` : head;
}
