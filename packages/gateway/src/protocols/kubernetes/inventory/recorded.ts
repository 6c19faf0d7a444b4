import type { Recorded } from "../../../gate/inventory/seen.ts";
import type { Verb } from "../request/read.ts";

/** The method of a request by its verb (Kubernetes: "Authorization", request verbs). */
const methods: Readonly<Record<Verb, string>> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETE",
  connect: "POST",
};

const isVerb = (verb: unknown): verb is Verb => typeof verb === "string" && Object.hasOwn(methods, verb);

/**
 * The request of a record, as `readSeen` takes it. What was written stands nowhere but as a digest.
 * @param act as `detailOf` writes it
 */
export function recorded(act: Readonly<Record<string, unknown>>): Recorded {
  const { verb, discovery, resource, port, sent } = act;
  // Whoever has a grant may ask which resources there are.
  if (
    discovery !== undefined ||
    (verb === undefined && resource === undefined && act["method"] === undefined)
  )
    return undefined;
  if (!isVerb(verb) || typeof resource !== "string") return { why: "the record has no request" };
  const query = queryOf(act);
  const lines = [`${methods[verb]} ${pathOf(act)}${query === "" ? "" : `?${query}`}`];
  if (verb === "connect") lines.push("upgrade: websocket");
  const type = (sent as { readonly type?: unknown } | null | undefined)?.type;
  if (verb === "patch" && typeof type === "string" && type.startsWith("application/apply-patch"))
    lines.push(`content-type: ${type}`);
  if (typeof port === "number") lines.push(`forwarded-port: ${port}`);
  return { act: lines.join("\n") };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function pathOf(act: Readonly<Record<string, unknown>>): string {
  const [group, version = "v1"] = [textOf(act["group"]), textOf(act["version"])];
  const [resource = "", name] = [textOf(act["resource"]), textOf(act["name"])];
  const namespace = textOf(act["namespace"]);
  // A namespace is in itself, and its path says so once.
  const isInside = namespace !== undefined && !(resource === "namespaces" && group === undefined);
  return [
    "",
    ...(group === undefined ? ["api", version] : ["apis", group, version]),
    ...(isInside ? ["namespaces", namespace] : []),
    resource,
    ...(name === undefined ? [] : [name]),
    ...[textOf(act["subresource"]) ?? []].flat(),
  ].join("/");
}

function queryOf(act: Readonly<Record<string, unknown>>): string {
  const pairs = new URLSearchParams();
  const { query, container, argv } = act;
  if (typeof container === "string") pairs.append("container", container);
  if (Array.isArray(argv))
    for (const each of argv as readonly unknown[]) pairs.append("command", String(each));
  if (Array.isArray(query))
    for (const pair of query as readonly unknown[])
      if (Array.isArray(pair) && typeof pair[0] === "string") pairs.append(pair[0], String(pair[1]));
  return pairs.toString();
}
