import type { LeadsTo } from "./found.ts";

/** How tokens of well-known issuers begin (GitHub, GitLab, Slack, npm, HashiCorp, DigitalOcean, OpenAI, age, JWT, …). */
const TOKEN_STARTS =
  /^(?:gh[opsru]_|github_pat_|glpat-|gloas-|xox[abeprs]-|xapp-|npm_[A-Za-z0-9]{20}|hv[sbr]\.|dop_v1_|sk-|sk_live_|rk_live_|pypi-|dckr_pat_|AGE-SECRET-KEY-|eyJ[A-Za-z0-9_-]{10}|AIza[\w-]{20}|ya29\.|op_sk_|ops_ey)/;

/** Whether a text is a token by its look: issuers mark theirs, and others are long and mix letters with digits. */
export function looksLikeToken(text: string): boolean {
  if (isMarkedToken(text)) return true;
  return (
    text.length >= 20 && /^[A-Za-z0-9_+/=~-]+$/.test(text) && /[0-9]/.test(text) && /[A-Za-z]/.test(text)
  );
}

/** Whether a text begins as well-known issuers' tokens do. */
export function isMarkedToken(text: string): boolean {
  return TOKEN_STARTS.test(text);
}

/** Whether a text is, or begins with, a private key (RFC 7468). */
export function isPrivateKey(text: string): boolean {
  return /^\s{0,8}-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/.test(text);
}

/** A name that a file gives to something; undefined where it may be no name at all. */
export function givenName(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 128 || isMarkedToken(text) || isRandom(text))
    return undefined;
  return /^[\p{Letter}\p{Number} ._:@/+*$-]+$/u.test(text) ? text : undefined;
}

/** Names are written with separators, or in one case; what chance has written is not. */
function isRandom(text: string): boolean {
  const isMixed = /[0-9]/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);
  return (isMixed && /^[A-Za-z0-9+/=]{24,}$/.test(text)) || /^[0-9a-f]{32,}$/i.test(text);
}

/** A host as clients name it: a name, an address, or the folder of a Unix socket; undefined for anything else. */
function hostName(text: string): string | undefined {
  const host = text.replace(/^\[([0-9A-Fa-f:.%]{2,60})\]$/, "$1");
  const isHost =
    /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$/.test(host) && !isMarkedToken(host) && !isRandom(host);
  const isAddress = host.includes(":") && /^[0-9A-Fa-f:.%]{2,60}$/.test(host);
  const isFolder = /^\/[\w./-]{0,200}$/.test(host);
  return isHost || isAddress || isFolder ? host : undefined;
}

/** A port; undefined for anything else. */
export function portNumber(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** What is known of a target, as far as each part is what it should be. @param port where the text names none */
export function target(
  named: {
    readonly host: string;
    readonly port?: string | undefined;
    readonly database?: string | undefined;
    readonly user?: string | undefined;
  },
  usualPort?: number,
): LeadsTo | undefined {
  const host = named.host === "*" ? "*" : hostName(named.host);
  if (host === undefined) return undefined;
  const port = portNumber(named.port) ?? (named.port === undefined ? usualPort : undefined);
  const database = givenName(named.database);
  const user = givenName(named.user);
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
  };
}

/** Servers of a cluster that one text names. */
const MAX_HOSTS = 16;

/** Targets where hosts and ports may be lists (PostgreSQL documentation, "Specifying Multiple Hosts"). */
export function targetList(
  named: Parameters<typeof target>[0],
  usualPort: number | undefined,
): readonly LeadsTo[] {
  const ports = (named.port ?? "").split(",", MAX_HOSTS);
  return named.host.split(",", MAX_HOSTS).flatMap((host, at) => {
    const port = ports.length === 1 ? ports[0] : ports[at];
    const found = target({ ...named, host, port: port === "" ? undefined : port }, usualPort);
    return found === undefined ? [] : [found];
  });
}

/** A target for people: "db.internal:5432/shop as support". @param otherwise what is said where it isn't known */
export function targetText(leadsTo: LeadsTo | undefined, otherwise: string): string {
  if (leadsTo === undefined) return otherwise;
  const { host, port, database, user } = leadsTo;
  const shown = host === "*" ? "any host" : host.includes(":") ? `[${host}]` : host;
  const isFolder = host.startsWith("/");
  return [
    shown,
    port === undefined || isFolder ? "" : `:${port}`,
    database === undefined ? "" : isFolder ? ` database ${database}` : `/${database}`,
    user === undefined ? "" : ` as ${user}`,
  ].join("");
}

/** A value that stands for another one: "${NPM_TOKEN}", "$TOKEN", "%TOKEN%", "{{ token }}", "<token>". */
export function isReference(value: string): boolean {
  return (
    /^\$\{[\w.:-]{1,200}\}$|^\$[A-Za-z_]\w{0,100}$|^%\w{1,100}%$|^<[\w .-]{1,60}>$/.test(value) ||
    (value.startsWith("{{") && value.endsWith("}}"))
  );
}
