import type { Clock } from "../../kernel/clock.ts";
import { parseStrictJson } from "../../kernel/strict-json.ts";
import type { Fetch } from "../provider/transport.ts";
import { tokenSource } from "./access-token.ts";
import type { OktaToken } from "./access-token.ts";
import { readNonce } from "./dpop.ts";
import { dpopProver } from "./dpop.ts";
import { hintOf, OktaApiFailure } from "./failure.ts";
import { httpCaller, pathOf } from "./http-call.ts";
import type { HttpAnswer } from "./http-call.ts";
import { nextLink } from "./link.ts";
import { rateGate } from "./rate-gate.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";

/** One call. */
export interface OktaQuestion {
  /** A path below the org, with its query; or a whole URL of the org, from `next`. */
  readonly path: string;
  /** The rate limit that the call counts against: Okta has one for each family of endpoints. */
  readonly bucket: string;
  /** Maximum size of the answer, bytes; left out: 1 MiB. */
  readonly maxBytes?: number;
}

/** An answer, and where the next page is. */
export interface OktaPage {
  readonly value: unknown;
  /** A URL of the same org; undefined on the last page. */
  readonly next: string | undefined;
}

/** Calls Okta's management API. All that it reads is bounded in time, size and number, and no redirect is followed. */
export interface OktaClient {
  /** @throws OktaApiFailure */
  page(question: OktaQuestion): Promise<OktaPage>;
  /** A list, joined from all its pages. @throws OktaApiFailure, also for more than `MAX_PAGES` */
  list(question: OktaQuestion): Promise<readonly unknown[]>;
}

/** Okta's pages of groups have 200 entries: nobody could review an app with more than 4,000. */
export const MAX_PAGES = 20;
/** Simultaneous calls. */
const MAX_AT_ONCE = 8;
/** Calls that wait for a place; further ones are refused. */
const MAX_WAITING = 512;

/** What a client needs. */
export interface OktaClientParts {
  /** The org's URL, without a slash at its end. */
  readonly org: string;
  readonly settings: Pick<OktaApiSettings, "clientId" | "key" | "keyId">;
  /** The scopes of its token. */
  readonly scopes: readonly string[];
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** Makes a client of one org's management API. It makes no call on its own. */
export function oktaClient(parts: OktaClientParts): OktaClient {
  const { org, clock } = parts;
  const call = httpCaller(parts.fetch, clock);
  const gate = rateGate(clock);
  const prover = dpopProver(clock);
  const tokens = tokenSource({ ...parts, call, prover, gate });
  const turns = turnstile();
  let nonce: string | undefined;

  function get(url: string, { token, scheme }: OktaToken, maxBytes: number | undefined): Promise<HttpAnswer> {
    return call({
      method: "GET",
      url,
      headers: {
        authorization: `${scheme} ${token}`,
        ...(scheme === "DPoP" ? { dpop: prover.proof("GET", url, nonce, token) } : {}),
      },
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  }

  /** Calls with the current token, and once more where the answer demands another nonce or token. */
  async function ask(url: string, { bucket, maxBytes }: OktaQuestion): Promise<HttpAnswer> {
    gate.enter(bucket);
    let token = await tokens.get();
    let answer = await get(url, token, maxBytes);
    const said = readNonce(answer.header("dpop-nonce"));
    if (said !== undefined && said !== nonce) {
      nonce = said;
      if (wantsNonce(answer)) answer = await get(url, token, maxBytes);
    }
    if (answer.status === 401) {
      tokens.drop(token);
      token = await tokens.get();
      answer = await get(url, token, maxBytes);
      if (answer.status === 401) tokens.drop(token);
    }
    gate.feed(bucket, answer);
    return answer;
  }

  async function page(question: OktaQuestion): Promise<OktaPage> {
    const url = inOrg(question.path, org);
    const answer = await turns(() => ask(url, question));
    if (answer.status !== 200) throw refusalOf(answer, url);
    const next = nextLink(answer.header("link"));
    if (typeof next === "object") throw unreadable(url, "names several next pages");
    return { value: valueOf(answer, url), next: next === undefined ? undefined : inOrg(next, org) };
  }

  return {
    page,
    async list(question) {
      const entries: unknown[] = [];
      const seen = new Set<string>();
      for (let at: string | undefined = question.path; at !== undefined;) {
        if (seen.has(at)) throw unreadable(inOrg(at, org), "goes round in a circle");
        seen.add(at);
        if (seen.size > MAX_PAGES) throw unreadable(inOrg(at, org), `has more than ${MAX_PAGES} pages`);
        const { value, next }: OktaPage = await page({ ...question, path: at });
        const [list, further] = entriesOf(value, at, org);
        entries.push(...list);
        at = next ?? further;
      }
      return entries;
    },
  };
}

/** Lets a bounded number through at once; the others wait their turn. */
function turnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING)
        throw new OktaApiFailure("away", "too many questions to Okta are waiting");
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else inside += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}

/** A path or URL as a URL of the org. @throws OktaApiFailure for another origin: the token would go there */
function inOrg(path: string, org: string): string {
  const url = URL.canParse(path, `${org}/`) ? new URL(path, `${org}/`) : undefined;
  if (url?.origin !== new URL(org).origin || url.username !== "" || url.password !== "")
    throw new OktaApiFailure(
      "away",
      "Okta's answer names a next page on another host, which is not followed",
    );
  url.hash = "";
  return url.href;
}

/** Whether a proof was refused for want of a nonce (RFC 9449, section 9). */
function wantsNonce({ status, header }: HttpAnswer): boolean {
  return (status === 401 || status === 400) && /\buse_dpop_nonce\b/.test(header("www-authenticate") ?? "");
}

/** Okta's own error code of an answer (`E0000006`); never its text, which may hold anything. */
function codeOf({ text }: HttpAnswer): string | undefined {
  try {
    const value = parseStrictJson(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { errorCode } = value as { errorCode?: unknown };
    return typeof errorCode === "string" && /^E\d{7}$/.test(errorCode) ? errorCode : undefined;
  } catch {
    return undefined;
  }
}

function refusalOf(answer: HttpAnswer, url: string): OktaApiFailure {
  const { status } = answer;
  const code = codeOf(answer);
  const kind = status === 404 ? "missing" : status >= 400 && status < 500 ? "refused" : "away";
  const words = `GET ${pathOf(url)}: Okta answered ${status}${code === undefined ? "" : ` ${code}`}`;
  return new OktaApiFailure(kind, words, { hint: hintOf(code), isBadRequest: status === 400 });
}

function unreadable(url: string, why: string): OktaApiFailure {
  return new OktaApiFailure("away", `GET ${pathOf(url)}: Okta's answer ${why}`);
}

function valueOf({ text }: HttpAnswer, url: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    throw unreadable(url, "is not JSON that can be read in one way");
  }
}

/** The entries of a list: bare, or in the envelope of newer APIs (`data`), which names the next page itself. */
function entriesOf(value: unknown, at: string, org: string): [readonly unknown[], string | undefined] {
  if (Array.isArray(value)) return [value, undefined];
  const { data, _links: links } = (value ?? {}) as { data?: unknown; _links?: { next?: { href?: unknown } } };
  if (!Array.isArray(data)) throw unreadable(inOrg(at, org), "is not a list");
  const href = links?.next?.href;
  if (href === undefined) return [data, undefined];
  if (typeof href !== "string") throw unreadable(inOrg(at, org), "names no usable next page");
  return [data, inOrg(href, org)];
}
