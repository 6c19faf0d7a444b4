import { join } from "node:path";
import { linesOf, settingsOf } from "./lines.ts";
import type { ProxyLogin, Search } from "./search.ts";
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
    const options = curlOptions((await search.text(path))?.text ?? "");
    const login = proxyLogin(options, path);
    const isOfProxy =
      login !== undefined && options.some(({ option, value }) => isProxy(option) && value !== "");
    for (const { option, value, line } of options) {
      const place = `${path}:${line}`;
      if (isProxy(option)) search.proxy(place, withScheme(option, value), { login });
      else if (option === "proxy-user" && isOfProxy) continue;
      else if (option === "cert" || option === "key") await addClientKey(search, place, option, value);
      else addCurl(search, place, option, value);
    }
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

const SHORT: Readonly<Record<string, string>> = {
  u: "user",
  H: "header",
  x: "proxy",
  U: "proxy-user",
  E: "cert",
};

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

function isProxy(option: string): boolean {
  return option === "proxy" || option === "preproxy" || /^socks(?:4a?|5|5-hostname)$/.test(option);
}

/** The options of SOCKS say what "host:port" is. */
function withScheme(option: string, value: string): string {
  return !option.startsWith("socks") || value.includes("://") || value === ""
    ? value
    : `${option === "socks5-hostname" ? "socks5h" : option}://${value}`;
}

/** The login for the proxy of the same file (curl(1), "--proxy-user"; CURLOPT_PROXYUSERPWD(3): it is decoded as in a URL). */
function proxyLogin(options: readonly CurlOption[], path: string): ProxyLogin | undefined {
  const found = options.findLast(({ option, value }) => option === "proxy-user" && isPair(value));
  if (found === undefined) return undefined;
  const colon = found.value.indexOf(":");
  const [user, password] = [found.value.slice(0, colon), found.value.slice(colon + 1)].map(
    (part) => decoded(part) ?? part,
  );
  return { user: user ?? "", password: password ?? "", place: `${path}:${found.line}` };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** "user:password" */
function isPair(value: string): boolean {
  const colon = value.indexOf(":");
  return colon >= 0 && colon + 1 < value.length && !isReference(value.slice(colon + 1));
}

/** curl(1), "--cert", "--key": a certificate's file may hold its key, and ":" and a passphrase may follow its name. */
async function addClientKey(search: Search, place: string, option: string, value: string): Promise<void> {
  const passphrase = option === "cert" ? /:[^:/]{0,1000}$/.exec(value)?.[0] : undefined;
  const names = passphrase === undefined ? [value] : [value, value.slice(0, -passphrase.length)];
  for (const name of names) {
    const path = search.path(name);
    if (value === "" || name === "" || !(await search.isFile(path))) continue;
    const head = (await search.head(path))?.toString("latin1") ?? "";
    // Not PEM's: PKCS #12 and DER.
    const isKey = option === "key" || !head.includes("-----BEGIN") || head.includes("PRIVATE KEY-----");
    if (head !== "" && isKey) {
      search.add("http", place, "curl, a client certificate's key for any host");
      search.liesIn(path);
    }
    return;
  }
}

function addCurl(search: Search, place: string, option: string, value: string): void {
  if (option === "user" && isPair(value)) search.add("http", place, "curl, a user and password for any host");
  if (option === "proxy-user" && isPair(value))
    search.add("http", place, "curl, a user and password for its proxy");
  if (option === "oauth2-bearer" && value !== "") search.add("http", place, "curl, a token for any host");
  if (option === "header" && isSecretHeader(value))
    search.add("http", place, "curl, a header with a login for any host");
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
    const settings = settingsOf((await search.text(path))?.text ?? "").flatMap(({ key, value, line }) =>
      value === "" ? [] : [{ option: key.toLowerCase().replaceAll(/[-_]/g, ""), value, line }],
    );
    const last = (wanted: RegExp): (typeof settings)[number] | undefined =>
      settings.findLast(({ option }) => wanted.test(option));
    const password = last(/^proxypassw(?:or)?d$/);
    const isOfProxy = password !== undefined && last(/^https?proxy$/) !== undefined;
    const login = isOfProxy
      ? {
          user: last(/^proxyuser$/)?.value ?? "",
          password: password.value,
          place: `${path}:${password.line}`,
        }
      : undefined;
    for (const { option, value, line } of settings) {
      const place = `${path}:${line}`;
      if (/^(?:http|ftp)?password$|^httppasswd$|^proxypassw(?:or)?d$/.test(option)) {
        if (!isOfProxy || !option.startsWith("proxy"))
          search.add("http", place, "wget, a password for any host");
      }
      if (option === "header" && isSecretHeader(value))
        search.add("http", place, "wget, a header with a login for any host");
      if (option === "privatekey" && (await search.holdsAnything(search.path(value))))
        search.add("http", place, "wget, a client certificate's key for any host");
      if (/^https?proxy$/.test(option)) search.proxy(place, value, { login });
    }
  }
}
