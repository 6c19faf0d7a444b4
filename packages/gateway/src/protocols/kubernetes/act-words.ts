import type { KubernetesAct } from "./act.ts";
import type { ResourceRequest } from "./request/read.ts";

/** An argument as a shell would need it: quoted where it holds anything else than plain characters. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text);
}

const flag = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [name, quoted(value)];

/** What enters a pod, as kubectl is told it. */
function entering({ subresource, namespace, name = "", exec, query }: ResourceRequest): string[] | undefined {
  const where = [quoted(name), ...flag("-n", namespace)];
  switch (subresource) {
    case "exec":
      return [
        "exec",
        ...where,
        ...(exec === undefined || "why" in exec ? [] : ["--", ...exec.argv.map(quoted)]),
      ];
    case "attach":
      return ["attach", ...where];
    case "portforward":
      return ["port-forward", ...where];
    case "log":
      return [
        "logs",
        ...where,
        ...(query.some(([key, value]) => key === "follow" && value === "true") ? ["-f"] : []),
      ];
    default:
      return undefined;
  }
}

const commands: Readonly<Record<string, string>> = {
  list: "get",
  watch: "get",
  update: "replace",
  create: "create",
};

/**
 * A request to a cluster as the kubectl command that makes it, for people to read: `kubectl exec web-1 -n shop -- ls`.
 * What no command says so simply stands as method and path.
 */
export function actWords({ request, method, target, port }: KubernetesAct): string {
  if ("why" in request) return `${method} ${target}`;
  if (request.kind === "discovery") return `kubectl get --raw ${request.path}`;
  const { verb, resource, subresource, namespace, name } = request;
  const entered = entering(request);
  if (entered !== undefined)
    return ["kubectl", ...entered, ...(port === undefined ? [] : [String(port)])].join(" ");
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [
    "kubectl",
    commands[verb] ?? verb,
    what,
    ...(name === undefined ? [] : [quoted(name)]),
    ...flag("-n", namespace),
    ...(verb === "watch" ? ["--watch"] : []),
  ].join(" ");
}
