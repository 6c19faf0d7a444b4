/** Verbs by which an object is written. */
export const WRITING_VERBS: readonly string[] = ["create", "update", "patch"];

/** Verbs of RBAC's that give rights, or another identity (Kubernetes: "Restrictions on role creation or update"). */
export const neverVerbs: Readonly<Record<string, string>> = {
  "*": "every verb is never granted at once: name each",
  impersonate:
    "impersonate is never granted: the gateway alone says as whom it acts (impersonate: of the connection)",
  escalate: "escalate is never granted: it gives rights that outlive the grant",
  bind: "bind is never granted: it gives rights that outlive the grant",
  approve: "approve is never granted: it gives out credentials",
  sign: "sign is never granted: it gives out credentials",
  attest: "attest is never granted: it gives out credentials",
  use: "use is never granted: it lifts what a policy forbids",
  proxy: "proxy is never granted: it reaches whatever is served there",
};

/** Subresources that are never granted, of whatever resource, and why. */
const neverSubresources: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  proxy: ["it reaches whatever is served there", "grant a port by port_forward"],
  exec: ["a command is granted argument by argument", "grant it by exec"],
  attach: ["what runs in a container already can't be judged", "grant a command by exec"],
  portforward: ["a port is granted by its number", "grant it by port_forward"],
  ephemeralcontainers: [
    "it runs any program in a pod, and that pod's rights with it",
    "grant a command by exec",
  ],
  token: ["it gives out a credential that outlives the grant", "let the task's own tool use the grant"],
  approval: ["it gives out credentials", "a person approves certificates"],
  binding: ["it places a pod on a node, past every rule of the scheduler", "leave it to the scheduler"],
  console: ["what is typed there can't be judged", "grant a command by exec"],
  vnc: ["what is typed there can't be judged", "grant a command by exec"],
  finalize: ["it removes what still has to be cleaned up", "grant delete on the object"],
};

/** Resources that may be read, and never written: what is written there are rights, credentials, or a way to both. */
const neverWritten: Readonly<Record<string, string>> = {
  "roles.rbac.authorization.k8s.io": "it gives rights that outlive the grant",
  "clusterroles.rbac.authorization.k8s.io": "it gives rights that outlive the grant",
  "rolebindings.rbac.authorization.k8s.io": "it gives rights that outlive the grant",
  "clusterrolebindings.rbac.authorization.k8s.io": "it gives rights that outlive the grant",
  "roles.authorization.openshift.io": "it gives rights that outlive the grant",
  "clusterroles.authorization.openshift.io": "it gives rights that outlive the grant",
  "rolebindings.authorization.openshift.io": "it gives rights that outlive the grant",
  "clusterrolebindings.authorization.openshift.io": "it gives rights that outlive the grant",
  "rolebindingrestrictions.authorization.openshift.io": "it says who may be given rights",
  "securitycontextconstraints.security.openshift.io": "it says what pods may do",
  "podsecuritypolicies.policy": "it says what pods may do",
  "users.user.openshift.io": "it says who somebody is",
  "groups.user.openshift.io": "it gives rights that outlive the grant",
  "identities.user.openshift.io": "it says who somebody is",
  "useridentitymappings.user.openshift.io": "it says who somebody is",
  "oauthclients.oauth.openshift.io": "it is given credentials of those who sign in",
  "oauthaccesstokens.oauth.openshift.io": "it gives out a credential that outlives the grant",
  "oauthauthorizetokens.oauth.openshift.io": "it gives out a credential that outlives the grant",
  "machineconfigs.machineconfiguration.openshift.io": "it writes files and runs programs on nodes",
  "certificatesigningrequests.certificates.k8s.io": "it asks for a credential that outlives the grant",
  "podcertificaterequests.certificates.k8s.io": "it asks for a credential that outlives the grant",
  "clustertrustbundles.certificates.k8s.io": "it says whose certificates are believed",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io":
    "it sends every object to a server of its choice",
  "validatingwebhookconfigurations.admissionregistration.k8s.io":
    "it sends every object to a server of its choice",
  "mutatingadmissionpolicies.admissionregistration.k8s.io": "it changes what others write",
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io": "it changes what others write",
  "validatingadmissionpolicies.admissionregistration.k8s.io": "it lifts what the cluster forbids",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io": "it lifts what the cluster forbids",
  "apiservices.apiregistration.k8s.io": "it sends a part of the API to a server of its choice",
  "customresourcedefinitions.apiextensions.k8s.io": "it sends objects to a server of its choice",
  bindings: "it places a pod on a node, past every rule of the scheduler",
};

/** Why a scope cannot grant a resource, in words, with what to write instead. */
export function problemOfResource(
  name: string,
  verbs: readonly string[],
): { readonly message: string; readonly hint: string } | undefined {
  const [resource = "", subresource] = name.split("/");
  const never = Object.hasOwn(neverSubresources, subresource ?? "")
    ? neverSubresources[subresource ?? ""]
    : undefined;
  if (never !== undefined) return { message: `${name} is never granted: ${never[0]}`, hint: never[1] };
  const why = Object.hasOwn(neverWritten, resource) ? neverWritten[resource] : undefined;
  if (why === undefined || !verbs.some((verb) => WRITING_VERBS.includes(verb))) return undefined;
  return {
    message: `${name} is never written through a grant: ${why}`,
    hint: "grant get, list, watch or delete on it; what is written there is the operator's",
  };
}
