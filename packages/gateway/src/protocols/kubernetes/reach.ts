import { ANYTHING, type Reach, type ReachPart } from "../../gate/reach.ts";
import { ANY } from "./request/glob.ts";
import type { KubernetesScope, PodsScope } from "./scope.ts";

type Permits = readonly (readonly ReachPart[])[];

const each = (what: string, names: readonly string[] | undefined): Permits =>
  names === undefined ? [[what, ANYTHING]] : names.map((name) => [what, name]);

/** What a scope lets through, part by part. */
export function reachOf(scope: KubernetesScope): Reach {
  const { resources, verbs, namespaces, names, cluster, mask, service_accounts, exec, port_forward } = scope;
  const objects: Permits =
    resources === undefined
      ? []
      : [
          ...resources.map((name) =>
            name === ANY ? ["resource", ANYTHING] : ["resource", name, { meets: masksOf(name, mask) }],
          ),
          ...each("verb", verbs ?? []),
          // `cluster` without namespaces is all of them.
          ...each("namespace", namespaces ?? (cluster ? undefined : [])),
          ...each("name", names),
        ];
  return {
    permits: [
      ...objects,
      ...(cluster ? [["cluster"]] : []),
      ...each("service account", service_accounts),
      ...(exec === undefined
        ? []
        : [
            ...podsOf("exec", exec),
            ...each("exec container", exec.containers),
            ...exec.commands.map((command) => [
              "exec command",
              command[0] === ANY ? ANYTHING : JSON.stringify(command),
            ]),
            ...(exec.stdin ? [["exec standard input"]] : []),
            ...(exec.terminal ? [["exec terminal"]] : []),
          ]),
      ...(port_forward === undefined
        ? []
        : [
            ...podsOf("port-forward", port_forward),
            ...port_forward.ports.map((port) => ["port-forward port", String(port)]),
          ]),
    ],
    demands: [],
    bounds: {},
  };
}

/** What does not come down of a resource and of its subresources. */
function masksOf(name: string, mask: KubernetesScope["mask"]): readonly string[] {
  const resource = name.split(/[./]/u)[0] ?? "";
  return Object.hasOwn(mask, resource)
    ? (mask[resource] ?? []).map((member) => `the mask of ${member} in ${resource}`)
    : [];
}

function podsOf(what: string, { namespaces, pods, names }: PodsScope): Permits {
  const labels = Object.entries(pods ?? {}).map(([label, value]) => `the label ${label}=${value}`);
  return [
    ...each(`${what} namespace`, namespaces.includes(ANY) ? undefined : namespaces),
    ...each(`${what} pod`, names ?? (pods === undefined ? undefined : [])),
    ...(pods === undefined ? [] : [[`${what} pods by labels`, { meets: labels }]]),
  ];
}
