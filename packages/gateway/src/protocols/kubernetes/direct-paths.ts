import type { ClosingFile, ClosingQuestion, DirectPaths, MissingFile } from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import { shellQuote } from "../../kernel/shell-quote.ts";
import { rightsOf, type RbacRule, type Rights, widerThan } from "./rbac.ts";
import type { KubernetesScope } from "./scope.ts";
import type { KubernetesTarget } from "./target.ts";

/** The ways to a cluster beside the gateway, and the rights that its account keeps. */
export function directPathsOf(target: KubernetesTarget, question: ClosingQuestion): DirectPaths {
  return {
    endpoints: [endpointOf(target.server)],
    isShared: true,
    files: [rbacFile(target, question)],
    byHand: [
      "take the cluster's rights from the agents' own accounts: `kubectl get rolebindings,clusterrolebindings -A -o wide` lists who has them",
      "stop handing pods of agents a token: `kubectl -n NAMESPACE patch serviceaccount default -p '{\"automountServiceAccountToken\": false}'`, and delete kubeconfigs and token secrets that they have",
      "whoever may create pods in a namespace may run as any service account of it: agents need no right to",
    ],
  };
}

interface Subject {
  readonly kind: "ServiceAccount" | "Group" | "User";
  readonly name: string;
  readonly namespace?: string;
}

const RBAC = "rbac.authorization.k8s.io";

/** Who needs the rights of a grant: whom the gateway acts as, else its own account; undefined: nobody whose name is known. */
function actorOf({ impersonate }: KubernetesTarget, account: Subject): Subject | undefined {
  if (impersonate === undefined) return account;
  const isFixed = (name: string): boolean => !/\{(?:grant|agent|person)\}/.test(name);
  const group = impersonate.groups.find(isFixed);
  if (group !== undefined) return { kind: "Group", name: group };
  return isFixed(impersonate.user) ? { kind: "User", name: impersonate.user } : undefined;
}

/** What the gateway's account may act as. */
function impersonationOf({ impersonate }: KubernetesTarget): readonly RbacRule[] {
  if (impersonate === undefined) return [];
  const isFixed = (name: string): boolean => !/\{(?:grant|agent|person)\}/.test(name);
  const rule = (resource: string, names: readonly string[]): RbacRule => ({
    apiGroups: [""],
    resources: [resource],
    verbs: ["impersonate"],
    ...(names.every(isFixed) ? { resourceNames: names } : {}),
  });
  return [
    rule("users", [impersonate.user]),
    ...(impersonate.groups.length > 0 ? [rule("groups", impersonate.groups)] : []),
  ];
}

function rbacFile(target: KubernetesTarget, question: ClosingQuestion): ClosingFile | MissingFile {
  const name = "rbac";
  const account: Subject = { kind: "ServiceAccount", ...question.account };
  const actor = actorOf(target, account);
  if (actor === undefined)
    return {
      name,
      why: "nobody's name is fixed whom the gateway acts as: add a group without {grant}, {agent} and {person} to impersonate.groups",
    };
  const scopes = [...question.scopes.values()] as readonly KubernetesScope[];
  const rights = rightsOf(scopes, actor === account);
  const label = { "app.kubernetes.io/managed-by": "mayfly", "mayfly/connection": question.connection };
  const called = `mayfly-${question.connection}`;
  const bound = (of: Rights["granted"], suffix: string, subject: Subject): readonly object[] =>
    [...of].flatMap(([namespace, rules]) =>
      roleAndBinding({ called: called + suffix, label, namespace, rules, subject }),
    );
  const own = impersonationOf(target);
  const { namespace, name: of } = question.account;
  const whoami = `--as=system:serviceaccount:${namespace}:${of}`;
  const somewhere = [...rights.granted.keys()].find((each) => each !== undefined);
  return {
    name,
    place: "the cluster, by whoever may write roles there",
    content: [
      ...bound(rights.granted, "", actor),
      // What the gateway asks itself, before it lets somebody it acts as do something.
      ...bound(rights.lookups, "-gateway", account),
      ...(own.length > 0
        ? roleAndBinding({
            called: `${called}-impersonate`,
            label,
            namespace: undefined,
            rules: own,
            subject: account,
          })
        : []),
    ],
    notes: [
      `the gateway's own account is ${namespace}/${of} (--account NAMESPACE/NAME names another one)`,
      ...widerThan(scopes),
      ...(own.some(({ resourceNames }) => resourceNames === undefined)
        ? [
            "the account may act as any user, since RBAC knows no part of a name: whoever has its token has the rights of the strongest user. A fixed impersonate.user and fixed groups make that one name",
          ]
        : []),
      "RBAC adds up: what other bindings give the account stays, so take those away",
    ],
    apply: ["kubectl apply -f FILE"],
    check: [
      `# what the account may do in all, other bindings included:`,
      `kubectl auth can-i --list ${whoami}${somewhere === undefined ? "" : ` -n ${somewhere}`}`,
      `kubectl auth can-i create rolebindings ${whoami} -A   # it must say no`,
    ],
    takeBack: [
      `kubectl delete role,rolebinding,clusterrole,clusterrolebinding -A -l ${shellQuote(`mayfly/connection=${question.connection}`)}`,
    ],
  };
}

/** A role and who has it: of one namespace, or (undefined) of the cluster. */
function roleAndBinding({
  called,
  label,
  namespace,
  rules,
  subject,
}: {
  readonly called: string;
  readonly label: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
  readonly rules: readonly RbacRule[];
  readonly subject: Subject;
}): readonly object[] {
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  const metadata = { name: called, ...(namespace === undefined ? {} : { namespace }), labels: label };
  const group = subject.kind === "ServiceAccount" ? {} : { apiGroup: RBAC };
  return [
    { apiVersion: `${RBAC}/v1`, kind, metadata, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name: called },
      subjects: [{ ...group, ...subject }],
    },
  ];
}
