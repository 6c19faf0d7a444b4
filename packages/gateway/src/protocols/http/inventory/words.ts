import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";

/** Segments that stand before what a path is about: `api`, `v1`. */
export const isPrefix = (word: string): boolean =>
  /^(?:api|apis|rest|public|v\d{1,3}(?:[._-]?\w{1,8})?)$/iu.test(word);

/** Whether a segment says which version of an API is meant: `v1.1` at the start, `2` or `v2` behind `api`. */
export const isVersionBehind = (before: string | undefined, text: string): boolean =>
  before === undefined ? isPrefix(text) : isPrefix(before) && (isPrefix(text) || /^\d{1,2}$/u.test(text));

/** Words that APIs have beside the names of things: what is behind them is something of its own. */
const ownWords: ReadonlySet<string> = new Set(
  (
    "me self current mine search find query filter lookup new create count total stats statistics summary status state health " +
    "healthz ready live latest recent all export import bulk batch upload download preview validate verify check config settings " +
    "admin internal default list history login logout session sessions token tokens password reset webhook webhooks"
  ).split(" "),
);

/** Whether a segment can be a word of an API's: what is longer, or has other signs, is somebody's value. */
export const isWordLike = (raw: string): boolean =>
  /^[$_:.]?[A-Za-z0-9](?:[A-Za-z0-9]|[._~:-](?![._~:-])|%20){0,39}$/u.test(raw) && !/^eyJ|\d{6}/u.test(raw);

/** Whether a name can be a parameter's: what is longer, or has other signs, is somebody's value. */
export const isNameLike = (name: string): boolean =>
  /^[A-Za-z_$][\w.$:[\]-]{0,63}$/u.test(name) && !/^(?:eyJ|__proto__$)|\d{6}/u.test(name);

/** Whether a parameter is called like one whose value is an address or a file. */
export const leads = (name: string): boolean =>
  /^(?:\w*[_-]?(?:url|uri)|redirect\w*|callback\w*|dest\w*|host|path|file|filename|proxy)$/iu.test(name);

/** Where somebody becomes somebody else. */
const entries: ReadonlySet<string> = new Set(
  "login signin sign-in oauth oauth2 saml sso impersonate impersonation masquerade sudo su".split(" "),
);
export const isEntry = (word: string): boolean => entries.has(word.toLowerCase());

/** Where parameters or a body say what is done: the path and the method say nothing of it. */
const doors: ReadonlySet<string> = new Set(
  "graphql gql batch $batch _bulk rpc jsonrpc json-rpc xmlrpc soap sql exec execute eval shell command console".split(
    " ",
  ),
);
export const isDoor = (word: string): boolean => doors.has(word.toLowerCase());

/** What runs a service, and not what it is for. */
const insides: ReadonlySet<string> = new Set(
  "admin administrator internal debug actuator pprof phpmyadmin .env .git heapdump jolokia".split(" "),
);
export const isInside = (word: string): boolean => insides.has(word.toLowerCase());

/** Whether a segment is a word of the API's own, whatever stands beside it. */
export const isOwnWord = (word: string): boolean =>
  ownWords.has(word.toLowerCase()) ||
  isDoor(word) ||
  isEntry(word) ||
  isInside(word) ||
  sensitivityOf(word) === "secret" ||
  /^[$_:.]/u.test(word);
