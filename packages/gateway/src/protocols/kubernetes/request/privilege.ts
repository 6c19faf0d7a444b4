import { type Objection, neverGranted, notGranted } from "../../../gate/hints.ts";
import { nameMatches } from "./glob.ts";
import { judgeLabel, judgeNamespace } from "./namespace.ts";
import { partsOf } from "./pointer.ts";
import type { ResourceRequest } from "./read.ts";
import type { KubernetesScope } from "../scope.ts";

/** Types of secrets that hold what somebody keeps there; of the others some are filled with credentials by the cluster. */
const plainSecretTypes: ReadonlySet<string> = new Set([
  "Opaque",
  "kubernetes.io/basic-auth",
  "kubernetes.io/dockercfg",
  "kubernetes.io/dockerconfigjson",
  "kubernetes.io/ssh-auth",
  "kubernetes.io/tls",
]);
/** Annotations by which a secret asks for a service account's token (Kubernetes: "Service account token Secrets"). */
const tokenAnnotation = /^kubernetes\.io\/(?:service-account\.|enforce-mountable-secrets|legacy-token)/;

/** Annotations by which older clusters choose what confines a container. */
const profileAnnotation =
  /^(?:container\.apparmor\.security\.beta|(?:container\.)?seccomp\.security\.alpha)\.kubernetes\.io\//;
/** Types of SELinux that confine (Kubernetes: "Pod Security Standards", Baseline). */
const confiningTypes: ReadonlySet<unknown> = new Set([
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
]);

/** Members of an object, wherever they stand, that give its containers the node, or another container's rights. */
const ofTheNode: Readonly<Record<string, (value: unknown) => boolean>> = {
  allowPrivilegeEscalation: isSet,
  ephemeralContainers: (value) => !Array.isArray(value) || value.length > 0,
  hostIPC: isSet,
  hostNetwork: isSet,
  hostPID: isSet,
  hostPort: (value) => isSet(value) && value !== 0,
  hostPath: isSet,
  hostProcess: isSet,
  hostUsers: isSet,
  privileged: isSet,
  procMount: (value) => value !== "Default",
  serviceAccountToken: isSet,
  sysctls: (value) => !Array.isArray(value) || value.length > 0,
  clusterTrustBundle: isSet,
  podCertificate: isSet,
};

function isSet(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined;
}

/** A member with its name and value, as an object or a step of a patch says it. */
type Told = (name: string, value: unknown, inside: string | undefined) => Objection | undefined;

/** Every member in a value, told to `judge`; the first problem that it finds. */
function walk(value: unknown, judge: Told, inside?: string): Objection | undefined {
  if (Array.isArray(value)) {
    for (const each of value) {
      const problem = walk(each, judge, inside);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, each] of Object.entries(value)) {
    const problem = judge(name, each, inside) ?? walk(each, judge, name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** An entry whose value is a text, wherever it is moved among its like. */
const entry = /^(?:\/(?:binaryData|data|stringData)|(?:\/[^/]+)*\/metadata\/(?:annotations|labels))\/[^/]+$/;

/** The first problem with what a step of a JSON patch takes away. */
function judgeTaken(pointer: unknown): Objection | undefined {
  for (const part of partsOf(String(pointer))) {
    const problem = judgeLabel(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The members that a JSON patch sets (RFC 6902): the last part of a path is a member's name, those before it are around it. */
function walkPatch(steps: readonly unknown[], judge: Told): Objection | undefined {
  for (const step of steps) {
    const { op, path, from, value } = step as Record<string, unknown>;
    if (op === "test") continue;
    if (op === "remove" || op === "move") {
      const problem = judgeTaken(op === "remove" ? path : from);
      if (problem !== undefined) return problem;
    }
    if (op === "remove") continue;
    const parts = partsOf(String(path));
    if (op === "move" || op === "copy") {
      // What is moved is not known here, and what stood under a harmless name before means another thing under this one.
      if (!entry.test(String(from)) || !entry.test(String(path)))
        return notGranted("a patch moves and copies nothing but entries of data, annotations and labels");
      const problem = judge(parts.at(-1) ?? "", undefined, parts.at(-2));
      if (problem !== undefined) return problem;
      continue;
    }
    for (const [at, part] of parts.entries()) {
      const isLast = at === parts.length - 1;
      const problem = judge(part, isLast ? value : {}, parts[at - 1]);
      if (problem !== undefined) return problem;
    }
    const problem = walk(value, judge, parts.at(-1));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Why an object that is written mints or names a credential, or gives itself rights, that its scope does not: undefined when
 * it does neither. Whoever may write a workload runs what they like in it, with its namespace's configuration and secrets;
 * that it stays what it is, in its namespace, is what is judged here.
 * @param body an object, or a JSON patch's steps
 * @param isApply a server-side apply, which makes an object that is not there
 */
export function judgePrivilege(
  body: unknown,
  request: ResourceRequest,
  scope: KubernetesScope,
  isApply: boolean,
): Objection | undefined {
  const isSecret = request.resource === "secrets" && request.group === "";
  // A pod that is there says where it is, and stays there.
  const isPlaced =
    request.resource === "pods" && request.group === "" && request.verb !== "create" && !isApply;
  const isStorage = request.resource === "persistentvolumes" && request.group === "";
  const judge: Told = (name, value, inside) => {
    if (isSecret) {
      // Keys of a secret's content are anything.
      if (inside === "data" || inside === "stringData") return undefined;
      if (name === "type" && inside === undefined && !isPlainType(value))
        return neverGranted("a secret of this type holds a credential that the cluster gives out");
      if (tokenAnnotation.test(name)) return neverGranted("the secret asks for a service account's token");
      return undefined;
    }
    if (name === "serviceAccountName" || name === "serviceAccount") return judgeAccount(value, scope);
    const label = judgeLabel(name);
    if (label !== undefined) return label;
    if (
      profileAnnotation.test(name) &&
      value !== null &&
      (typeof value !== "string" || value === "unconfined")
    )
      return neverGranted("a profile's annotation: what confines a container is never taken away");
    if (inside === "data" || inside === "annotations" || inside === "labels") return undefined;
    if (isStorage && name === "local" && isSet(value))
      return neverGranted("local: a volume of the node's files is never written through a grant");
    if (inside === "capabilities" && name === "add" && !(Array.isArray(value) && value.length === 0))
      return neverGranted("capabilities are never added");
    if (
      name === "type" &&
      value === "Unconfined" &&
      (inside === "seccompProfile" || inside === "appArmorProfile")
    )
      return neverGranted(`${inside}: what confines a container is never taken away`);
    if (inside === "seLinuxOptions" && isSet(value) && !isConfining(name, value))
      return neverGranted("seLinuxOptions: what confines a container is never taken away");
    // Kubernetes: "Pod Security Standards", Host Probes: the node asks, from where it stands.
    if (name === "host" && (inside === "httpGet" || inside === "tcpSocket") && isSet(value) && value !== "")
      return neverGranted("host: a probe asks its own pod and nobody else");
    if (name === "nodeName" && inside === "spec" && !isPlaced && isSet(value) && value !== "")
      return neverGranted("nodeName: it places a pod on a node, past every rule of the scheduler");
    if (Object.hasOwn(ofTheNode, name) && ofTheNode[name]?.(value) === true)
      return neverGranted(`${name} gives a container more than its pod: it is never written through a grant`);
    return undefined;
  };
  const problem = Array.isArray(body) ? walkPatch(body, judge) : walk(body, judge);
  return problem ?? judgeNamespace(body, request, isApply);
}

/** A level alone is a container's own; a user or a role, and most types, are another's. */
function isConfining(name: string, value: unknown): boolean {
  if (name === "type") return confiningTypes.has(value);
  return name === "level" || value === "";
}

function isPlainType(value: unknown): boolean {
  if (typeof value !== "string") return value === null || value === undefined;
  const domain = value.split("/")[0] ?? "";
  return (
    value === "" ||
    plainSecretTypes.has(value) ||
    (value.includes("/") && !/(?:^|\.)(?:kubernetes|k8s)\.io$/i.test(domain))
  );
}

function judgeAccount(value: unknown, scope: KubernetesScope): Objection | undefined {
  if (value === null || value === "" || value === "default") return undefined;
  if (typeof value === "string" && scope.service_accounts.some((each) => nameMatches(each, value)))
    return undefined;
  return notGranted(`service account ${JSON.stringify(value).slice(0, 80)} is not granted`);
}
