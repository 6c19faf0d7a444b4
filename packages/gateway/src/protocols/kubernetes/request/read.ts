import { type ExecRequest, readExec } from "./exec.ts";

/** A request to a Kubernetes API server, read as the server itself reads it. */
export type KubernetesRequest = DiscoveryRequest | ResourceRequest;

/** What tells a client which resources there are; nothing of what is in them. */
export interface DiscoveryRequest {
  readonly kind: "discovery";
  readonly path: string;
}

/** A request about a resource (Kubernetes: RequestInfo). */
export interface ResourceRequest {
  readonly kind: "resource";
  readonly verb: Verb;
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Left out: cluster-scoped, or all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
  readonly query: Query;
  /** Of `pods/exec`: what is to run, or why that cannot be told. */
  readonly exec?: ExecRequest | Unreadable;
}

/** Parameters in their order, decoded. */
export type Query = readonly (readonly [string, string])[];

/** What is done, as Kubernetes' own authorisation names it. */
export type Verb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection"
  | "connect";

/** A request that is refused whatever is granted: it could be read in two ways. */
export interface Unreadable {
  readonly why: string;
}

/** RFC 1123 names of Kubernetes: labels of namespaces, subdomains of names; `system:` and the like in RBAC's names. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const objectName = /^(?!\.{1,2}$)[A-Za-z0-9]([A-Za-z0-9:._-]{0,251}[A-Za-z0-9])?$/;
const resourceName = /^[a-z][a-z0-9-]{0,62}$/;
const groupName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const version = /^v[1-9][0-9]{0,3}((alpha|beta)[1-9][0-9]{0,3})?$/;

/** Subresources by which something is entered or reached, whatever the HTTP method. */
const connecting: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy"]);

const discoveryPaths =
  /^\/(?:version|api|apis|api\/v1|apis\/[^/]+|apis\/[^/]+\/[^/]+|openapi\/v2|openapi\/v3|openapi\/v3\/.+)\/?$/;

/** Decodes a query strictly: every parameter with a name and a valid encoding. */
function readQuery(raw: string): Query | undefined {
  if (raw === "") return [];
  const pairs: (readonly [string, string])[] = [];
  for (const part of raw.split("&")) {
    if (part === "" || part.includes(";") || /%(?![0-9A-Fa-f]{2})/.test(part)) return undefined;
    const equals = part.indexOf("=");
    const [name, value] = equals === -1 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    try {
      const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
      pairs.push([decode(name), decode(value)]);
    } catch {
      return undefined;
    }
  }
  return pairs;
}

/** Names of objects need no encoding but for the colon of RBAC's. */
function plainPath(path: string): boolean {
  return (
    path.startsWith("/") &&
    path.length <= 2048 &&
    /^[A-Za-z0-9\-._~:/]*$/.test(path) &&
    !path.split("/").some((part, at) => (part === "" && at > 0) || part === "." || part === "..")
  );
}

/**
 * Reads a request's method and target (Kubernetes: `RequestInfoFactory.NewRequestInfo`), and refuses what could be read
 * otherwise: encodings, dot segments, empty segments, deprecated `watch` paths, parameters twice where one counts.
 * @param target path and query, as they came
 */
export function readRequest(method: string, target: string): KubernetesRequest | Unreadable {
  const at = target.indexOf("?");
  const path = at === -1 ? target : target.slice(0, at);
  const query = readQuery(at === -1 ? "" : target.slice(at + 1));
  if (query === undefined) return { why: "the query is malformed" };
  if (path.includes("%")) return { why: "the path holds an encoding, and no name needs one" };
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  if (!plainPath(trimmed)) return { why: "the path can be read in two ways" };
  if (discoveryPaths.test(trimmed) && !trimmed.startsWith("/api/v1/")) {
    if (method === "GET" && isDiscoveryQuery(query)) return { kind: "discovery", path: trimmed };
    return { why: "discovery is read, and nothing else" };
  }
  if (path !== trimmed) return { why: "the path ends with a slash" };
  return readResource(method, trimmed.slice(1).split("/"), query);
}

function isDiscoveryQuery(query: Query): boolean {
  return query.every(([name]) => ["timeout", "hash", "pretty"].includes(name));
}

function readResource(method: string, parts: readonly string[], query: Query): ResourceRequest | Unreadable {
  const [root, ...afterRoot] = parts;
  if (root !== "api" && root !== "apis") return { why: "the path names nothing of the API" };
  const group = root === "api" ? "" : (afterRoot[0] ?? "");
  const [at = "", ...rest] = root === "api" ? afterRoot : afterRoot.slice(1);
  if ((root === "apis" && !groupName.test(group)) || !version.test(at))
    return { why: "the path names no group and version of the API" };
  if (root === "api" && at !== "v1") return { why: "the core group has one version, v1" };
  if (rest[0] === "watch" || rest[0] === "proxy" || rest[0] === "redirect")
    return { why: "paths that begin with watch or proxy are out of use" };
  const common = { kind: "resource", group, version: at, query } as const;
  let left = rest;
  let namespace: string | undefined;
  // `namespaces` is a resource of its own, and the way into one.
  if (left[0] === "namespaces" && left.length > 2 && !["status", "finalize"].includes(left[2] ?? "")) {
    namespace = left[1];
    left = left.slice(2);
  }
  const [resource = "", name, subresource, ...more] = left;
  if (!resourceName.test(resource)) return { why: "the path names no resource" };
  if (namespace !== undefined && !label.test(namespace)) return { why: "that is no namespace's name" };
  if (name !== undefined && !objectName.test(name)) return { why: "that is no object's name" };
  if (subresource !== undefined && !resourceName.test(subresource)) return { why: "that is no subresource" };
  // What follows a proxy is somebody else's path.
  if (more.length > 0 && subresource !== "proxy") return { why: "the path goes further than a subresource" };
  const verb = verbOf(method, name, subresource, query);
  if (verb === undefined) return { why: `${method.slice(0, 20)} is nothing that this path takes` };
  if (typeof verb !== "string") return verb;
  // A namespace that is named is the namespace of its own requests.
  const inside = resource === "namespaces" && group === "" && name !== undefined ? name : namespace;
  return {
    ...common,
    verb,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(inside === undefined ? {} : { namespace: inside }),
    ...(name === undefined ? {} : { name }),
    ...(group === "" && resource === "pods" && subresource === "exec" ? { exec: readExec(query) } : {}),
  };
}

/** Of what the server takes for yes, anything but `false` and `0` (`Convert_Slice_string_To_bool`), what clients write. */
const yes: ReadonlySet<string> = new Set(["1", "true", "True", "TRUE"]);
const no: ReadonlySet<string> = new Set(["0", "false", "False", "FALSE"]);

function verbOf(
  method: string,
  name: string | undefined,
  subresource: string | undefined,
  query: Query,
): Verb | Unreadable | undefined {
  if (subresource !== undefined && connecting.has(subresource)) return "connect";
  const watches = query.filter(([key]) => key === "watch").map(([, value]) => value);
  if (watches.length > 1 || watches.some((value) => !yes.has(value) && !no.has(value)))
    return { why: "watch is said twice, or is neither true nor false" };
  const isWatch = watches.some((value) => yes.has(value));
  // With a name the server gets, whatever `watch` says.
  if (isWatch && name !== undefined)
    return { why: "watch is of a list: name the object by a field selector" };
  switch (method) {
    case "GET":
    case "HEAD":
      if (isWatch) return "watch";
      return name === undefined ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return name === undefined ? undefined : "update";
    case "PATCH":
      return name === undefined ? undefined : "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      return undefined;
  }
}
