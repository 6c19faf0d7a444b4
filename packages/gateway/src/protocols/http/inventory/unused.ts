import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { compareReach } from "../../../gate/reach.ts";
import { reachOf } from "../reach.ts";
import { readPath } from "../request/path.ts";
import { covers, readTemplate } from "../request/template.ts";
import type { HttpScope } from "../scope.ts";
import { readSeenRequest, type SeenRequest } from "./request.ts";
import { baseOf, withoutBase } from "./target.ts";

/**
 * What of a scope no request needed: requests, parameters, headers where the source tells of them, bodies, WebSockets. What a
 * pattern takes, types of bodies and bounds are not looked at.
 */
export const unused: Inventory<HttpScope>["unused"] = (seen, scope, { target }) => {
  const base = baseOf(target);
  const requests = seen.flatMap(({ act }) => {
    const read = readSeenRequest(withoutBase(act, base));
    return "why" in read || !scope.requests.some((template) => isOf(template, read)) ? [] : [read];
  });
  if (requests.length === 0) return undefined;
  const names = new Set(requests.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
  const headers = new Set(requests.flatMap((request) => request.headers ?? []));
  const tellsHeaders = requests.some((request) => request.headers !== undefined);
  const hadBody = requests.some(({ body }) => body !== 0);
  const { body, ...rest } = scope;
  const needed: HttpScope = {
    ...rest,
    requests: scope.requests.filter((template) => requests.some((request) => isOf(template, request))),
    query: usedQuery(scope.query, names),
    headers: tellsHeaders ? scope.headers.filter((name) => headers.has(name.toLowerCase())) : scope.headers,
    ...(body === undefined || !hadBody ? {} : { body }),
    websocket: scope.websocket && requests.some(({ upgrade }) => upgrade !== undefined),
  };
  const { more } = compareReach(reachOf(needed), reachOf(scope));
  return more;
};

function isOf(written: string, { method, target }: SeenRequest): boolean {
  const template = readTemplate(written);
  const path = readPath(target.split("?", 1)[0] ?? "");
  return !("message" in template) && !("why" in path) && covers(template, method, path);
}

function usedQuery(query: HttpScope["query"], names: ReadonlySet<string>): HttpScope["query"] {
  if (query === undefined) return [...names];
  if (Array.isArray(query)) return query.filter((name) => names.has(name));
  return Object.fromEntries(Object.entries(query).filter(([name]) => names.has(name)));
}
