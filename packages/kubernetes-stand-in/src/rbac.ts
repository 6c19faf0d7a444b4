import type { IncomingHttpHeaders } from "node:http";

// Kubernetes: "Using RBAC Authorization", "User impersonation", and the verbs of "Authorization Overview".

/** What is asked for, as a cluster's authorisation names it. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** `pods`, `pods/log` */
  readonly resource: string;
  /** Empty: of the cluster, or of all namespaces. */
  readonly namespace: string;
  /** Empty: of no name that the path says. */
  readonly name: string;
}

interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

function isOf(user: User, { kind, name, namespace }: NonNullable<RbacObject["subjects"]>[number]): boolean {
  if (kind === "Group") return user.groups.includes(name);
  return user.name === (kind === "User" ? name : `system:serviceaccount:${namespace}:${name}`);
}

const covers = (rule: Rule, { verb, group, resource, name }: Attributes): boolean =>
  rule.verbs.includes(verb) &&
  rule.apiGroups.includes(group) &&
  rule.resources.includes(resource) &&
  (rule.resourceNames === undefined || rule.resourceNames.includes(name));

/** Whether roles and bindings let a user do something; wildcards are not known here, so they let nothing through. */
export function allows(objects: readonly object[], user: User, asked: Attributes): boolean {
  const all = objects as readonly RbacObject[];
  return all.some(({ kind, metadata, roleRef, subjects }) => {
    if (roleRef === undefined || subjects?.some((subject) => isOf(user, subject)) !== true) return false;
    if (kind === "RoleBinding" && metadata.namespace !== asked.namespace) return false;
    const namespace = roleRef.kind === "Role" ? metadata.namespace : undefined;
    const role = all.find(
      (each) =>
        each.kind === roleRef.kind &&
        each.metadata.name === roleRef.name &&
        each.metadata.namespace === namespace,
    );
    return role?.rules?.some((rule) => covers(rule, asked)) === true;
  });
}

/** Says which of several rights a request lacks; keeps those that were used. */
export class Authorizer {
  /** `RESOURCE VERB`, and by whom. */
  readonly used = new Set<string>();
  readonly #objects: () => readonly object[];
  readonly #account: User;

  /** @param account `NAMESPACE:NAME` of whoever has the stand-in's token */
  constructor(objects: () => readonly object[], account: string) {
    this.#objects = objects;
    this.#account = { name: `system:serviceaccount:${account}`, groups: ["system:authenticated"] };
  }

  /** @returns what is lacking, undefined when nothing is */
  lacks(headers: IncomingHttpHeaders, asked: readonly Attributes[]): Attributes | undefined {
    const name = headers["impersonate-user"];
    const given = headers["impersonate-group"];
    if (name === undefined) return this.#lacked(this.#account, asked);
    const groups = given === undefined ? [] : String(given).split(", ");
    const of = (resource: string, who: string, namespace = ""): Attributes => ({
      verb: "impersonate",
      group: "",
      resource,
      namespace,
      name: who,
    });
    const [, space, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(String(name)) ?? [];
    return (
      this.#lacked(this.#account, [
        account === undefined ? of("users", String(name)) : of("serviceaccounts", account, space),
        ...groups.map((group) => of("groups", group)),
      ]) ?? this.#lacked({ name: String(name), groups: [...groups, "system:authenticated"] }, asked)
    );
  }

  #lacked(user: User, asked: readonly Attributes[]): Attributes | undefined {
    return asked.find((each) => {
      const whose = user === this.#account ? "account" : "agent";
      this.used.add(`${whose}: ${each.namespace} ${each.resource} ${each.verb}`);
      return !allows(this.#objects(), user, each);
    });
  }
}
