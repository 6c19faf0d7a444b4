import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";

/**
 * A piece of an argument, and whether `*` may stand for it: `formed` from the first time it is seen; `number` where many are
 * seen; `option` as well, but there `*` would take any option or any argument too, so that a person decides.
 */
export interface Part {
  readonly text: string;
  readonly varies: "never" | "formed" | "number" | "option";
}

/** Parts that programs make up, the first that fits counts; each begins at a place of its own, so the search is linear. */
const parts = new RegExp(
  [
    // An address is no number: `10.*` would be any host whose name begins so.
    String.raw`(?<address>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))`,
    String.raw`(?<formed>(?<![\dA-Za-z])[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}(?![\dA-Za-z])`,
    String.raw`(?<!\d)\d{4}-\d{2}-\d{2}(?:[T _-]\d{2}[:.-]\d{2}(?:[:.-]\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?!\d)`,
    String.raw`(?<!\d)\d{8}T\d{4,6}Z?(?![\dA-Za-z])`,
    String.raw`(?<![\dA-Za-z:.-])(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?![\d:])`,
    String.raw`(?<![\dA-Za-z])(?=[A-Fa-f]*\d)(?=\d*[A-Fa-f])[\dA-Fa-f]{8,}(?![\dA-Za-z])`,
    String.raw`\d{4,})`,
    String.raw`(?<number>\d{1,3})`,
  ].join("|"),
  "gu",
);

/** What paths, addresses, and options are written with. With other signs it may be a query or a program: `s/a/b/;w x`. */
const plain = /^[\p{L}\p{N}\p{M}_./:=@%+,?&#~-]*$/u;

/** Values that say where a program goes, or what it runs: another value is another act. */
const leads =
  /^[^=]{0,64}(?:host|hostname|server|addr|address|endpoint|ur[il]|proxy|remote|registry|peer|broker|brokers|exec|command|cmd|script|eval|program|shell|plugin|hook|config|filter|pager|editor|agent|preload|lib|path|rsh)s?=/iu;

/** Directories of the system: any file in one of them is more than what was seen. */
const system = /^(?:[^/=]{0,64}=)?\/+(?:\.\/+)*(?:etc|root|home|run|dev|sys|boot|proc|var\/+run)\//u;
const processes = /^(?:[^/=]{0,64}=)?\/+proc\//u;

/** Where the text ends behind which a `*` is bound to be no option and no argument of any kind. */
function heldFrom(argument: string): number {
  const letter = argument.search(/\p{L}/u);
  const sign = argument.startsWith("-") ? argument.indexOf("=") : 0;
  return letter === -1 || sign === -1 ? Infinity : Math.max(letter, sign) + 1;
}

/** Where the text ends that says which host is meant: another would be another machine. */
function hostEnd(argument: string, reaching: boolean): number {
  const scheme = argument.lastIndexOf("://");
  if (scheme === -1 && !reaching) return 0;
  const slash = argument.indexOf("/", scheme === -1 ? 0 : scheme + 3);
  return slash === -1 ? argument.length : slash + 1;
}

/** Whether `*` may not stand for the part from `start` to `end`, whatever is before it. */
function isBound(argument: string, start: number, end: number): boolean {
  // What is behind a colon may be a port, or a password before a host: `localhost:8080`.
  if (argument[start - 1] === ":") return true;
  if (!system.test(argument)) return false;
  return end === argument.length || !processes.test(argument);
}

/**
 * An argument in parts, which joined are the argument.
 *
 * @param reaching whether the program takes addresses as arguments, also without `http://`
 */
export function partsOf(argument: string, reaching: boolean): readonly Part[] {
  const found = [...argument.matchAll(parts)];
  const literal: readonly Part[] = [{ text: argument, varies: "never" }];
  const fixed = argument.replaceAll(parts, (part, ...rest) => {
    const groups = rest.at(-1) as { readonly formed?: string };
    return groups.formed === undefined ? part : "";
  });
  if (found.length === 0 || argument.includes("..") || !plain.test(fixed)) return literal;
  if (!argument.includes("://") && leads.test(argument)) return literal;
  const bound = hostEnd(argument, reaching);
  const held = heldFrom(argument);
  const all: Part[] = [];
  let end = argument.length;
  let named = false;
  for (const each of found.toReversed()) {
    const text = each[0];
    const behind = argument.slice(each.index + text.length, end);
    if (behind !== "") all.push({ text: behind, varies: "never" });
    // What stands before `:` or `@` may be a host, or somebody's name.
    named ||= /[:@]/u.test(behind);
    const isNever =
      named ||
      each.index < bound ||
      each.groups?.["address"] !== undefined ||
      isBound(argument, each.index, each.index + text.length);
    all.push({ text, varies: isNever ? "never" : varying(each, each.index >= held) });
    end = each.index;
  }
  if (end > 0) all.push({ text: argument.slice(0, end), varies: "never" });
  return all.toReversed();
}

function varying(part: RegExpExecArray, isSafe: boolean): Part["varies"] {
  if (part.groups?.["number"] !== undefined) return isSafe ? "number" : "option";
  return isSafe ? "formed" : "never";
}

/** What keys and tokens of well-known makers look like, and what stands before one in a header or an address. */
const secretValues =
  /\b(?:authorization|cookie)["']?\s{0,8}[:=]|\b(?:AKIA|ASIA)[0-9A-Z]{12}|\beyJ[\w-]{8}|\bgh[pousr]_\w{8}|github_pat_\w{8}|\bglpat-[\w-]{8}|\bxox[abeprs]-|\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)?[-_]?\w{16}|\bAIza[\w-]{20}|\bhv[sb]\.\w{8}|\bnpm_\w{16}|\bdckr_pat_|-----BEGIN|\b(?:bearer|basic)\s{1,8}[^\s]|:\/\/[^/\s:@]{0,128}:[^/\s@]{1,512}@|:\/\/[^/\s:@]{16,512}@/iu;
const namedValues = /(?<name>[A-Za-z_][\w.-]{0,63})["']?\s{0,8}[=:]\s{0,8}["']?[^\s"'&;,]/gu;
const namedOptions = /(?:^|\s)--?(?<name>[A-Za-z][\w-]{0,63})\s{1,8}[^\s-]/gu;
/** Clients with an option of one letter for a password. */
const passwordLetters: readonly (readonly [RegExp, RegExp])[] = [
  [/(?:mysql|mariadb|mongo|sshpass|sqlcmd|ldap|7z)[\w.-]*$/iu, /^-[pPw]/u],
  [/(?:redis|valkey|keydb)-cli$/iu, /^-a/u],
  [/(?:curl|wget)$/iu, /^-[a-zA-Z]*[uU]/u],
];

/** Whether a text is made of letters and digits in no order, as programs make up keys. */
const isRandom = (text: string): boolean =>
  (text.match(/[A-Za-z0-9_+]{20,}/gu) ?? []).some(
    (piece) =>
      /[a-z]/u.test(piece) &&
      /[A-Z]/u.test(piece) &&
      (piece.match(/[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])/gu) ?? []).length >= 4,
  );

/** Whether an argument of a command may be somebody's secret, by what it looks like and what stands before it. */
export function maybeSecret(argv: readonly string[], at: number): boolean {
  const argument = argv[at] ?? "";
  if (secretValues.test(argument) || isRandom(argument)) return true;
  for (const pattern of [namedValues, namedOptions])
    for (const { groups } of argument.matchAll(pattern))
      if (sensitivityOf(groups?.["name"] ?? "") === "secret") return true;
  if (at === 0) return false;
  const before = argv[at - 1] ?? "";
  const isValue = !argument.startsWith("-");
  if (
    isValue &&
    /^--?[A-Za-z][^=\s]*$/u.test(before) &&
    (sensitivityOf(before) === "secret" || /^--?(?:key|auth|creds?)$/iu.test(before))
  )
    return true;
  return passwordLetters.some(
    ([program, letter]) =>
      ((letter.test(argument) && /^-[A-Za-z]./u.test(argument) && !argument.startsWith("--")) ||
        (isValue && at > 1 && letter.test(before) && /^-[A-Za-z]+$/u.test(before))) &&
      argv.slice(0, at).some((each) => program.test(each)),
  );
}

/** Whether a text can be shown to people: in one line, and of at most 120 characters. */
export const isShowable = (text: string): boolean => text.length <= 120 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

/** An argument that is nobody's to see. */
const HIDDEN = "…";

/** At most so many characters of a command are shown. */
const SHOWN = 200;

/** A command line for people, without what may be a secret or a text of somebody's: `cat /var/log/app.log`. */
export function shownCommand(argv: readonly string[]): string {
  let shown = "";
  for (const [at, argument] of argv.entries()) {
    if (shown.length > SHOWN) break;
    if (at > 0) shown += " ";
    if (!isShowable(argument) || maybeSecret(argv, at)) shown += HIDDEN;
    else shown += argument === "" || /[\s"'\\]/u.test(argument) ? JSON.stringify(argument) : argument;
  }
  return shown.length <= SHOWN ? shown : `${shown.slice(0, SHOWN - 1).toWellFormed()}${HIDDEN}`;
}

/** What a file is called that has keys or passwords in it, or a directory of such files. */
const sensitive =
  /^(?:\.(?:aws|ssh|kube|docker|gnupg|azure|netrc|pgpass|my\.cnf|git-credentials|npmrc|pypirc|htpasswd|env(?:\..*)?|[a-z]+_history)|_netrc|id_(?:rsa|dsa|ecdsa|ed25519).*|(?:g?shadow|passwd)-?|environ|auxv|kcore|kmem|kubeconfig|[^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk))$/iu;

/** Programs that read whole trees of files, and show or copy what is in them. */
const wholeTrees = /^(?:tar|cp|[efz]?grep|rg|rsync|zip|cpio|diff|git)$/u;

/**
 * Whether an argument names what may be a credential, by the words and the files in it, or a tree that has some.
 *
 * @param program the program that is run in the end: behind `timeout 5` and the like
 */
export function showsCredentials(argv: readonly string[], program: string): boolean {
  const isWhole = argv.some((argument) => /^\/+(?:(?:var\/+)?run|proc)?\/*$/u.test(argument));
  if (isWhole && wholeTrees.test(program)) return true;
  return argv.some(
    (argument) =>
      sensitivityOf(argument) === "secret" ||
      /[/\\]mem$|serviceaccount|run\/+secrets/iu.test(argument) ||
      argument
        .replace(/^-[A-Za-z](?=[./])/u, "")
        .split(/[/\\=:,@]/u)
        .some((segment) => sensitive.test(segment)),
  );
}

/** An address of the pod itself, without what curl(1) takes for a list of addresses. */
const local = /^(?:https?:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?][^\s\\{}[\]#]*)?$/iu;

/** Whether each argument is an option that sends and writes nothing elsewhere, or an address of the pod itself. */
function staysHere(rest: readonly string[], alone: RegExp, valued: readonly (readonly [RegExp, RegExp])[]) {
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at] ?? "";
    if (alone.test(argument) || local.test(argument)) continue;
    const value = valued.find(([option]) => option.test(argument))?.[1];
    at += 1;
    if (value === undefined || !value.test(rest[at] ?? "")) return false;
  }
  return true;
}

const seconds = /^\d{1,6}(?:\.\d{1,6})?$/u;
const text = /^[^@][^@%]*$|^$/u;

/** Whether curl(1) sends to the pod itself only, and writes nothing, by its arguments. */
export function curlStaysHere(rest: readonly string[]): boolean {
  const alone =
    /^-[sSfiIvkgG46N]+$|^--(?:silent|show-error|fail|fail-with-body|include|head|verbose|insecure|globoff|get|ipv[46]|compressed|no-buffer|no-progress-meter)$/u;
  return staysHere(rest, alone, [
    [/^-m$|^--(?:max-time|connect-timeout|retry|retry-delay|retry-max-time)$/u, seconds],
    [/^-X$|^--request$/u, /^[A-Z]{1,16}$/u],
    [/^-[HdA]$|^--(?:header|data|data-raw|user-agent)$/u, text],
    [
      /^-w$|^--write-out$/u,
      /^(?:[\w\s.:\\-]|%\{(?:http_code|response_code|time_\w{1,24}|size_\w{1,24})\})*$/u,
    ],
    [/^-[sSfikv]*o$|^--output$/u, /^(?:\/dev\/null|-)$/u],
    [/^--url$/u, local],
  ]);
}

/** Whether wget(1) does: without `-O` or `--spider` it writes a file that is called as the address says. */
export function wgetStaysHere(rest: readonly string[]): boolean {
  const alone =
    /^-[qS]+$|^-q?S?O-$|^--(?:spider|quiet|server-response|no-verbose|no-check-certificate|output-document=(?:-|\/dev\/null)|(?:timeout|tries|max-redirect)=\d{1,6})$/u;
  const isHere = staysHere(rest, alone, [
    [/^-q?O$/u, /^(?:-|\/dev\/null)$/u],
    [/^-[Tt]$/u, seconds],
  ]);
  const isDry = rest.some((each) => /^-q?S?O|^--spider$|^--output/u.test(each));
  return isHere && isDry;
}
