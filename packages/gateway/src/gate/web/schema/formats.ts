import { isIPv4, isIPv6 } from "node:net";

/** An enforced format: the type of its values, and a test of the form. */
export type Format =
  | { readonly type: "string"; readonly validate: (value: string) => boolean }
  | { readonly type: "number"; readonly validate: (value: number) => boolean };

const text = (validate: (value: string) => boolean): Format => ({ type: "string", validate });
const number = (validate: (value: number) => boolean): Format => ({ type: "number", validate });

function isDate(value: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

/** RFC 3339, section 5.6: `full-time`. A leap second is valid only at midnight, UTC. */
function isTime(value: string): boolean {
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,18})?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/.exec(value);
  if (match === null) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = [1, 2, 3, 5, 6].map((at) =>
    Number(match[at] ?? 0),
  ) as [number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (match[4] === "-" ? -1 : 1);
  return (((hour * 60 + minute - offset) % 1440) + 1440) % 1440 === 1439;
}

function isHostname(value: string): boolean {
  return (
    value.length <= 253 &&
    // Labels with two hyphens in third place encode other characters (RFC 5890, section 2.3.1), which nothing here decodes.
    value.split(".").every((label) => /^(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  );
}

function isEmail(value: string): boolean {
  const at = value.lastIndexOf("@");
  const [local, host] = [value.slice(0, at), value.slice(at + 1)];
  const isLocal =
    local.length <= 64 && local.split(".").every((atom) => /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(atom));
  return at > 0 && isLocal && isHostname(host);
}

/** RFC 3986, section 3: scheme, authority with its user and host, path, query, fragment. */
const uri =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:\[[0-9A-Fa-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?(?![^/?#])|(?!\/\/))(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$/;
const MAX_URI_CHARACTERS = 8192;

/** Schemes that browsers' readers take an authority for in any case: `http:evil.example`, `http:///evil.example`. */
const special = /^(?:https?|wss?|ftp|file):/i;

/**
 * A URI that its two kinds of readers, RFC 3986's and the URL Standard's, take for the same one: what one of them calls
 * another host or port (`http:host`, `http://0x7f.1/`, `http://%65vil.example/`), or refuses (a port of 99999), is none.
 */
function isUri(value: string): boolean {
  if (value.length > MAX_URI_CHARACTERS || !uri.test(value) || !URL.canParse(value)) return false;
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(value)?.[1];
  if (authority === undefined) return !special.test(value);
  const [, host = "", port = ""] = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
  const read = new URL(value);
  if (host.startsWith("[")) return isIPv6(host.slice(1, -1));
  const isSamePort = read.port === "" || Number(read.port) === Number(port);
  return isSamePort && read.hostname.toLowerCase() === host.toLowerCase();
}

/**
 * The enforced formats (JSON Schema 2020-12, section 7.3; OpenAPI 3.1, section 4.4). A schema with any other is refused,
 * because nothing would check it. Each test runs in linear time.
 */
export const FORMATS: Readonly<Record<string, Format>> = {
  "date-time": text(
    (value) =>
      /^.{10}[Tt ]/.test(value) && isDate(value.slice(0, 10)) && value[10] !== " " && isTime(value.slice(11)),
  ),
  date: text(isDate),
  time: text(isTime),
  duration: text((value) =>
    /^P(?!$)(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/.test(
      value,
    ),
  ),
  email: text(isEmail),
  hostname: text(isHostname),
  ipv4: text(isIPv4),
  ipv6: text((value) => isIPv6(value) && !value.includes("%")),
  uri: text(isUri),
  uuid: text((value) => /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(value)),
  "json-pointer": text((value) => /^(?:\/(?:[^~/]|~[01])*)*$/u.test(value)),
  byte: text((value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0),
  int32: number((value) => Number.isInteger(value) && value >= -2_147_483_648 && value <= 2_147_483_647),
  int64: number((value) => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63),
  float: number((value) => Number.isFinite(Math.fround(value))),
  double: number(Number.isFinite),
};
