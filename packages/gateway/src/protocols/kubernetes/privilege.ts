import { type Amiss, neverGranted, notGranted } from "../../gate/hints.ts";
import { nameMatches } from "./glob.ts";
import type { ResourceRequest } from "./request.ts";
import type { KubernetesScope } from "./scope.ts";

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
/** Labels of a namespace that say what its pods may do (Kubernetes: "Pod Security Admission"). */
const podSecurityLabel = /^pod-security\.kubernetes\.io\//;

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

/** Parts of a JSON pointer (RFC 6901), decoded. */
function partsOf(pointer: string): string[] {
  return pointer.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A member with its name and value, as an object or a step of a patch says it. */
type Told = (name: string, value: unknown, inside: string | undefined) => Amiss | undefined;

/** Every member in a value, told to `judge`; the first problem that it finds. */
function walk(value: unknown, judge: Told, inside?: string): Amiss | undefined {
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

/** The members that a JSON patch sets (RFC 6902): the last part of a path is a member's name, those before it are around it. */
function walkPatch(steps: readonly unknown[], judge: Told): Amiss | undefined {
  for (const step of steps) {
    const { op, path, from, value } = step as Record<string, unknown>;
    if (op === "remove" || op === "test") continue;
    const parts = partsOf(String(path)).slice(1);
    // Of what is moved the value is not known here.
    const moved = op === "move" || op === "copy" ? (partsOf(String(from)).at(-1) ?? "") : undefined;
    if (moved !== undefined) {
      const problem =
        judge(moved, undefined, undefined) ?? judge(parts.at(-1) ?? "", "(moved)", parts.at(-2));
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
 */
export function judgePrivilege(
  body: unknown,
  request: ResourceRequest,
  scope: KubernetesScope,
): Amiss | undefined {
  const isSecret = request.resource === "secrets" && request.group === "";
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
    if (podSecurityLabel.test(name))
      return neverGranted("what a namespace's pods may do is the operator's to say");
    if (inside === "data" || inside === "annotations" || inside === "labels") return undefined;
    if (inside === "capabilities" && name === "add" && !(Array.isArray(value) && value.length === 0))
      return neverGranted("capabilities are never added");
    if (
      name === "type" &&
      value === "Unconfined" &&
      (inside === "seccompProfile" || inside === "appArmorProfile")
    )
      return neverGranted(`${inside}: what confines a container is never taken away`);
    if (Object.hasOwn(ofTheNode, name) && ofTheNode[name]?.(value) === true)
      return neverGranted(`${name} gives a container more than its pod: it is never written through a grant`);
    return undefined;
  };
  return Array.isArray(body) ? walkPatch(body, judge) : walk(body, judge);
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

function judgeAccount(value: unknown, scope: KubernetesScope): Amiss | undefined {
  if (value === null || value === "" || value === "default") return undefined;
  if (typeof value === "string" && scope.service_accounts.some((each) => nameMatches(each, value)))
    return undefined;
  return notGranted(`service account ${JSON.stringify(value).slice(0, 80)} is not granted`);
}
