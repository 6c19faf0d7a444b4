import type { Directory } from "../directory/directory.ts";
import type { Lifecycle } from "../directory/lifecycle.ts";
import type { SystemLog } from "../events/system-log.ts";
import type { Settings } from "../options.ts";
import type { Demand } from "./authorize.ts";

/** What the routes work on. */
export interface Org {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly lifecycle: Lifecycle;
  readonly log: SystemLog;
  /** Whether a person (login) or a client is deactivated or suspended. */
  readonly isInactive: (subject: string) => boolean;
}

/** A request to the management API, authorized. */
export interface ApiRequest {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** An answer: a list is cut into pages. */
export type ApiAnswer =
  | { readonly list: readonly unknown[]; readonly enveloped?: boolean }
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string | string[]>;
    };

/** One route; the groups of `path` become the params. */
export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly demand: Demand;
  handle(org: Org, request: ApiRequest): ApiAnswer | Promise<ApiAnswer>;
}

const ok = (body: unknown): ApiAnswer => ({ status: 200, body });

/** `GET path`. */
export function get(
  path: RegExp,
  scope: string,
  handle: (org: Org, request: ApiRequest) => unknown,
  superAdmin = false,
): Route {
  return {
    method: "GET",
    path,
    demand: { scope, superAdmin },
    handle: (org, request) => {
      const found = handle(org, request);
      return Array.isArray(found) ? { list: found } : ok(found);
    },
  };
}

/** A route that changes something. */
export function change(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: RegExp,
  scope: string,
  handle: (org: Org, request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>,
  superAdmin = false,
): Route {
  return { method, path, demand: { scope, superAdmin }, handle };
}
