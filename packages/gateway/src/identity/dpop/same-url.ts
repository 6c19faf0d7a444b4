/**
 * Whether the `htu` of a proof names what a request is for (RFC 9449, section 4.3): without its query and fragment, after
 * one normalisation of what precedes the path (RFC 3986, sections 6.2.2.1 and 6.2.3): the case of scheme and host, the
 * port that the scheme has anyway, and `/` for no path. The path is compared as it is: what goes upstream is those bytes.
 * @param htu as the proof says it
 * @param origin the gateway's own, as `URL.origin` writes it; whatever name the request came by
 * @param target the request's, beginning with `/`
 */
export function isSameUrl(htu: string, origin: string, target: string): boolean {
  const path = pathOf(target);
  if (htu.length === origin.length + path.length && htu.startsWith(origin) && htu.endsWith(path)) return true;
  const match = /^(https?):\/\/([^/?#@\\\s]+)([^?#]*)/i.exec(htu);
  if (match === null) return false;
  const [, scheme = "", authority = "", written = ""] = match;
  const usual = scheme.toLowerCase() === "https" ? ":443" : ":80";
  const host = authority.toLowerCase();
  const bare = host.endsWith(usual) ? host.slice(0, -usual.length) : host;
  return `${scheme.toLowerCase()}://${bare}` === origin && (written === "" ? "/" : written) === path;
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
