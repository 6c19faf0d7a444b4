import { challenge as challengeOf, dpopHeaders, resourceMetadataPath } from "../../gate/web/problem.ts";
import { readCredential } from "../../gate/web/credential.ts";
import type { Credential } from "../../gate/web/credential.ts";
import { csrfOf } from "../../identity/browser-sessions/principal.ts";
import { DpopError } from "../../identity/dpop/error.ts";
import type { Identity } from "../../identity/identity.ts";
import type { CurrentSession, People } from "../../identity/people.ts";
import type { Verified } from "../../identity/principal.ts";
import { isBrowserSecret } from "../../identity/sign-in/secrets.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";
import { cookieOf, dropCookie, sessionCookie } from "./cookies.ts";
import { checkProvenance } from "./csrf.ts";
import { ApiProblem } from "../contract/problems.ts";
import type { ApiServices } from "../services.ts";

/**
 * The challenge of an answer with status 401 (RFC 6750, section 3; RFC 9728, section 5.1).
 * @param error left out when the request carried no token at all
 * @param metadata the path of the resource's metadata, where it has its own
 */
function challenge(
  url: string,
  error?: string,
  metadata: string = resourceMetadataPath,
): Readonly<Record<string, string>> {
  return { "www-authenticate": challengeOf(url, error, metadata) };
}

/** What is looked at of a request. */
export interface Credentials {
  readonly method: string;
  /** With its query, as it came. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

/**
 * The access token of a request and how it was shown. Called once a request: its proof belongs to what is returned.
 * @throws ApiProblem of status 401, or 400 when two are given
 */
export function credentialOf(request: Credentials, url: string, metadata?: string): Credential {
  const credential = readCredential(request);
  if (typeof credential !== "string") return credential;
  if (credential === "twice")
    throw new ApiProblem("malformed_request", 400, "the request has two Authorization headers", "send one");
  if (credential === "malformed")
    throw new ApiProblem("token_malformed", 401, "the access token is malformed", howToAuthenticate, {
      headers: challenge(url, "the access token is malformed", metadata),
    });
  const words =
    credential === "missing"
      ? "the request carries no access token"
      : "the Authorization header is not of the scheme Bearer or DPoP";
  throw new ApiProblem("token_missing", 401, words, howToAuthenticate, {
    headers: challenge(url, undefined, metadata),
  });
}

const howToAuthenticate =
  "send 'Authorization: Bearer ACCESS-TOKEN'; /.well-known/oauth-protected-resource names who issues it, and mayfly login gets one";

/**
 * Verifies a request's access token, and its proof where it is bound to a key.
 * @throws ApiProblem with a challenge; status 503 when the provider's keys cannot be had
 */
export async function authenticate(
  identity: Identity,
  url: string,
  { token, shown }: Credential,
  introspect: boolean,
  metadata?: string,
): Promise<Verified> {
  try {
    return await identity.verify(token, { introspect, shown });
  } catch (thrown) {
    if (!(thrown instanceof MayflyError)) throw thrown;
    if (thrown.status !== 401) throw thrown;
    throw new ApiProblem(thrown.code, 401, thrown.message, thrown.hint ?? howToAuthenticate, {
      headers:
        thrown instanceof DpopError
          ? dpopHeaders(url, thrown.challenge, thrown.message, metadata)
          : challenge(url, thrown.message, metadata),
    });
  }
}

/** Who makes a request, and the browser session where a cookie said so. */
export interface Caller {
  readonly verified: Verified;
  readonly session?: CurrentSession;
}

/**
 * Who makes a request: by its access token, or by a browser session's cookie when it comes from our own pages.
 * @param services where tokens and sessions are known
 * @param credential of the request, read once
 * @param options `introspect`: ask the provider about the token too; `use`: counts as a use of the session, which
 * moves its idle end; `sessionOnly`: the words when there is neither
 * @throws ApiProblem with a challenge; 400 when both came; 403 csrf; 503 when the provider's keys cannot be had
 */
export async function whoCalls(
  services: Pick<ApiServices, "identity" | "people" | "url">,
  { method, rawHeaders }: Pick<Credentials, "method" | "rawHeaders">,
  credential: () => Credential,
  options: { readonly introspect: boolean; readonly use: boolean; readonly sessionOnly: boolean },
): Promise<Caller> {
  const cookie = cookieOf(rawHeaders, sessionCookie);
  const hasToken = headerOf(rawHeaders, "authorization") !== undefined;
  if (hasToken && cookie !== undefined) {
    throw new ApiProblem(
      "two_credentials",
      400,
      "the request has both an access token and a session's cookie",
      "send one: a browser its cookie, everything else its token",
    );
  }
  if (cookie === undefined) {
    if (options.sessionOnly && !hasToken) throw notSignedIn(services.url);
    return {
      verified: await authenticate(services.identity, services.url, credential(), options.introspect),
    };
  }
  if (!isBrowserSecret(cookie)) throw notSignedIn(services.url);
  checkProvenance(
    {
      method,
      origin: headerOf(rawHeaders, "origin"),
      site: headerOf(rawHeaders, "sec-fetch-site"),
      mode: headerOf(rawHeaders, "sec-fetch-mode"),
      csrf: headerOf(rawHeaders, "x-mayfly-csrf"),
    },
    services.url,
    csrfOf(cookie),
  );
  const session = await services.people.authenticate(cookie, options.use);
  if (session === undefined) throw notSignedIn(services.url);
  return { verified: session.verified, session };
}

/** Nobody is signed in here, or not any more: the browser forgets the cookie. */
function notSignedIn(url: string): ApiProblem {
  return new ApiProblem(
    "not_signed_in",
    401,
    "nobody is signed in in this browser, or not any more",
    "sign in again",
    {
      headers: { ...challenge(url), "set-cookie": dropCookie(sessionCookie) },
    },
  );
}

/**
 * What of an error has to stand in its answer's headers and members for a client to authenticate again: RFC 9470,
 * section 3, for a person who has to prove who they are; RFC 6750, section 3.1, for a token that is too old.
 */
export function withChallenge(problem: MayflyError, url: string, methods: People["methods"]): MayflyError {
  const resource = challenge(url)["www-authenticate"] ?? "";
  if (problem instanceof SignInAgain) {
    const seconds = problem.maxAge === undefined ? undefined : Math.floor(problem.maxAge / 1000);
    const asked = seconds === undefined ? "" : `, max_age="${seconds}"`;
    const query = seconds === undefined ? "" : `?fresh=${seconds}`;
    return new ApiProblem(problem.code, problem.status, problem.message, problem.hint ?? howToAuthenticate, {
      headers: { "www-authenticate": `${resource}, error="insufficient_user_authentication"${asked}` },
      members: {
        ...(seconds === undefined ? {} : { max_age: seconds }),
        sign_in: methods.map(({ method }) => `/sign-in/${method}${query}`),
      },
    });
  }
  if (problem.code === "token_stale" && !(problem instanceof ApiProblem)) {
    return new ApiProblem(problem.code, 401, problem.message, problem.hint ?? howToAuthenticate, {
      headers: challenge(url, problem.message),
    });
  }
  return problem;
}

/** All headers of a name in one text: one that came twice equals nothing that is compared with it. */
function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  const found = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
  return found.length === 0 ? undefined : found.join(", ");
}
