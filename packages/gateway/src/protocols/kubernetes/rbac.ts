import { WRITING_VERBS } from "./request/never.ts";
import type { KubernetesScope } from "./scope.ts";

/** A rule of a Role or ClusterRole (Kubernetes: "Using RBAC Authorization"). */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Rules by namespace; undefined: of the cluster. */
export type ByNamespace = ReadonlyMap<string | undefined, readonly RbacRule[]>;

/** What a cluster has to let through for the acts of some scopes. */
export interface Rights {
  /** What the acts themselves need. */
  readonly granted: ByNamespace;
  /** What the gateway asks with its own account: the pod that is entered, the object that is changed. */
  readonly lookups: ByNamespace;
}

/** What entering a pod needs: `get` of who comes by WebSocket, `create` of everybody. */
const ENTER: readonly string[] = ["create", "get"];

interface Need {
  readonly namespaces: readonly (string | undefined)[];
  /** `pods`, `deployments.apps/scale` */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Left out: objects of any name. */
  readonly names?: readonly string[] | undefined;
}

/** Names as RBAC can say them: it knows no `*`. */
function exact(names: readonly string[] | undefined): readonly string[] | undefined {
  return names === undefined || names.some((name) => name.includes("*")) ? undefined : names;
}

function ruleOf({ resource, verbs, names }: Need): RbacRule {
  const [plain = "", subresource] = resource.split("/");
  const at = plain.indexOf(".");
  const [plural, group] = at === -1 ? [plain, ""] : [plain.slice(0, at), plain.slice(at + 1)];
  return {
    apiGroups: [group],
    resources: [subresource === undefined ? plural : `${plural}/${subresource}`],
    verbs: verbs.toSorted(),
    ...(names === undefined ? {} : { resourceNames: [...names].toSorted() }),
  };
}

/** What the acts of a scope need. */
function needsOf({ resources, verbs, namespaces, cluster, names, exec, port_forward }: KubernetesScope) {
  const where = [...(namespaces ?? []), ...(cluster ? [undefined] : [])];
  const named = exact(names);
  const isOfList = (verb: string): boolean => ["list", "watch", "deletecollection"].includes(verb);
  const granted: Need[] = (resources ?? []).map((resource) => ({
    namespaces: where,
    resource,
    // With names nothing is listed, and RBAC would let one be; a subresource is always of one object.
    verbs: (verbs ?? []).filter(
      (verb) => !isOfList(verb) || (names === undefined && !resource.includes("/")),
    ),
    names: named,
  }));
  const lookups: Need[] = [];
  if (verbs?.some((verb) => WRITING_VERBS.includes(verb) && verb !== "create") === true)
    for (const resource of resources ?? [])
      lookups.push({ namespaces: where, resource, verbs: ["get"], names: named });
  for (const [subresource, part] of [
    ["exec", exec],
    ["portforward", port_forward],
  ] as const) {
    if (part === undefined) continue;
    const at = { namespaces: part.namespaces, names: exact(part.names) };
    granted.push({ ...at, resource: `pods/${subresource}`, verbs: ENTER });
    lookups.push({ ...at, resource: "pods", verbs: ["get"] });
  }
  return { granted, lookups };
}

/** Rules of each namespace, those of the same resource and names joined, in an order that does not change. */
function byNamespace(needs: readonly Need[]): ByNamespace {
  const found = new Map<string | undefined, Map<string, Need>>();
  for (const need of needs)
    for (const namespace of need.namespaces) {
      const rules = found.get(namespace) ?? new Map<string, Need>();
      found.set(namespace, rules);
      const key = JSON.stringify([need.resource, need.names?.toSorted()]);
      const verbs = [...new Set([...(rules.get(key)?.verbs ?? []), ...need.verbs])];
      if (verbs.length > 0) rules.set(key, { ...need, verbs });
    }
  const text = (namespace: string | undefined): string => namespace ?? "";
  return new Map(
    [...found]
      .filter(([, rules]) => rules.size > 0)
      .toSorted(([one], [other]) => (text(one) < text(other) ? -1 : 1))
      .map(([namespace, rules]) => [
        namespace,
        [...rules].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, need]) => ruleOf(need)),
      ]),
  );
}

/**
 * What a cluster has to let through, and no more than RBAC can tell apart.
 * @param isOneAccount whether acts and lookups are the same account's: then `granted` holds both
 */
export function rightsOf(scopes: readonly KubernetesScope[], isOneAccount: boolean): Rights {
  const needs = scopes.map(needsOf);
  const [granted, lookups] = [needs.flatMap((each) => each.granted), needs.flatMap((each) => each.lookups)];
  return isOneAccount
    ? { granted: byNamespace([...granted, ...lookups]), lookups: new Map() }
    : { granted: byNamespace(granted), lookups: byNamespace(lookups) };
}

/** In what RBAC lets more through than the scopes do, in words: the gateway alone holds that. */
export function widerThan(scopes: readonly KubernetesScope[]): readonly string[] {
  const has = (of: (scope: KubernetesScope) => boolean): boolean => scopes.some(of);
  const patterned = (names: readonly string[] | undefined): boolean =>
    names?.some((name) => name.includes("*")) === true;
  return [
    ...(has(({ names, exec, port_forward }) => [names, exec?.names, port_forward?.names].some(patterned))
      ? ["RBAC knows no * in names: the rules let through objects of any name there"]
      : []),
    ...(has(({ cluster }) => cluster)
      ? ["cluster: true needs a ClusterRole, which reaches the same resources of every namespace"]
      : []),
    ...(has(({ exec }) => exec !== undefined)
      ? [
          "RBAC knows no commands, containers or labels: pods/exec enters any pod of the namespace with any command",
        ]
      : []),
    ...(has(({ port_forward }) => port_forward !== undefined)
      ? ["RBAC knows no ports or labels: pods/portforward reaches any port of any pod of the namespace"]
      : []),
    ...(has(({ mask }) => Object.keys(mask).length > 0)
      ? ["RBAC hides no members: what is masked, the account itself reads"]
      : []),
    ...(has(({ verbs }) => verbs?.some((verb) => WRITING_VERBS.includes(verb)) === true)
      ? [
          "RBAC knows nothing of what is written: the rules of docs/kubernetes.md are held by the gateway alone",
        ]
      : []),
  ];
}
