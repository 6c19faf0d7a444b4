/** What of a request's head decides whether it can be taken at all. */
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
const mostHeaders = 100;
const longestTarget = 16_384;

/** The values of one header, in order. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? "");
  return values;
}

function refuse(status: HeadProblem["status"], code: string, message: string): HeadProblem {
  return { status, code, message };
}

/**
 * What Node's parser lets through and a gateway must not: anything that another reader of the same bytes could
 * understand otherwise (RFC 9112, sections 3.2, 6 and 11; RFC 9113, section 8.2). Refused, never repaired.
 * @param host the gateway's own, `name` or `name:port`, as its URL says it
 */
export function checkHead(head: Head, host: string): HeadProblem | undefined {
  const { rawHeaders } = head;
  const isHttp2 = head.httpVersionMajor === 2;
  if (!isHttp2 && head.httpVersion !== "1.1")
    return refuse(505, "http_version", "only HTTP/1.1 and HTTP/2 are served");
  if (rawHeaders.length > mostHeaders * 2)
    return refuse(431, "headers_too_many", `more than ${mostHeaders} headers`);
  if (head.target.length > longestTarget || !targetForm.test(head.target))
    return refuse(400, "target_malformed", "the request's target is no plain path of printable ASCII");
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    if (isHttp2 && name.startsWith(":")) continue;
    if (!token.test(name)) return refuse(400, "header_malformed", "a header's name is malformed");
    // Values: visible ASCII, space and tab; what is beyond ASCII two readers decode in two ways.
    if (/[^\t\x20-\x7e]/.test(rawHeaders[i + 1] ?? ""))
      return refuse(
        400,
        "header_malformed",
        `the header ${name.slice(0, 64)} holds control characters or is not ASCII`,
      );
  }
  return checkHost(head, host, isHttp2) ?? checkFraming(rawHeaders, isHttp2);
}

function checkHost(head: Head, host: string, isHttp2: boolean): HeadProblem | undefined {
  const named = valuesOf(head.rawHeaders, "host");
  const authority = isHttp2 ? valuesOf(head.rawHeaders, ":authority") : [];
  if (named.length + authority.length === 0 || named.length > 1 || authority.length > 1)
    return refuse(400, "host_ambiguous", "the request must name its host exactly once");
  for (const each of [...named, ...authority])
    if (each.toLowerCase() !== host.toLowerCase())
      return refuse(421, "host_mismatch", "the request names another host than this gateway's");
  return undefined;
}

function checkFraming(rawHeaders: readonly string[], isHttp2: boolean): HeadProblem | undefined {
  const lengths = valuesOf(rawHeaders, "content-length");
  const codings = valuesOf(rawHeaders, "transfer-encoding");
  const [length] = lengths;
  const ambiguous = (message: string): HeadProblem => refuse(400, "framing_ambiguous", message);
  if (lengths.length > 1) return ambiguous("the request has two lengths");
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    return ambiguous("the request's length is no number");
  if (codings.length > 1 || (codings.length === 1 && codings[0] !== "chunked"))
    return ambiguous("the only transfer coding is chunked, named once");
  if (codings.length === 1 && length !== undefined)
    return ambiguous("the request has a length and is chunked");
  if (isHttp2) {
    const forbidden = ["connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"];
    if (forbidden.some((name) => valuesOf(rawHeaders, name).length > 0))
      return ambiguous("HTTP/2 has no headers of the connection");
  }
  const upgrades = valuesOf(rawHeaders, "upgrade");
  if (upgrades.length > 1 || upgrades.some((each) => /h2c/i.test(each)))
    return ambiguous("one protocol can be asked for, and h2c never");
  const expects = valuesOf(rawHeaders, "expect");
  if (expects.length > 1 || expects.some((each) => each.toLowerCase() !== "100-continue"))
    return refuse(417, "expectation", "the only expectation is 100-continue");
  return undefined;
}
