import {
  type ClosingFile,
  type ClosingQuestion,
  type ClusterAccount,
  type DirectPaths,
  type Endpoint,
  type MissingFile,
  savedAs,
} from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import { shellQuote } from "../../kernel/shell-quote.ts";
import { impersonationOf, isFixed, readUser } from "./impersonation-rights.ts";
import { type ByNamespace, rightsOf, type RbacRule, widerThan } from "./rbac.ts";
import type { KubernetesScope } from "./scope.ts";
import type { KubernetesTarget } from "./target.ts";

/** Where a cluster's API server is. */
export function endpointsOf({ server }: KubernetesTarget): readonly Endpoint[] {
  return [endpointOf(server)];
}

/** The ways to a cluster beside the gateway, and the rights that its account keeps. */
export function directPathsOf(target: KubernetesTarget, question: ClosingQuestion): DirectPaths {
  return {
    endpoints: endpointsOf(target),
    isShared: true,
    neighbours: [],
    files: [rbacFile(target, question)],
    byHand: [
      "take the cluster's rights from the agents' own accounts: `kubectl get rolebindings,clusterrolebindings -A -o wide` lists who has them",
      "stop handing pods of agents a token: `kubectl -n NAMESPACE patch serviceaccount default -p '{\"automountServiceAccountToken\": false}'`, and delete kubeconfigs and token secrets that they have",
      "whoever may create pods in a namespace may run as any service account of it: agents need no right to",
    ],
  };
}

type Subject = ClusterAccount | { readonly kind: "Group"; readonly name: string };

const RBAC = "rbac.authorization.k8s.io";
const DEFAULT_ACCOUNT: ClusterAccount = { kind: "ServiceAccount", namespace: "mayfly", name: "mayfly" };

/** Who needs the rights of a grant: whom the gateway acts as, else its own account; undefined: nobody whom a role can be bound to. */
function actorOf({ impersonate }: KubernetesTarget, account: Subject): Subject | undefined {
  if (impersonate === undefined) return account;
  // The cluster's own groups hold others too: all of its users, say.
  const group = impersonate.groups.find((name) => isFixed(name) && !name.startsWith("system:"));
  if (group !== undefined) return { kind: "Group", name: group };
  return isFixed(impersonate.user) ? readUser(impersonate.user) : undefined;
}

/** Why roles cannot be written, undefined when they can. */
function whyNot(target: KubernetesTarget, { connection, account }: ClosingQuestion): string | undefined {
  if (connection.endsWith("-"))
    return "Kubernetes takes no label that ends with a hyphen: rename the connection";
  if (target.client_certificate !== undefined && account?.kind !== "User")
    return "the gateway comes with a certificate: give --account user:NAME, the certificate's common name";
  if (target.impersonate !== undefined && !isFixed(target.impersonate.user))
    if (target.impersonate.user.startsWith("system:"))
      return "the gateway acts as an account of the cluster whose name is not fixed: write another impersonate.user";
  return undefined;
}

function rbacFile(target: KubernetesTarget, question: ClosingQuestion): ClosingFile | MissingFile {
  const name = "rbac";
  const account = question.account ?? DEFAULT_ACCOUNT;
  const actor = actorOf(target, account);
  const why =
    whyNot(target, question) ??
    (actor === undefined
      ? "nobody's name is fixed whom the gateway acts as: add a group of your own, without {grant}, {agent} and {person}, to impersonate.groups"
      : undefined);
  if (why !== undefined || actor === undefined) return { name, why: why ?? "" };
  const scopes = [...question.scopes.values()] as readonly KubernetesScope[];
  const rights = rightsOf(scopes, actor === account);
  const own = impersonationOf(target);
  const label = { "app.kubernetes.io/managed-by": "mayfly", "mayfly/connection": question.connection };
  // No connection's name holds a dot, so two of them never share a role.
  const called = `mayfly.${question.connection}`;
  const bound = (of: ByNamespace, suffix: string, subject: Subject): readonly object[] =>
    [...of].flatMap(([namespace, rules]) =>
      roleAndBinding({ called: called + suffix, label, namespace, rules, subject }),
    );
  const saved = savedAs(question.connection, name);
  return {
    name,
    place: "the cluster, by whoever may write roles there",
    content: [
      ...bound(rights.granted, "", actor),
      // What the gateway asks itself, before it lets somebody it acts as do something.
      ...bound(rights.lookups, ".gateway", account),
      ...bound(own, ".impersonate", account),
    ],
    notes: [
      ...dangersOf(target, own),
      `the gateway's own account is ${account.kind === "User" ? account.name : `${account.namespace}/${account.name}`} (--account names another one)`,
      ...widerThan(scopes),
      "RBAC adds up: what other bindings give the account stays, so take those away",
      "applying takes nothing away: once the operations reach less, take the old file back before you apply the new one",
    ],
    look: [`kubectl diff -f ${saved}`],
    apply: [`kubectl apply -f ${saved}`],
    check: checksOf(account, actor, rights.granted),
    takeBack: [
      `kubectl delete role,rolebinding,clusterrole,clusterrolebinding -A -l ${shellQuote(`mayfly/connection=${question.connection}`)}`,
    ],
  };
}

/** What makes the account stronger than the scopes that it is for. */
function dangersOf({ impersonate }: KubernetesTarget, own: ByNamespace): readonly string[] {
  const isOpen = [...own.values()].flat().some(({ resourceNames }) => resourceNames === undefined);
  return [
    ...(isOpen
      ? [
          "DANGER: the account may act as any user or group, since RBAC knows no part of a name: whoever has its token can do whatever anybody can. A fixed impersonate.user and fixed groups make that one name",
        ]
      : []),
    ...(impersonate?.groups.includes("system:masters") === true
      ? ["DANGER: impersonate.groups holds system:masters, which may do everything, whatever RBAC says"]
      : []),
  ];
}

/** `--as` and `--as-group` of kubectl for somebody. */
function asSubject(subject: Subject): string {
  if (subject.kind === "Group") return `--as=mayfly-check --as-group=${shellQuote(subject.name)}`;
  const { kind, name } = subject;
  return `--as=${shellQuote(kind === "User" ? name : `system:serviceaccount:${subject.namespace}:${name}`)}`;
}

function checksOf(account: Subject, actor: Subject, granted: ByNamespace): readonly string[] {
  const named = [...granted.keys()].find((each) => each !== undefined);
  const where = named === undefined ? "" : ` -n ${named}`;
  return [
    "# all that the gateway may do, and whom it acts as, other bindings included",
    `kubectl auth can-i --list ${asSubject(account)}${where}`,
    ...(actor === account ? [] : [`kubectl auth can-i --list ${asSubject(actor)}${where}`]),
    "# it must say no",
    `kubectl auth can-i create rolebindings -A ${asSubject(account)}`,
  ];
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
