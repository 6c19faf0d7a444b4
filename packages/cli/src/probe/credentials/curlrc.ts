import { join } from "node:path";
import { linesOf, settingsOf } from "./lines.ts";
import type { Search } from "./search.ts";
import { isSecretName } from "./secret-names.ts";
import { isReference } from "./words.ts";

/** Finds the logins and proxies in the defaults of curl and wget. */
export async function findInCurlrc(search: Search): Promise<void> {
  // curl(1), "--config": the first of these that there is; each of them lies here.
  const home = search.env("CURL_HOME");
  const paths = [
    ...(home === undefined ? [] : [join(search.path(home), ".curlrc")]),
    search.config("curlrc"),
    search.home(".config", "curlrc"),
    search.home(".curlrc"),
  ];
  for (const path of new Set(paths)) {
    const file = await search.text(path);
    for (const { option, value, line } of curlOptions(file?.text ?? ""))
      addCurl(search, `${path}:${line}`, option, value);
  }
  await findInWgetrc(search);
}

/** An option in a config file of curl's. */
interface CurlOption {
  /** Long, without dashes. */
  readonly option: string;
  readonly value: string;
  readonly line: number;
}

const SHORT: Readonly<Record<string, string>> = { u: "user", H: "header", x: "proxy", U: "proxy-user" };

/** The options in a config file of curl's (curl(1), "--config"): name and value stand apart by blanks, = or :. */
function curlOptions(content: string): readonly CurlOption[] {
  return linesOf(content).flatMap(({ number, text }) => {
    const found = /^\s*(-?-?)([A-Za-z][\w-]{0,40})(?:\s*[=:]\s*|\s+|)(\S.*)?$/.exec(text);
    const [, dashes, name, raw = ""] = found ?? [];
    if (name === undefined) return [];
    const isShort = dashes === "-";
    // `-uname:password`, as on the command line.
    const option = isShort ? (SHORT[name[0] ?? ""] ?? "") : name;
    const behind = isShort && name.length > 1 ? text.trim().slice(2) : raw;
    return [{ option, value: curlValue(behind.trim()), line: number }];
  });
}

function curlValue(raw: string): string {
  if (!raw.startsWith('"')) return raw.split(/\s/, 1)[0] ?? "";
  const quoted = /^"((?:[^"\\]|\\.)*)/.exec(raw)?.[1] ?? "";
  return quoted.replaceAll(/\\(.)/g, "$1");
}

function addCurl(search: Search, place: string, option: string, value: string): void {
  const colon = value.indexOf(":");
  const isPair = colon >= 0 && colon + 1 < value.length && !isReference(value.slice(colon + 1));
  if (option === "user" && isPair) search.add("http", place, "curl, a user and password for any host");
  if (option === "proxy-user" && isPair) search.add("http", place, "curl, a user and password for its proxy");
  if (option === "oauth2-bearer" && value !== "") search.add("http", place, "curl, a token for any host");
  if (option === "header" && isSecretHeader(value))
    search.add("http", place, "curl, a header with a login for any host");
  if (option === "proxy" || option === "preproxy" || /^socks(?:4a?|5|5-hostname)$/.test(option))
    search.proxy(place, value);
}

/** Whether a header carries a login: Authorization (RFC 9110, section 11.6.2), Cookie, or one of that kind. */
export function isSecretHeader(header: string): boolean {
  const colon = header.indexOf(":");
  if (colon <= 0 || header.slice(colon + 1).trim() === "") return false;
  const name = header.slice(0, colon).trim();
  return /^(?:proxy-)?authorization$|^cookie$/i.test(name) || isSecretName(name);
}

/** GNU Wget manual, "Wgetrc Commands". */
async function findInWgetrc(search: Search): Promise<void> {
  const named = search.env("WGETRC");
  const paths = [
    search.system("/etc/wgetrc"),
    named === undefined ? search.home(".wgetrc") : search.path(named),
  ];
  for (const path of paths) {
    const file = await search.text(path);
    for (const { key, value, line } of settingsOf(file?.text ?? "")) {
      const place = `${path}:${line}`;
      const option = key.toLowerCase().replaceAll(/[-_]/g, "");
      if (value === "") continue;
      if (/^(?:http|ftp|proxy)?password$|^proxypasswd$|^httppasswd$/.test(option))
        search.add("http", place, "wget, a password for any host");
      if (option === "header" && isSecretHeader(value))
        search.add("http", place, "wget, a header with a login for any host");
      if (/^(?:http|https)proxy$/.test(option)) search.proxy(place, value);
    }
  }
}
