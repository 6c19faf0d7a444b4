import type { ClusterAccount } from "../../gate/direct-paths.ts";
import type { ByNamespace, RbacRule } from "./rbac.ts";
import type { KubernetesTarget } from "./target.ts";

/** Whether a name is the same for every grant. */
export function isFixed(name: string): boolean {
  return !/\{(?:grant|agent|person)\}/.test(name);
}

/** A user's name as the API server reads it: a service account has a form of its own (`serviceaccount.SplitUsername`). */
export function readUser(name: string): ClusterAccount {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  return namespace === undefined || account === undefined
    ? { kind: "User", name }
    : { kind: "ServiceAccount", namespace, name: account };
}

/** What the gateway's account needs to act as others (Kubernetes: "User impersonation"). */
export function impersonationOf({ impersonate }: KubernetesTarget): ByNamespace {
  if (impersonate === undefined) return new Map();
  const rule = (resource: string, names: readonly string[]): RbacRule => ({
    apiGroups: [""],
    resources: [resource],
    verbs: ["impersonate"],
    ...(names.every(isFixed) ? { resourceNames: names } : {}),
  });
  const groups = impersonate.groups.length > 0 ? [rule("groups", impersonate.groups)] : [];
  const user = readUser(impersonate.user);
  if (user.kind === "User") return new Map([[undefined, [rule("users", [user.name]), ...groups]]]);
  return new Map([
    [user.namespace, [rule("serviceaccounts", [user.name])]],
    ...(groups.length > 0 ? [[undefined, groups] as const] : []),
  ]);
}
