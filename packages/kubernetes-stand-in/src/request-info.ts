/** What a request is about, as an API server reads it off its method and path before it knows what is there. */
export interface RequestInfo {
  readonly verb: string;
  /** Left out: it is about no resource. */
  readonly resource?: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly subresource: string | undefined;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
  };
}

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Reads a request (k8s.io/apiserver, RequestInfoFactory), without the forms of paths that are deprecated. */
export function requestInfo(method: string, target: string): RequestInfo {
  const { pathname, searchParams } = new URL(target, "http://stand-in");
  const parts = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const isCore = parts[0] === "api";
  const rest = parts.slice(isCore ? 1 : 2);
  const [version = "", ...path] = rest;
  if ((!isCore && parts[0] !== "apis") || path.length === 0) return { verb: method.toLowerCase() };
  const namespace = path[0] === "namespaces" ? path[1] : undefined;
  // What is a namespace's own has the namespace for its object.
  const isOwn = path[2] === undefined || path[2] === "status" || path[2] === "finalize";
  const [resource = "", named, subresource] = namespace === undefined || isOwn ? path : path.slice(2);
  const read = verbs[method] ?? "";
  const selected = (searchParams.get("fieldSelector") ?? "").split(",");
  const [, wanted] = selected.map((each) => /^metadata\.name==?(.+)$/.exec(each)).find(Boolean) ?? [];
  const isWatch = /^(?:true|1)$/.test(searchParams.get("watch") ?? "");
  const group = isCore ? "" : (parts[1] ?? "");
  const about = { group, version, resource, subresource, namespace };
  if (named !== undefined || (read !== "get" && read !== "delete"))
    return { verb: read, resource: { ...about, name: named } };
  const verb = read === "delete" ? "deletecollection" : isWatch ? "watch" : "list";
  return { verb, resource: { ...about, name: wanted } };
}
