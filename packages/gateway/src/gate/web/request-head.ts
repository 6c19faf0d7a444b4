/** The parts of a request's head that decide whether it is accepted. */
export interface Head {
  readonly httpVersionMajor: number;
  readonly httpVersion: string;
  readonly method: string;
  /** The request's target as it came. */
  readonly target: string;
  /** Names and values in turn, as they came; HTTP/2's pseudo headers among them. */
  readonly rawHeaders: readonly string[];
}

/** Why a head is refused, with the status that says so. */
export interface HeadProblem {
  readonly status: 400 | 401 | 417 | 421 | 431 | 505;
  readonly code: string;
  readonly message: string;
}

/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible US-ASCII without what no target holds raw (RFC 3986, section 3.3): quotes, brackets of its own, backslash, caret. */
const targetForm = /^\/[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~[\]]*$/;
const MAX_HEADERS = 100;
const MAX_TARGET_CHARACTERS = 16_384;

/** The values of one header, in order. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? "");
  return values;
}

function headProblem(status: HeadProblem["status"], code: string, message: string): HeadProblem {
  return { status, code, message };
}

/** The headers that the gateway decides by first, found in one pass. */
export interface KnownHeaders {
  readonly host: readonly string[];
  /** HTTP/2's own name for the host. */
  readonly authority: readonly string[];
  readonly contentLength: readonly string[];
  readonly transferEncoding: readonly string[];
  readonly upgrade: readonly string[];
  readonly expect: readonly string[];
  readonly authorization: readonly string[];
  readonly dpop: readonly string[];
  readonly grant: readonly string[];
  readonly userAgent: readonly string[];
  /** The first header of a connection, as HTTP/2 has none. */
  readonly hasConnection: boolean;
  /** What is wrong with the form of a header. */
  readonly malformed: string | undefined;
}

const none: readonly string[] = [];

/** Names that were read before, in lower case: clients send the same ones again and again. */
const knownNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 256;

/** A header's name in lower case; undefined: it is no token. */
function lowerName(name: string): string | undefined {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (!token.test(name)) return undefined;
  const lower = name.toLowerCase();
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) knownNames.set(name, lower);
  return lower;
}
/** Values: visible ASCII, space and tab; what is beyond ASCII two readers decode in two ways. */
const notValue = /[^\t\x20-\x7e]/;

/** Reads the headers once. @param rawHeaders names and values in turn, as they came; pseudo headers too */
export function readKnownHeaders(rawHeaders: readonly string[], isHttp2: boolean): KnownHeaders {
  const found = {
    host: none,
    authority: none,
    contentLength: none,
    transferEncoding: none,
    upgrade: none,
    expect: none,
    authorization: none,
    dpop: none,
    grant: none,
    userAgent: none,
    hasConnection: false,
    malformed: undefined as string | undefined,
  };
  const add = (to: readonly string[], value: string): readonly string[] =>
    to.length === 0 ? [value] : [...to, value];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    const isPseudo = isHttp2 && given.startsWith(":");
    const lower = isPseudo ? undefined : lowerName(given);
    if (!isPseudo) {
      if (lower === undefined) found.malformed ??= "a header's name is malformed";
      else if (notValue.test(value))
        found.malformed ??= `the header ${given.slice(0, 64)} holds control characters or is not ASCII`;
    }
    const name = lower ?? given.toLowerCase();
    switch (name) {
      case "host":
        found.host = add(found.host, value);
        break;
      case ":authority":
        found.authority = add(found.authority, value);
        break;
      case "content-length":
        found.contentLength = add(found.contentLength, value);
        break;
      case "transfer-encoding":
        found.transferEncoding = add(found.transferEncoding, value);
        found.hasConnection = true;
        break;
      case "upgrade":
        found.upgrade = add(found.upgrade, value);
        found.hasConnection = true;
        break;
      case "connection":
      case "keep-alive":
      case "proxy-connection":
        found.hasConnection = true;
        break;
      case "expect":
        found.expect = add(found.expect, value);
        break;
      case "authorization":
        found.authorization = add(found.authorization, value);
        break;
      case "dpop":
        found.dpop = add(found.dpop, value);
        break;
      case "mayfly-grant":
        found.grant = add(found.grant, value);
        break;
      case "user-agent":
        found.userAgent = add(found.userAgent, value);
        break;
      default:
    }
  }
  return found;
}

/**
 * Refuses heads that Node's parser accepts and a gateway must not: anything that another reader of the same bytes could
 * understand otherwise (RFC 9112, sections 3.2, 6 and 11; RFC 9113, section 8.2). Refused, never repaired.
 * @param host the gateway's own, `name` or `name:port`, as its URL says it
 * @param known the head's headers, where they were read before
 */
export function checkHead(
  head: Head,
  host: string,
  known: KnownHeaders = readKnownHeaders(head.rawHeaders, head.httpVersionMajor === 2),
): HeadProblem | undefined {
  const isHttp2 = head.httpVersionMajor === 2;
  if (!isHttp2 && head.httpVersion !== "1.1")
    return headProblem(505, "http_version", "only HTTP/1.1 and HTTP/2 are served");
  if (head.rawHeaders.length > MAX_HEADERS * 2)
    return headProblem(431, "headers_too_many", `more than ${MAX_HEADERS} headers`);
  if (head.target.length > MAX_TARGET_CHARACTERS || !targetForm.test(head.target))
    return headProblem(400, "target_malformed", "the request's target is no plain path of printable ASCII");
  if (known.malformed !== undefined) return headProblem(400, "header_malformed", known.malformed);
  return checkHost(known, host, isHttp2) ?? checkFraming(known, isHttp2);
}

function checkHost(known: KnownHeaders, host: string, isHttp2: boolean): HeadProblem | undefined {
  const authority = isHttp2 ? known.authority : none;
  if (known.host.length + authority.length === 0 || known.host.length > 1 || authority.length > 1)
    return headProblem(400, "host_ambiguous", "the request must name its host exactly once");
  for (const each of [...known.host, ...authority])
    if (each !== host && each.toLowerCase() !== host.toLowerCase())
      return headProblem(421, "host_mismatch", "the request names another host than this gateway's");
  return undefined;
}

function checkFraming(known: KnownHeaders, isHttp2: boolean): HeadProblem | undefined {
  const { contentLength: lengths, transferEncoding: codings, upgrade: upgrades, expect: expects } = known;
  const [length] = lengths;
  const ambiguous = (message: string): HeadProblem => headProblem(400, "framing_ambiguous", message);
  if (lengths.length > 1) return ambiguous("the request has two lengths");
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    return ambiguous("the request's length is no number");
  if (codings.length > 1 || (codings.length === 1 && codings[0] !== "chunked"))
    return ambiguous("the only transfer coding is chunked, named once");
  if (codings.length === 1 && length !== undefined)
    return ambiguous("the request has a length and is chunked");
  if (isHttp2 && known.hasConnection) return ambiguous("HTTP/2 has no headers of the connection");
  if (upgrades.length > 1 || upgrades.some((each) => /h2c/i.test(each)))
    return ambiguous("one protocol can be asked for, and h2c never");
  if (expects.length > 1 || expects.some((each) => each.toLowerCase() !== "100-continue"))
    return headProblem(417, "expectation", "the only expectation is 100-continue");
  return undefined;
}
