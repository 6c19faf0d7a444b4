import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../http.ts";
import type { TokenContext } from "../token/endpoint.ts";
import { agentRoutes } from "./ai-agents.ts";
import { appRoutes } from "./apps.ts";
import { callerOf, checkDemand } from "./authorize.ts";
import { misbehave } from "./faults.ts";
import type { ApiFault } from "./faults.ts";
import { logRoutes } from "./logs.ts";
import { OktaApiError } from "./okta-error.ts";
import { rateLimit } from "./rate-limit.ts";
import type { ApiAnswer, Org, Route } from "./route.ts";
import { userAndGroupRoutes } from "./users-and-groups.ts";

/** The management API and its levers. */
export interface ManagementApi {
  /** Answers, when it is the API's to answer. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Misbehaves from now on, for paths that begin with `path`; undefined ends it. */
  fail(fault: ApiFault | undefined, path?: string): void;
  /** How many calls a client may make in a window. */
  setRateLimit(limit: number): void;
}

const areas = [
  "/api/v1/",
  "/workload-principals/api/v1/",
  "/governance/api/v1/",
  "/oauth2/v1/global-token-revocation",
];

export function managementApi(org: Org, tokens: TokenContext, more: readonly Route[] = []): ManagementApi {
  const routes = [...userAndGroupRoutes, ...appRoutes, ...agentRoutes, ...logRoutes, ...more];
  const { origin, pageSize } = org.settings;
  const limits = rateLimit(org.settings.rateLimit, org.settings.rateWindow);
  let fault: { readonly how: ApiFault; readonly path: string } | undefined;

  const answer = async (request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> => {
    const caller = await callerOf(tokens, request, `${origin}${url.pathname}`);
    const headers = limits.consume(caller.client);
    const atPath = routes.flatMap((route) => {
      const match = route.path.exec(url.pathname);
      return match === null ? [] : [{ route, params: match.slice(1).map(decodeURIComponent) }];
    });
    if (atPath.length === 0)
      throw new OktaApiError(404, "E0000022", "The endpoint does not support the provided HTTP method");
    const found = atPath.find(({ route }) => route.method === request.method);
    if (found === undefined)
      throw new OktaApiError(405, "E0000022", "The endpoint does not support the provided HTTP method");
    checkDemand(caller, found.route.demand);
    const body = await jsonOf(request);
    const made = await found.route.handle(org, { params: found.params, query: url.searchParams, body });
    send(response, paged(made, url), headers);
  };

  /** Cuts a list into pages, whose next one is named by a `Link`, or in the envelope where the API has one. */
  const paged = (made: ApiAnswer, url: URL): Exclude<ApiAnswer, { list: unknown }> => {
    if (!("list" in made)) return made;
    const size = Math.max(1, Math.min(Number(url.searchParams.get("limit") ?? pageSize), pageSize));
    const start = Number(url.searchParams.get("after") ?? 0);
    const entries = made.list.slice(start, start + size);
    const isLast = start + size >= made.list.length;
    const link = (after: number): string => {
      const asked = new URLSearchParams(url.searchParams);
      asked.set("after", String(after));
      return `${origin}${url.pathname}?${asked.toString()}`;
    };
    const next = isLast ? [] : [`<${link(start + size)}>; rel="next"`];
    const headers = { link: [`<${origin}${url.pathname}${url.search}>; rel="self"`, ...next] };
    if (made.enveloped !== true) return { status: 200, body: entries, headers };
    const links = {
      self: { href: `${origin}${url.pathname}` },
      ...(isLast ? {} : { next: { href: link(start + size) } }),
    };
    return { status: 200, body: { data: entries, _links: links } };
  };

  return {
    async handle(request, response) {
      const url = new URL(request.url ?? "/", origin);
      if (!areas.some((area) => url.pathname.startsWith(area))) return false;
      if (!org.settings.hasOktaApi) return false;
      if (fault !== undefined && url.pathname.startsWith(fault.path))
        if (!(await misbehave(fault.how, request, response))) return true;
      try {
        await answer(request, url, response);
      } catch (thrown) {
        if (!(thrown instanceof OktaApiError)) throw thrown;
        send(response, { status: thrown.status, body: thrown.body(), headers: thrown.headers });
      }
      return true;
    },
    fail(how, path = "/") {
      fault = how === undefined ? undefined : { how, path };
    },
    setRateLimit(limit) {
      limits.limit = limit;
    },
  };
}

async function jsonOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(request)).toString("utf8");
  if (text === "") return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new OktaApiError(400, "E0000003", "The request body was not well-formed.");
  }
}

function send(
  response: ServerResponse,
  answer: Exclude<ApiAnswer, { list: unknown }>,
  headers: Record<string, string> = {},
): void {
  const type = answer.body === undefined ? {} : { "content-type": "application/json" };
  response.writeHead(answer.status, { "cache-control": "no-store", ...type, ...headers, ...answer.headers });
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}
